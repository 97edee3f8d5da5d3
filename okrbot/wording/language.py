"""Tell the language of a short text: by its small words, by the letters in a row that its words are made of; unsure is an answer."""

from __future__ import annotations

import functools
import math
import re

from okrbot.wording import goal_lexicon

_WORD = re.compile(r"[^\W\d_]+")
_OWN = goal_lexicon.LANGUAGES
_SCRIPTS = (
    ("ru", 0x0400, 0x04FF),
    ("el", 0x0370, 0x03FF),
    ("ar", 0x0600, 0x06FF),
    ("he", 0x0590, 0x05FF),
    ("hi", 0x0900, 0x097F),
    ("th", 0x0E00, 0x0E7F),
    ("ko", 0xAC00, 0xD7AF),
    ("ja", 0x3040, 0x30FF),
    ("zh", 0x4E00, 0x9FFF),
)
# Letters that a language does not use, so that their absence in a short word list is no chance.
_FOREIGN_LETTERS = frozenset("łąężźśćńřůěčšžýåøæğşıőűășțđạếộơưảấầậắặẵẻẽềểệỉịọỏốồổớờởợụủứừửữựỳỵỷỹ")
_SMOOTHING = 0.3
_MOST_A_WORD = 5.0  # one odd word must not outvote a sentence
_FOREIGN_MARGIN = 3.0  # natural-log units by which another language must be ahead of the six
_MARGIN = 0.7  # and the best of the six ahead of the next
_ENGLISH_AHEAD = 1.5  # jargon is English in every language, and most goals are English
_ENGLISH_WORD = 1.5  # a common word of English that no other language's list has
_STEM = 5  # letters from which a word may be a form of a listed stem
_INFLECTED = 1.0
_SHORT = 4  # words
_SHORT_MARGIN = 9.0
_UNHEARD_MARGIN = 7.0
_MOST_REMEMBERED = 50_000


class _Sounds:
    """How likely each language is to use a word, from the letters in a row in its word list."""

    __slots__ = ("_counts", "_lift", "_remembered", "_totals", "_words", "languages")

    def __init__(self) -> None:
        lists = _word_lists()
        self.languages = tuple(lists)
        self._counts: dict[str, list[float]] = {}
        self._words: dict[str, list[float]] = {}
        self._totals = [0.0] * len(lists)
        self._lift: dict[str, tuple[float, ...]] = {}
        self._remembered: dict[str, tuple[float, ...]] = {}
        for place, words in enumerate(lists.values()):
            for word, weight in words.items():
                whole = not word.endswith("*")
                for gram in _grams(word.rstrip("*"), ended=whole):
                    self._counts.setdefault(gram, [0.0] * len(lists))[place] += weight
                    self._totals[place] += weight
                if whole:
                    self._words.setdefault(word, [0.0] * len(lists))[place] += weight

    def of(self, word: str) -> tuple[float, ...]:
        """Return one number a language, 0 for the likeliest and less for the others, never under -_MOST_A_WORD."""
        known = self._remembered.get(word)
        if known is not None:
            return known
        scores = [0.0] * len(self.languages)
        for gram in _grams(word, ended=True):
            lift = self._lift.get(gram)
            if lift is None:
                lift = self._lift[gram] = self._weigh(gram)
            if lift:
                scores = [score + more for score, more in zip(scores, lift, strict=True)]
        listed = self._words.get(word)
        if listed is not None:
            for place, weight in enumerate(listed):
                scores[place] += 2.0 + weight if weight else 0.0
        elif len(word) >= _STEM:
            for place, language in enumerate(self.languages):
                if language in _OWN and goal_lexicon.lexicon(language).bits(word):
                    scores[place] += 2.0 + _INFLECTED  # a form of a listed word
        top = max(scores)
        heavy = min(1.0, (len(word) + 1) / 4) if listed is None else 1.0
        found = tuple(max(score - top, -_MOST_A_WORD) * heavy for score in scores)
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[word] = found
        return found

    def lists(self, language: str, word: str) -> bool:
        """Return whether a word stands in the list of a language."""
        listed = self._words.get(word)
        return listed is not None and listed[self.languages.index(language)] > 0

    def only_english(self, word: str) -> bool:
        """Return whether a word is common in English and in no other language's list: short titles have little else to tell them by."""
        if len(word) < 4 or word not in goal_lexicon.clusters():
            return False
        listed = self._words.get(word)
        return listed is None or not any(weight for language, weight in zip(self.languages, listed, strict=True) if language != "en")

    def _weigh(self, gram: str) -> tuple[float, ...]:
        row = self._counts.get(gram)
        if row is None:
            return ()
        return tuple(
            math.log((count + _SMOOTHING) / (total + 2000 * _SMOOTHING)) / 2 for count, total in zip(row, self._totals, strict=True)
        )


