"""Take a title apart: what is done, to which things, on which platform, with which numbers, and whether it says no."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from okrbot.similar.fold import canonical, distance, fold, lexicon, parts, phrased
from okrbot.similar.sense import commonness, place, same_meaning

_STORY = re.compile(
    r"^\s*(?:as|als|en tant que?|en tant qu'|como|en qualite de)\s+(?:an?\s+|the\s+|ein\w*\s+|un[ea]?\s+|um[a]?\s+|een\s+)?(?P<role>[^,]{2,40}?),?\s+"
    r"(?:i|we|ich|wir|je|ik|quiero|quero|eu quero|wil ik|mochte ich|kann ich)\s+(?:can|want|would like|need|should be able|want to be able|wil|mochte|will|veux|quiero|quero)?\s*(?:to\s+|be able to\s+)*(?P<wish>.+)$"
)
_SO_THAT = re.compile(r"\b(?:so that|in order to|so i can|so we can|damit|um .{0,30} zu|afin (?:de|que)|para que|zodat)\b.*$")
_PREFIX = re.compile(r"^\s*(?:\[(?P<a>[^\]]{1,30})\]|\((?P<b>[^)]{1,30})\)|(?P<c>[\w+&/. ]{1,24}?)\s*(?::|\s[-–|»>]\s|\|))\s*(?=\S)")
_WORD = re.compile(r"\d+(?:[.,:/-]\d+)+\w*|[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_UNIT = re.compile(r"(\d)(mb|gb|kb|tb|ms|sec|s|min|mins|h|hrs|px|days?|d|w)\b")
_NUMBER = re.compile(r"^v?\d[\d.,:/-]*[a-z%]{0,3}$|^[a-z]{1,2}\d+$")
_NO = re.compile(
    r"\b(?:not|no|never|cannot|nothing|don't|dont|doesn't|won't|isn't|aren't|nicht|kein\w*|ne|pas|nunca|nao|niet|geen|neither|nor)\b"
)
# What a title is filed as, not what it is about: "[Feature Request]", "feat(ui):", "WIP:", "PAY-219", "v1.0 beta".
_FILED = (
    r"(?:(?:new|nice to have|feature|features|feat|enhancement|enhancements|improvement|request|requests|bug|bugs|bugfix|fix|hotfix|chore|wip|draft|rfc|"
    r"proposal|idea|suggestion|question|issue|issues|story|user story|epic|task|subtask|ticket|urgent|asap|todo|tbd|demande|evolution|anomalie|"
    r"fehler|wunsch|verbesserung|melhoria|mejora|erro|incidencia|verzoek|wens|regression|blocker|critical|p[0-4]|prio\s?\d|major|minor)\b[\s/&-]*)+"
)
_KEY = r"(?!(?:iso|sha|utf|cve|rfc|aes|tls|http|covid|h|e|x|b)-?\d)[a-z][a-z0-9]{1,9}-\d+"
_LABEL = re.compile(
    rf"^[^\w\[(]*(?:\[\s*(?:{_FILED}|v?\d[\w.-]*|{_KEY}|#\d+)\s*\]|\(\s*{_FILED}\)|{_FILED}(?:\([\w/ -]{{1,20}}\))?!?\s*[:|»>–-]+(?=\W*\w)"
    rf"|(?:feature|feat|bugfix|hotfix|fix|chore)/|{_KEY}\b\s*[:|–-]?|#\d+\s*[:|–-]?)\s*"
)
_TRACE = re.compile(r"\b(?=[0-9a-f-]*\d)(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|0x[0-9a-f]+|[0-9a-f]{12,}|\d{9,})\b(?:/\d+)?")
# A wish that something be not so; any other "not" tells of trouble ("images do not load").
_WISH_NO = re.compile(
    r"^(?:please )?(?:don't|dont|do not|no|never|stop|avoid|keine?n?|nicht|pas de|ne pas|nao|niet|geen) |\b(?:shouldn't|should not|must not|mustn't)\b"
)
_WITHOUT = re.compile(r"\b(?:without|ohne|sans|sin|sem|zonder) (?:an? |the )?(\w+)")
_WITH = re.compile(r"\b(?:with|mit|avec|con|com|met) (?:an? |the )?(\w+)")
_COUNTED = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A title as the verdict sees it. Words are ours (see lexicon.toml), in the order of the title."""

    plain: str
    text: str  # folded, without what the title is filed as
    words: tuple[str, ...]  # without stop words, numbers and platform prefix
    hefts: dict[str, float]  # how much each different word says about the thing
    rarities: dict[str, float]  # the same, less for words that are common in English
    places: dict[str, int]  # row of each word among the vectors (see sense.py)
    said: dict[str, str]  # each word as the title has it, folded
    acts: frozenset[str]  # which of the words are acts
    numbers: frozenset[str]
    platforms: frozenset[str]  # from the prefix or the text
    labelled: bool  # a prefix names the platform
    role: str  # who wants it, of a user story
    no: bool
    trouble: bool
    facets: frozenset[str]


def _split_prefix(text: str) -> tuple[str, str]:
    found = _PREFIX.match(text)
    if not found:
        return "", text
    prefix = found["a"] or found["b"] or found["c"] or ""
    return (prefix, text[found.end() :]) if len(prefix.split()) <= 3 else ("", text)


def _bare(text: str) -> str:
    """Return a folded title without what it is filed as, and without numbers that only a machine reads; the whole title if nothing else is left."""
    rest = _TRACE.sub(" ", text)
    while found := _LABEL.match(rest):
        rest = rest[found.end() :]
    return rest if len(rest.strip()) > 2 else text


