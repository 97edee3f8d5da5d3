"""Find the same work in two backlogs: candidates, verdicts and clusters in one go."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from okrbot.similar.fold import fold, lexicon
from okrbot.similar.judge import SAME, Verdict, verdict_of
from okrbot.similar.keys import candidates
from okrbot.similar.phrase import Phrase, phrase

_TEMPLATE = 3  # a title that stands this often in one backlog is a form that is filled in, not a piece of work
_FAR = 0.45  # share of rare words in common below which hardly any pair is the same work
_ENOUGH = 0.85  # share of rare words in common from which the verdict stands as it is
_PATIENCE = 20_000  # far pairs that are judged without further ado
_DOUBT, _DOUBT_READ = 8.0, 4.0  # log-odds a pair loses for a share lower by one: by its words alone, and read as a whole
_CLOSE = 0.65  # share of rare words in common from which a pair goes to the verdict in any case
_READ = 1_500  # pairs in doubt that are read as a whole
_LEAST, _MOST_SURE = 0.01, 0.995  # between these scores the words leave a doubt
_MOST = 0.6  # share of the shorter title's words that stand in the other, for the pairs in between
_BODY_SAME = 0.6  # share of the words of two descriptions from which forms count as the same work


class Row(NamedTuple):
    """An item as the search for twins needs it. `group` is its product; only backlogs of one group are compared."""

    id: str
    group: str
    backlog: str
    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two items that are probably the same work; `cluster` is the id of the first item of all that belong together."""

    a: str
    b: str
    score: float
    because: tuple[str, ...]
    cluster: str


def twins(
    rows: Iterable[Row | tuple[str, str, str, str, str]], *, threshold: float = SAME, limit: int | None = None, across: bool = True
) -> list[Twin]:
    """Return the pairs of `rows` that are the same work by a score of at least `threshold`, likeliest first.

    A cluster of n items gives n-1 pairs. Only pairs between two backlogs of one group count, unless `across` is false.
    Titles that are templates ("Code review", or repeated within a backlog) need descriptions that agree. At most `limit`
    pairs are returned. The same rows in another order give the same pairs.
    """
    ordered = sorted((Row(*row) for row in rows), key=lambda row: (row.group, row.backlog, row.id))
    titles = [row.title for row in ordered]
    found = candidates(
        titles, groups=[row.group for row in ordered], partitions=[row.backlog for row in ordered] if across else None, most=4
    )
    taken: dict[str, Phrase] = {}
    judged: list[tuple[float, int, int, Verdict, float]] = []
    near = found.score >= _CLOSE
    for least in (_FAR, _FAR + 0.1):  # of many far pairs only the nearer ones are worth a verdict each: one in a hundred is the same work
        far = (found.score >= least) & (found.covered >= _MOST) & ~near
        if np.count_nonzero(far) <= _PATIENCE:
            break
    near |= far
    for left, right, share in zip(found.left[near].tolist(), found.right[near].tolist(), found.score[near].tolist(), strict=True):
        a, b = ordered[left], ordered[right]
        one, other = _apart(a.title, taken), _apart(b.title, taken)
        if one.numbers - other.numbers and other.numbers - one.numbers:
            continue
        said = verdict_of(one, other, body_a=a.body, body_b=b.body, read=False)
        judged.append((tempered(said.score, share), left, right, said, share))
    kept = _less_forms(ordered, _read(ordered, judged, taken, threshold), taken)
    kept.sort(key=lambda one: (-one[0], one[1], one[2]))
    return _joined(ordered, kept)[:limit]


def _read(
    rows: Sequence[Row], judged: list[tuple[float, int, int, Verdict, float]], taken: dict[str, Phrase], threshold: float
) -> list[tuple[float, int, int, Verdict]]:
    """Read the likeliest pairs of those that words leave in doubt, and return the pairs of at least `threshold`."""
    judged.sort(key=lambda one: (-one[0], one[1], one[2]))
    kept: list[tuple[float, int, int, Verdict]] = []
    read = 0
    for score, left, right, said, share in judged:
        if read < _READ and _LEAST < said.score < _MOST_SURE:
            read += 1
            a, b = rows[left], rows[right]
            said = verdict_of(_apart(a.title, taken), _apart(b.title, taken), body_a=a.body, body_b=b.body)
            score = tempered(said.score, share, doubt=_DOUBT_READ)
        if score >= threshold:
            kept.append((score, left, right, said))
    return kept


def tempered(score: float, share: float, doubt: float = _DOUBT) -> float:
    """Return the score of a pair that was looked for among all pairs of a backlog, where most pairs are not the same work.

    `share` is the weighted share of words in common, rare words of this very backlog weighing more; what it lacks to
    `_ENOUGH` is taken from the score's log-odds, `doubt` times. Measured in bench/similar.py on titles with planted copies.
    """
    odds = math.log(max(score, 1e-6) / max(1 - score, 1e-6)) - doubt * max(0.0, _ENOUGH - share)
    return round(1 / (1 + math.exp(-odds)), 4)


def _apart(title: str, taken: dict[str, Phrase]) -> Phrase:
    """Return the parts of a title, taken apart once."""
    known = taken.get(title)
    if known is None:
        known = taken[title] = phrase(title)
    return known


def bodies_agree(a: str, b: str) -> bool:
    """Say whether two descriptions are long enough to tell and mostly the same."""
    mine, theirs = ({word for word in fold(body).split() if len(word) > 3} for body in (a, b))
    return min(len(mine), len(theirs)) >= 6 and len(mine & theirs) / len(mine | theirs) >= _BODY_SAME


def _less_forms(
    rows: Sequence[Row], judged: list[tuple[float, int, int, Verdict]], taken: dict[str, Phrase]
) -> list[tuple[float, int, int, Verdict]]:
    """Drop the pairs of two titles that are forms (often in one backlog, or without a word that says what it is about) unless their bodies agree."""
    light = lexicon().light
    often = Counter((row.group, row.backlog, row.title) for row in rows)
    filled: Counter[tuple[str, str, str]] = Counter()
    for (group, backlog, title), times in often.items():
        filled[group, backlog, " ".join(fold(title).split())] += times
    forms = {(group, title) for (group, _, title), times in filled.items() if times >= _TEMPLATE}

    def is_form(row: Row) -> bool:
        words = _apart(row.title, taken)
        return (row.group, words.plain) in forms or (not words.numbers and all(word in light or word in words.acts for word in words.words))

    return [
        one for one in judged if not (is_form(rows[one[1]]) and is_form(rows[one[2]])) or bodies_agree(rows[one[1]].body, rows[one[2]].body)
    ]


def _joined(rows: Sequence[Row], judged: Sequence[tuple[float, int, int, Verdict]]) -> list[Twin]:
    """Keep the pairs that join two clusters, likeliest first (Kruskal), and name each cluster by its first item."""
    above = list(range(len(rows)))

    def top(at: int) -> int:
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    kept = []
    for score, left, right, said in judged:
        one, two = top(left), top(right)
        if one != two:
            above[max(one, two)] = min(one, two)
            kept.append((score, left, right, said))
    return [Twin(rows[left].id, rows[right].id, score, said.because, rows[top(left)].id) for score, left, right, said in kept]
