"""Take a title apart: what is done, to which things, on which platform, with which numbers, and whether it says no."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from okrbot.similar.fold import canonical, fold, lexicon, parts, phrased

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
# A wish that something be not so; any other "not" tells of trouble ("images do not load").
_WISH_NO = re.compile(
    r"^(?:please )?(?:don't|dont|do not|no|never|stop|avoid|keine?n?|nicht|pas de|ne pas|nao|niet|geen) |\b(?:shouldn't|should not|must not|without|ohne|sans|sin|sem|zonder)\b"
)
_COUNTED = dict(zip("one two three four five six seven eight nine ten".split(), map(str, range(1, 11)), strict=True))
_ACTS = frozenset(
    "add fix remove update edit improve investigate migrate refactor upgrade redesign rename replace enable disable show hide allow prevent deploy validate monitor "
    "increase decrease send search filter sort test document review export import upload download save share print cancel notify remind automate integrate setup "
    "translate select schedule start archive approve assign invite reset encrypt retry deprecate customize merge split sync support unlock lock publish unpublish".split()
)
_NEUTRAL = frozenset(
    "add setup support allow update fix improve integrate enable show monitor automate".split()
)  # acts a noun title leaves out
TROUBLE = frozenset("fail notworking cannot missing stuck fix flaky".split())


@dataclass(frozen=True, slots=True)
class Phrase:
    """A title as the verdict sees it. Words are ours (see lexicon.toml), in the order of the title."""

    plain: str
    words: tuple[str, ...]  # without stop words, numbers and platform prefix
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


@functools.lru_cache(maxsize=65_536)
def phrase(title: str) -> Phrase:
    """Return the parts of a title."""
    known = lexicon()
    plain = " ".join(fold(title).split())
    text = plain
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
                words.extend(parts(word))
    platforms = {label for label in labels if known.dimension.get(label) == "platform"}
    platforms |= {word for word in words if known.dimension.get(word) == "platform"}
    return Phrase(
        plain=plain,
        words=tuple(words),
        acts=frozenset(word for word in words if word in _ACTS),
        numbers=frozenset(numbers),
        platforms=frozenset(platforms),
        labelled=bool(labels),
        role=role,
        no=no,
        trouble=bool(TROUBLE.intersection(words)) or bool(not no and _NO.search(rest)),
        facets=frozenset(known.facet[word] for word in words if word in known.facet),
    )


def distance(a: str, b: str, *, most: int) -> int:
    """Return the edits (a letter added, lost, changed, or two swapped) from `a` to `b`, or `most` + 1 when more are needed."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]


@functools.lru_cache(maxsize=65_536)
def alike(a: str, b: str) -> float:
    """Return how surely two different words of ours are one: 1 for a slip of the keyboard, less for a shared beginning."""
    known = lexicon()
    if (a, b) in known.opposites or (a in known.dimension and b in known.dimension):
        return 0.0
    if a in TROUBLE and b in TROUBLE:
        return 0.7
    if (a, b) in known.near:
        return 0.6
    if is_known(a) and is_known(b):
        return 0.0
    short = min(len(a), len(b))
    if short >= 4 and a.isalpha() and b.isalpha():
        allowed = 1 if short < 8 else 2
        if (a[0] == b[0] or short >= 6) and distance(a, b, most=allowed) <= allowed and not (a in _COMMON_NEAR and b in _COMMON_NEAR):
            return 0.9
        long, brief = (a, b) if len(a) >= len(b) else (b, a)
        if short >= 5 and (long.startswith(brief) or long.endswith(brief)):
            return 0.7
        begin = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), short)
        if begin >= max(5, 0.7 * len(long)):
            return 0.6
    return 0.0


_COMMON_NEAR = frozenset(
    "form from port sort sport part cart card chart cast cost host post past rate date data gate late name game mail main male sale scale state plate plan place role rule file filter".split()
)


UNDOING = frozenset(
    "remove disable hide prevent cancel archive deprecate decrease unsubscribe replace lock reset restore migrate rename".split()
)

# Acts that people use for one another; each is near the others on its line, not the same.
_NEAR = tuple(
    frozenset(line.split())
    for line in (
        "add integrate support setup allow show see have automate",
        "enable allow",
        "send notify remind",
        "update improve redesign edit",
        "improve redesign refactor",
        "update rename",
        "remove replace",
        "remove deprecate",
        "fix improve validate prevent",
        "notify remind warn",
        "upgrade update migrate replace",
        "deploy start setup publish",
        "import sync integrate",
        "save add",
        "review test",
        "restore retry reset",
        "search see",
    )
)


@functools.cache
def near_acts(a: str, b: str) -> bool:
    """Say whether two acts are used for one another."""
    return any(a in line and b in line for line in _NEAR)


_SENDING = frozenset("send notify remind warn".split())
_SENT = frozenset("mail sms notify remind pushnotify message webhook newsletter invoice digest warn alert".split())


def act_neutral(word: str, shared: frozenset[str] = frozenset()) -> bool:
    """Say whether a title may leave this act out and mean the same: "Add wishlist" and "Wishlist", "Send SMS on delay" and "SMS on delay"."""
    if word in _NEUTRAL:
        return True
    if word in _SENDING:
        return not shared.isdisjoint(_SENT)
    if word == "translate":
        return any(lexicon().dimension.get(other) == "country" for other in shared)
    return word == "save" and "wishlist" in shared


@functools.cache
def _ours() -> frozenset[str]:
    known = lexicon()
    return frozenset(known.synonyms.values()) | frozenset(known.dimension) | frozenset(known.phrases.values())


def is_known(word: str) -> bool:
    """Say whether the lexicon has this word of ours, so that another known word surely means something else."""
    return word in _ours()