def _grams(word: str, *, ended: bool) -> list[str]:
    framed = f"^{word}$" if ended else f"^{word}"
    return [framed[at : at + size] for size in (2, 3, 4) for at in range(len(framed) - size + 1)]


def _word_lists() -> dict[str, dict[str, float]]:
    lists: dict[str, dict[str, float]] = {language: {} for language in _OWN}
    for language in _OWN:
        for name, words in goal_lexicon.sections(goal_lexicon.read(f"{language}.txt")):
            for entry in words:
                for word in re.split(r"[_'’]", entry.lstrip("*").lower()):
                    if len(word.rstrip("*")) > 1 or name == "func":
                        lists[language][word] = max(lists[language].get(word, 0.0), 3.0 if name == "func" else 1.0)
    for name, weight in (("heard.txt", 1.0), ("languages.txt", 1.5)):
        for language, words in goal_lexicon.sections(goal_lexicon.read(name)):
            mine = lists.setdefault(language, {})
            for word in words:
                mine.setdefault(word.lower(), weight)
    return lists


@functools.cache
def _sounds() -> _Sounds:
    return _Sounds()


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


def scores(text: str) -> dict[str, float]:
    """Return how well each language fits the words of `text`: 0 is perfect, the nearer the better. Latin script only."""
    sounds = _sounds()
    english = sounds.languages.index("en")
    total = [0.0] * len(sounds.languages)
    for raw in _WORD.findall(text):
        word = raw.lower()
        if (raw.isupper() and len(raw) > 1) or (len(raw) == 1 and raw in "kKxXyYzZnNmMsS"):
            continue  # NPS, MRR and 40k speak no language
        if word.isascii() and sounds.only_english(word):
            total[english] += _ENGLISH_WORD  # jargon stands in goals of every language and speaks against none
            continue
        for place, score in enumerate(sounds.of(word)):
            total[place] += score
    return dict(zip(sounds.languages, total, strict=True))


def _small(word: str) -> bool:
    return len(word) < 3


def likely(text: str) -> tuple[str, float]:
    """Return the best guess at the language of `text` and how far it is ahead (natural-log units).

    Another language than the six must be well ahead of them; otherwise the best of the six is the guess, English when
    nothing speaks at all.
    """
    if not text.isascii():
        script = _script(text)
        if script:
            return script, 10.0
    found = scores(text)
    found["en"] += _ENGLISH_AHEAD
    own = sorted(_OWN, key=lambda language: -found[language])
    best, second = own[0], own[1]
    other = max((language for language in found if language not in _OWN), key=lambda language: found[language])
    sounds = _sounds()
    margin = 0.8 if _FOREIGN_LETTERS.intersection(text.lower()) else _FOREIGN_MARGIN
    words = _WORD.findall(text[:80].lower()) if margin == _FOREIGN_MARGIN else []
    if 0 < len(words) <= _SHORT and (
        any(map(sounds.only_english, words)) or goal_lexicon.clusters().keys() >= {*words} - {*filter(_small, words)}
    ):
        margin = _SHORT_MARGIN  # a few letters in a row are thin evidence against a plain English word
    elif words and not any(sounds.lists(other, word) for word in words):
        margin = _UNHEARD_MARGIN  # and against any language as long as no word of the other is known
    if found[other] > found[best] + margin:
        return other, found[other] - found[best]
    return best, found[best] - found[second]


def detect(text: str) -> str:
    """Return the ISO code of the language of `text`, or "" when unsure.

    Knows the judge's own six languages and enough others (Italian, Polish, Swedish, Turkish, Japanese, …) not to take
    them for one of the six. A text of names and numbers only is "".
    """
    language, ahead = likely(text)
    return language if ahead >= _MARGIN and not (language == "en" and ahead <= _ENGLISH_AHEAD) else ""
