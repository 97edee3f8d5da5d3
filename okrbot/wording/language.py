"""Tell the language of a short text: by its small words, its letters and its endings; unsure is an answer."""

from __future__ import annotations

import functools
import re

from okrbot.wording import goal_lexicon

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

# Letters that belong to few languages: a letter is worth this much to each of them.
_LETTERS = {
    "ß": "de", "ä": "de sv fi", "ö": "de sv fi tr hu", "ü": "de tr hu",
    "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ç": "fr pt tr", "œ": "fr", "ê": "fr pt", "è": "fr it", "à": "fr it", "ù": "fr it", "ì": "it", "ò": "it",
    "ë": "nl", "ï": "nl fr", "á": "es pt cs hu", "í": "es pt cs hu", "ó": "es pl pt hu", "ú": "es pt", "é": "fr es pt cs hu", "â": "pt fr ro", "î": "fr ro", "ô": "fr pt",
    "å": "sv da no", "ø": "da no", "æ": "da no",
    "ł": "pl", "ą": "pl", "ę": "pl", "ż": "pl", "ź": "pl", "ś": "pl", "ć": "pl", "ń": "pl",
    "ř": "cs", "ů": "cs", "ě": "cs", "č": "cs", "š": "cs", "ž": "cs", "ý": "cs",
    "ğ": "tr", "ş": "tr", "ı": "tr", "ő": "hu", "ű": "hu", "ă": "ro", "ș": "ro", "ț": "ro",
    "đ": "vi", "ạ": "vi", "ế": "vi", "ộ": "vi", "ơ": "vi", "ư": "vi",
}  # fmt: skip
_ENDINGS = {
    "ung": "de", "ungen": "de", "keit": "de", "heit": "de", "schaft": "de", "lich": "de", "ieren": "de",
    "ción": "es", "ciones": "es", "dad": "es", "amos": "es", "ção": "pt", "ções": "pt", "dade": "pt", "mento": "pt it", "agem": "pt",
    "zione": "it", "zioni": "it", "ità": "it", "aggio": "it", "heid": "nl", "ijk": "nl", "lijk": "nl", "ijn": "nl", "eren": "nl de", "atie": "nl",
    "eur": "fr", "eux": "fr", "aux": "fr", "ité": "fr", "ement": "fr", "ości": "pl", "anie": "pl", "ować": "pl", "ning": "sv en", "ää": "fi", "inen": "fi",
    "lar": "tr", "ler": "tr", "ların": "tr", "lerin": "tr", "mak": "tr", "mek": "tr", "ing": "en", "ness": "en", "ity": "en", "ght": "en", "ly": "en", "ers": "en nl",
}  # fmt: skip
_SCRIPTS = (
    ("ru", 0x0400, 0x04FF), ("el", 0x0370, 0x03FF), ("ar", 0x0600, 0x06FF), ("he", 0x0590, 0x05FF), ("hi", 0x0900, 0x097F), ("th", 0x0E00, 0x0E7F),
    ("ko", 0xAC00, 0xD7AF), ("ja", 0x3040, 0x30FF), ("zh", 0x4E00, 0x9FFF),
)  # fmt: skip

_SURE = 1.0  # evidence below this is no evidence
_AHEAD = 1.15  # the best must be ahead of the next by this factor


@functools.cache
def _votes() -> dict[str, tuple[tuple[str, float], ...]]:
    """Return word -> ((language, weight), ...): a word of many languages says little, a content word less than a small one."""
    heard: dict[str, dict[str, float]] = {}
    for language in goal_lexicon.LANGUAGES:
        for name, words in goal_lexicon.sections(goal_lexicon.read(f"{language}.txt")):
            weight = 1.0 if name == "func" else 0.7
            for entry in words:
                word = entry.strip("*").lower()
                if "_" not in word and len(word) > 1 - (name == "func") and (name == "func" or "*" not in entry):
                    mine = heard.setdefault(word, {})
                    mine[language] = max(mine.get(language, 0.0), weight)
    for language, words in goal_lexicon.sections(goal_lexicon.read("languages.txt")):
        for word in words:
            heard.setdefault(word.lower(), {})[language] = 1.0
    return {word: tuple((language, weight / len(mine)) for language, weight in mine.items()) for word, mine in heard.items()}


def _script(text: str) -> str:
    counts: dict[str, int] = {}
    letters = 0
    for character in text:
        if character.isalpha():
            letters += 1
            code = ord(character)
            if code >= 0x0370:
                for language, first, last in _SCRIPTS:
                    if first <= code <= last:
                        counts[language] = counts.get(language, 0) + 1
                        break
    if not counts or sum(counts.values()) * 3 < letters:
        return ""
    if "ja" in counts:
        return "ja"
    return max(counts, key=lambda language: counts[language])


def detect(text: str) -> str:
    """Return the ISO code of the language of `text`, or "" when unsure.

    Knows the judge's own six languages and enough others (Italian, Polish, Swedish, Turkish, Japanese, …) not to take
    them for one of the six. A text of names and numbers only is "".
    """
    if not text.isascii():
        script = _script(text)
        if script:
            return script
    votes = _votes()
    score: dict[str, float] = {}
    for word in _WORD.findall(text.lower()):
        lonely = 0.3 if len(word) == 1 and word.isascii() else 1.0  # the S of S/4HANA is no Czech
        for language, weight in _about(word, votes):
            score[language] = score.get(language, 0.0) + weight * lonely
    if not score:
        return ""
    ranked = sorted(score.items(), key=lambda pair: -pair[1])
    best, value = ranked[0]
    if value < _SURE * 0.5 or (len(ranked) > 1 and value < ranked[1][1] * _AHEAD):
        return ""
    return best


def _about(word: str, votes: dict[str, tuple[tuple[str, float], ...]]) -> list[tuple[str, float]]:
    found = list(votes.get(word, ()))
    if not found and "'" in word.replace("’", "'") and word[:2] in ("l'", "d'", "l’", "d’", "qu", "n'", "s'"):
        found = [("fr", 0.7)]
    if not word.isascii():
        for character in word:
            for language in _LETTERS.get(character, "").split():
                found.append((language, 0.35))
    if len(word) > 5:
        for length in (5, 4, 3, 2):
            ending = _ENDINGS.get(word[-length:])
            if ending:
                found.extend((language, 0.3) for language in ending.split())
                break
    return found
