"""Read a text once, word by word, and note which sections of lexicon/item_signals.txt its words belong to."""

from __future__ import annotations

import dataclasses
import functools
import re
from importlib import resources

_WORD = re.compile(r"[^\W_]+(?:[-'’/][^\W_]+)*")


@functools.cache
def _index() -> tuple[dict[str, tuple[tuple[tuple[str, ...], str], ...]], dict[str, tuple[tuple[str, str], ...]]]:
    """Return (first word -> ((further words, section), …) longest first, first four letters -> ((stem, section), …))."""
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    stems: dict[str, list[tuple[str, str]]] = {}
    section = ""
    text = resources.files("okrbot.wording").joinpath("lexicon/item_signals.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif not line.startswith("#"):
            for entry in line.split():
                if entry.endswith("*"):
                    stems.setdefault(entry[:4], []).append((entry[:-1], section))
                else:
                    first, *rest = entry.split("_")
                    phrases.setdefault(first, []).append((tuple(rest), section))
    return (
        {first: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for first, found in phrases.items()},
        {start: tuple(found) for start, found in stems.items()},
    )


@dataclasses.dataclass(slots=True)
class Reading:
    """One reading of a text: for each section the spans of its words, and which words stand where."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    found: dict[str, list[tuple[int, int]]]  # section -> (first word, last word)

    def span(self, section: str) -> str:
        first, last = self.found[section][0]
        return self.text[self.starts[first] : self.ends[last]]


def read_text(text: str) -> Reading:
    phrases, stems = _index()
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow when lowered; spans must still fit
        text = lower
    words, starts, ends = [], [], []
    for match in _WORD.finditer(lower):
        words.append(match.group().replace("’", "'"))
        starts.append(match.start())
        ends.append(match.end())
    found: dict[str, list[tuple[int, int]]] = {}
    for place, word in enumerate(words):
        for rest, section in phrases.get(word, ()):
            if not rest:
                found.setdefault(section, []).append((place, place))
            elif words[place + 1 : place + 1 + len(rest)] == list(rest):
                found.setdefault(section, []).append((place, place + len(rest)))
        for stem, section in stems.get(word[:4], ()):
            if word.startswith(stem):
                found.setdefault(section, []).append((place, place))
    return Reading(text, words, starts, ends, found)


@functools.cache
def phrases_of(section: str) -> frozenset[str]:
    """Return the single words of one section."""
    phrases, _ = _index()
    return frozenset(first for first, found in phrases.items() if any(not rest and name == section for rest, name in found))