@functools.lru_cache(maxsize=65_536)
def phrase(title: str) -> Phrase:
    """Return the parts of a title."""
    known = lexicon()
    plain = " ".join(fold(title).split())
    whole = text = _bare(plain)
    story = _STORY.match(text)
    role = ""
    if story:
        role, text = canonical(story["role"].split()[-1]), _SO_THAT.sub("", story["wish"])
    text = _UNIT.sub(r"\1 \2", phrased(text))
    prefix, rest = _split_prefix(text)
    labels = [canonical(word) for word in _WORD.findall(prefix)]
    if any(known.dimension.get(label) != "platform" and label not in {"app", "ui"} for label in labels):
        labels, rest = [], text  # "Checkout: …" is a subject, not a label
    words: list[str] = []
    places: dict[str, int] = {}
    said: dict[str, str] = {}
    numbers: set[str] = set()
    no = bool(_WISH_NO.search(rest.strip()))
    for raw in _WORD.findall(rest):
        token = _COUNTED.get(raw, raw)
        if _NUMBER.match(token) and token not in known.synonyms:
            numbers.add(re.sub(r"\.0$", "", token.lstrip("v").rstrip(".,:")) if token[:1] in "v0123456789" else token)
        elif token not in known.stop and len(token) > 1:
            before, mark, after = token.partition("'")
            word = after if mark and len(before) <= 2 else before
            if word not in known.stop and word not in {"don", "shouldn", "won", "not", "no"}:
                ours = parts(word)
                words.extend(ours)
                for own in ours:
                    said.setdefault(own, word)
                places.update((own, place(own, word if len(ours) == 1 else own)) for own in ours)
    hefts = {word: _heft(word) for word in words}
    platforms = {label for label in labels if known.dimension.get(label) == "platform"}
    platforms |= {word for word in words if known.dimension.get(word) == "platform"}
    return Phrase(
        plain=plain,
        text=whole.strip(),
        words=tuple(words),
        hefts=hefts,
        rarities={word: weight * (1.0 - 0.6 * commonness(places[word])) for word, weight in hefts.items()},
        places=places,
        said=said,
        acts=frozenset(word for word in words if word in lexicon().kinds["acts"]),
        numbers=frozenset(numbers),
        platforms=frozenset(platforms),
        labelled=bool(labels),
        role=role,
        no=no,
        trouble=bool(lexicon().kinds["trouble"].intersection(words)) or bool(not no and _NO.search(rest)),
        facets=frozenset(known.facet[word] for word in words if word in known.facet),
    )


@functools.lru_cache(maxsize=65_536)
def _heft(word: str) -> float:
    if act_neutral(word):
        return 0.35
    return 0.5 if word in lexicon().light or lexicon().dimension.get(word) == "role" else 1.0


def denied(a: Phrase, b: Phrase) -> bool:
    """Say whether one title has a thing with and the other without the same word."""
    if not _WITHOUT.search(a.plain) and not _WITHOUT.search(b.plain):
        return False
    return any(
        not set(_WITHOUT.findall(one.plain)).isdisjoint(_WITH.findall(other.plain)) for one, other in ((a, b), (b, a)) if " " in one.plain
    )


@functools.lru_cache(maxsize=65_536)
def alike(a: str, b: str) -> float:
    """Return how surely two different words of ours are one: 1 for a slip of the keyboard, less for a shared beginning."""
    known = lexicon()
    if (a, b) in known.opposites or (a in known.dimension and b in known.dimension):
        return 0.0
    if a in lexicon().kinds["trouble"] and b in lexicon().kinds["trouble"]:
        return 0.7
    if (a, b) in known.near:
        return 0.6
    if same_meaning(a, b):
        return 0.5 if is_known(a) and is_known(b) else 0.75
    if is_known(a) and is_known(b):
        return 0.0
    short = min(len(a), len(b))
    if short >= 4 and a.isalpha() and b.isalpha():
        allowed = 1 if short < 8 else 2
        if (
            (a[0] == b[0] or short >= 6)
            and distance(a, b, most=allowed) <= allowed
            and not (a in lexicon().kinds["alike"] and b in lexicon().kinds["alike"])
        ):
            return 0.9
        long, brief = (a, b) if len(a) >= len(b) else (b, a)
        if short >= 5 and (long.startswith(brief) or long.endswith(brief)):
            return 0.7
        begin = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), short)
        if begin >= max(5, 0.7 * len(long)):
            return 0.6
    return 0.0


@functools.cache
def near_acts(a: str, b: str) -> bool:
    """Say whether two acts are used for one another."""
    return any(a in line and b in line for line in lexicon().near_acts)


def act_neutral(word: str, shared: frozenset[str] = frozenset()) -> bool:
    """Say whether a title may leave this act out and mean the same: "Add wishlist" and "Wishlist", "Send SMS on delay" and "SMS on delay"."""
    if word in lexicon().kinds["neutral"]:
        return True
    if word in lexicon().kinds["sending"]:
        return not shared.isdisjoint(lexicon().kinds["sent"])
    if "speed" in shared and word in {"increase", "decrease", "improve", "fix"}:
        return True
    if word in {"translate", "l10n"}:
        return any(lexicon().dimension.get(other) == "country" for other in shared)
    return word == "save" and "wishlist" in shared


@functools.cache
def _ours() -> frozenset[str]:
    known = lexicon()
    return frozenset(known.synonyms.values()) | frozenset(known.dimension) | frozenset(known.phrases.values())


def is_known(word: str) -> bool:
    """Say whether the lexicon has this word of ours, so that another known word surely means something else."""
    return word in _ours()
