"""Say what is known about an item's title as named features, the same for training and for judging."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from importlib import resources

from okrbot.wording.item_text import ItemText

_PASS = frozenset(
    "please the a an to we i need should must want der die das den dem ein eine einen bitte zu zum zur le la les l' un une des de du merci el los las una unos por favor o os as um uma het een te om".split()  # noqa: SIM905
)
_HEADS = (
    "make",
    "change",
    "upkeep",
    "fix",
    "learn",
    "want",
    "person",
    "fail",
    "cannot",
    "not",
    "pain",
    "uipart",
    "updocs",
    "uptests",
    "upbuild",
    "updeps",
    "upcode",
)


@functools.cache
def lexicon() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return (word or phrase joined by "_" -> heads, stem -> heads) from lexicon/item_words.txt."""
    words: dict[str, list[str]] = {}
    stems: dict[str, list[str]] = {}
    head = ""
    text = resources.files("okrbot.wording").joinpath("lexicon/item_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("["):
            head = line.strip("[] ")
            continue
        for word in line.split():
            table, name = (stems, word[:-1]) if word.endswith("*") else (words, word)
            mine = table.setdefault(name, [])
            if head not in mine:
                mine.append(head)
    return {word: tuple(heads) for word, heads in words.items()}, {stem: tuple(heads) for stem, heads in stems.items()}


@functools.lru_cache(maxsize=16384)
def heads_of(word: str) -> tuple[str, ...]:
    """Return the heads under which the lexicon has a word, a phrase joined by "_", or the stem of a word."""
    words, stems = lexicon()
    found = words.get(word)
    if found is None and len(word) > 4 and "_" not in word:
        found = next((stems[word[:length]] for length in range(min(len(word), 12), 3, -1) if word[:length] in stems), None)
        if found is None and word.endswith(("exception", "error")):
            found = ("fail",)
        if found is None and len(word) > 8 and "-" not in word:  # the last part of a German or Dutch compound says what it is
            found = next((words[word[cut:]] for cut in range(3, len(word) - 4) if word[cut:] in words), None)
        if found is None and "-" in word:
            parts = [heads_of(part) for part in word.split("-")]
            found = tuple(dict.fromkeys(head for part in parts for head in part))
    return found or ()


def features(item: ItemText) -> list[str]:
    """Return the features of a title: words, pairs, word stems, lexicon heads by place, and shapes."""
    words = item.words
    found = ["shape:" + shape for shape in item.shapes]
    found += ["tag:" + kind for kind in item.kinds]
    found += ["tw=" + tag for tag in item.tags]
    start = next((place for place, word in enumerate(words) if word not in _PASS), 0)
    seen: dict[str, None] = {}
    for place, word in enumerate(words):
        if len(word) > 1 or word.isalpha():
            found.append("w=" + word)
        if len(word) > 4:
            found.append("p=" + word[:5])
            found.append("e=" + word[-3:])
            found += _pieces(word)
        for head in _at(words, place):
            seen[head] = None
            if place == start:
                found.append("h:" + head)
            elif place <= start + 3:
                found.append("n:" + head)
    if any("finite" in heads_of(word) for word in words[start + 1 :]):
        found.append("clause")
        found.append("clause:person" if any("person" in heads_of(word) for word in words[: start + 2]) else "clause:thing")
    found += ["b=" + before + " " + after for before, after in itertools.pairwise(words)]
    heads: tuple[str, ...] = ()
    if words:
        first = words[start]
        heads = tuple(dict.fromkeys(_at(words, start)))
        found += ["h=" + first, "he=" + first[-3:], "hp=" + first[:4]]
        if len(words) > start + 1:
            found.append("s=" + words[start + 1])
    if not heads:
        found.append("h:none")
        heads = ("none",)
    found += list(_joined(heads, tuple(seen), item.shapes))
    return found


@functools.lru_cache(maxsize=16384)
def _pieces(word: str) -> tuple[str, ...]:
    """Return the runs of four and five letters of a word and its edges: how unknown words resemble known ones."""
    edged = "^" + word[:20] + "$"
    return tuple("g=" + edged[at : at + size] for size in (4, 5) for at in range(len(edged) - size + 1))


def _at(words: tuple[str, ...], place: int) -> tuple[str, ...]:
    heads = heads_of(words[place])
    if place + 1 < len(words):
        pair = words[place] + "_" + words[place + 1]
        heads += heads_of(pair)
        if place + 2 < len(words):
            heads += heads_of(pair + "_" + words[place + 2])
    return heads


def _joined(heads: tuple[str, ...], seen: tuple[str, ...], shapes: tuple[str, ...]) -> Iterator[str]:
    ordered = sorted(seen)
    upkeep = any(head in seen for head in ("uptests", "upbuild", "updeps", "updocs", "upcode"))
    for head in ordered:
        yield "t:" + head
    for first in heads:
        for other in ordered:
            yield f"x:{first}:{other}"
        if upkeep:
            yield f"x:{first}:tech"
        for shape in shapes:
            yield f"x:{first}:{shape}"
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            yield f"c:{one}:{other}"
    if not upkeep:
        yield "t:notech"
