"""Find the same work in two backlogs: candidates, verdicts and clusters in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from okrbot.similar.fold import fold, lexicon
from okrbot.similar.judge import SAME, Verdict, verdict
from okrbot.similar.keys import candidates
from okrbot.similar.phrase import phrase

_TEMPLATE = 3  # a title that stands this often in one backlog is a form that is filled in, not a piece of work
_FAR = 0.35  # share of rare words in common below which hardly any pair is the same work
_CLOSE = 0.5  # share of rare words in common from which a pair goes to the verdict in any case
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
    templates = _templates(ordered)
    judged: list[tuple[float, int, int, Verdict]] = []
    for left, right, share in zip(found.left.tolist(), found.right.tolist(), found.score.tolist(), strict=True):
        a, b = ordered[left], ordered[right]
        if share < _FAR or (share < _CLOSE and not _worth_a_look(a, b)):
            continue
        said = verdict(a.title, b.title, body_a=a.body, body_b=b.body)
        if said.score < threshold:
            continue
        if left in templates and right in templates and not bodies_agree(a.body, b.body):
            continue
        judged.append((said.score, left, right, said))
    judged.sort(key=lambda one: (-one[0], one[1], one[2]))
    return _joined(ordered, judged)[:limit]


def _worth_a_look(a: Row, b: Row) -> bool:
    """Say whether two thirds of the words of the shorter title stand in the other: cheaper than a verdict, and rarely wrong."""
    mine, theirs = set(phrase(a.title).words), set(phrase(b.title).words)
    return 3 * len(mine & theirs) >= 2 * min(len(mine), len(theirs))


def bodies_agree(a: str, b: str) -> bool:
    """Say whether two descriptions are long enough to tell and mostly the same."""
    mine, theirs = ({word for word in fold(body).split() if len(word) > 3} for body in (a, b))
    return min(len(mine), len(theirs)) >= 6 and len(mine & theirs) / len(mine | theirs) >= _BODY_SAME


def _templates(rows: Sequence[Row]) -> set[int]:
    """Return the places of rows whose title is a form: often in one backlog, or without a word that says what it is about."""
    light = lexicon().light
    plain = [" ".join(fold(row.title).split()) for row in rows]
    often = Counter((row.group, row.backlog, title) for row, title in zip(rows, plain, strict=True))
    forms = {(group, title) for (group, _, title), times in often.items() if times >= _TEMPLATE}
    empty: dict[str, bool] = {}
    for title in plain:
        if title not in empty:
            words = phrase(title)
            empty[title] = not words.numbers and all(word in light or word in words.acts for word in words.words)
    return {at for at, (row, title) in enumerate(zip(rows, plain, strict=True)) if empty[title] or (row.group, title) in forms}


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
