"""Find which titles might be the same work, for a million titles, without comparing each with each.

A title is a set of words in our vocabulary (`tokens`). Titles meet when they share a key: the whole set, the set less one
word, or two of their rarest words. A key that too many titles share is made narrower by a third word; what is still
too common is a template, and there only neighbours meet. So the pairs grow with the titles, never with their square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from okrbot.similar.tokens import Hashes, Ints, Words, distinct, mix, read

_CROWD = 12  # titles that share a key before it counts as a crowd
_NEIGHBOURS = 2  # how many of its followers a title meets within a crowd
_RARE = 5  # rarest words of a title that make keys of two
_WIDE = 10  # words of a title that are compared
_LEAST = 0.3  # weighted share of words in common, below which a pair is dropped
_PART = 4_000_000  # pairs looked at in one go: bounds memory
_SLICE = 16_000  # pairs compared at a time: they fit a processor's cache


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of rows, `left < right`, in order.

    `score` is the share of common words, 0..1, rare words weighing more; `covered` the share of the shorter title's words that stand in the other.
    """

    left: Ints
    right: Ints
    score: NDArray[np.float32]
    covered: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.left.size)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.left.tolist(), self.right.tolist(), strict=True)


def codes(names: Sequence[str] | None, size: int, *, apart: bool = False) -> Ints:
    """Return a number for each name; without names all are one, or each its own when `apart`."""
    if names is None:
        return np.arange(size) if apart else np.zeros(size, dtype=np.int64)
    if len(names) != size:
        raise ValueError(f"{len(names)} names for {size} titles")
    numbers: dict[str, int] = {}
    return np.fromiter((numbers.setdefault(name, len(numbers)) for name in names), dtype=np.int64, count=size)


def candidates(
    titles: Sequence[str], *, groups: Sequence[str] | None = None, partitions: Sequence[str] | None = None, most: int = 6
) -> Candidates:
    """Return pairs of titles that may be the same work.

    `groups` (products) keep titles apart; `partitions` (backlogs) are the ones a pair must straddle, and without them any
    two titles of a group may pair. A title pairs with its `most` likeliest others. A crowd of titles with the same words
    is joined by n-1 pairs, not by all. The order does not depend on anything but the input.
    """
    group, part = codes(groups, len(titles)), codes(partitions, len(titles), apart=True)
    words = read(titles)
    if not words.row.size:
        return Candidates(words.row, words.row, np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))
    sizes = np.diff(words.first)
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(mix(words.word, salt=1), dtype=np.uint64)])
    whole = running[words.first[1:]] - running[words.first[:-1]] + mix(group, salt=2)
    speaking = np.flatnonzero(sizes > 0)
    sets = _Sets(whole[speaking], speaking, part)
    within = distinct(sets.within())
    met, share, covered = _scored(words, _meetings(words, whole, sets.chosen, group), sets.chosen)
    best = _best(met, share, most=most)
    between, kept = sets.between(met[best])
    best = best[kept]
    packed, alike = np.concatenate([within, between]), np.ones(within.size, dtype=np.float32)
    order = np.argsort(packed)
    left, right = (packed[order] >> np.uint64(32)).astype(np.int64), (packed[order] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return Candidates(left, right, *(np.concatenate([alike, part[best]])[order] for part in (share, covered)))


def _pack(a: NDArray[np.generic], b: NDArray[np.generic]) -> Hashes:
    """Return pairs as one number each, the smaller row above."""
    low, high = np.minimum(a, b).astype(np.uint64), np.maximum(a, b).astype(np.uint64)
    packed: Hashes = (low << np.uint64(32)) | high
    return packed


class _Sets:
    """Titles with the same words, represented by one; a second one stands by from another partition."""

    def __init__(self, whole: Hashes, rows: Ints, part: Ints) -> None:
        order = np.lexsort((rows, whole))
        self.rows = rows[order]
        names = whole[order]
        start = np.append(True, names[1:] != names[:-1]) if names.size else np.zeros(0, dtype=bool)
        self.first = np.flatnonzero(start)
        self.of = np.cumsum(start) - 1  # set of each ordered row
        self.part = part
        self.chosen = self.rows[self.first]  # row that stands for each set
        other = part[self.rows] != part[self.chosen][self.of] if self.rows.size else np.zeros(0, dtype=bool)
        self.second = np.full(self.first.size, -1, dtype=np.int64)
        at = np.flatnonzero(other)[::-1]
        self.second[self.of[at]] = self.rows[at]

    def within(self) -> Hashes:
        """Join the titles of each set: all with all in small sets, all with one in a crowd, always across partitions."""
        size = np.diff(np.append(self.first, self.rows.size))
        mine = self.part[self.rows]
        lead = np.where(mine != self.part[self.chosen][self.of], self.chosen[self.of], self.second[self.of])
        joined = (lead >= 0) & (lead != self.rows)
        pairs = [_pack(self.rows[joined], lead[joined])]
        small = size[self.of] <= 8
        for step in range(1, 8):
            near = small[:-step] & (self.of[:-step] == self.of[step:]) & (mine[:-step] != mine[step:])
            pairs.append(_pack(self.rows[:-step][near], self.rows[step:][near]))
        return np.concatenate(pairs)

    def between(self, pairs: Hashes) -> tuple[Hashes, NDArray[np.bool_]]:
        """Return pairs of sets as pairs of rows from two partitions, and which of them there are: sets that live in one partition only give none."""
        a, b = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
        left, right = self.chosen[a], self.chosen[b]
        clash = self.part[left] == self.part[right]
        right = np.where(clash & (self.second[b] >= 0), self.second[b], right)
        left = np.where(clash & (self.second[b] < 0), self.second[a], left)
        kept = left >= 0
        return _pack(left[kept], right[kept]), kept


def _meetings(words: Words, whole: Hashes, chosen: Ints, group: Ints) -> Hashes:
    """Return pairs of set numbers that share a key."""
    table, sizes = _table(words, chosen)
    orders = _places(words.head[chosen]), _places(words.tail[chosen])
    spread = np.where(table >= 0, mix(table, salt=1), np.uint64(0))
    sets = np.arange(chosen.size, dtype=np.int32)
    keys, owners = [whole[chosen]], [sets]
    for column in range(table.shape[1]):  # the set less one word
        has = (sizes >= 2) & (table[:, column] >= 0)
        keys.append(whole[chosen][has] - spread[has, column])
        owners.append(sets[has])
    del spread
    met = [_share_a_key(np.concatenate(keys), np.concatenate(owners), orders)[0]]
    # words that only one title has cannot make a pair, so they take no place among the rarest
    useful = np.where(table >= 0, words.count[table] > 1, False)
    shift = np.argsort(~useful, axis=1, kind="stable")
    table, useful = np.take_along_axis(table, shift, axis=1), np.take_along_axis(useful, shift, axis=1)
    salted = mix(group[chosen], salt=2)
    keys, owners, later = [], [], []
    for one in range(min(_RARE, table.shape[1])):
        for two in range(one + 1, min(_RARE, table.shape[1])):
            has = useful[:, two]
            keys.append(mix(mix(table[has, one], salt=3) + table[has, two].astype(np.uint64), salt=4) + salted[has])
            owners.append(sets[has])
            later.append(np.full(int(has.sum()), two, dtype=np.int8))
    key, owner, last = np.concatenate(keys), np.concatenate(owners), np.concatenate(later)
    pairs, crowd = _share_a_key(key, owner, orders)
    met.append(pairs)
    key, owner, last = key[crowd], owner[crowd], last[crowd]
    keys, owners = [key[:0]], [owner[:0]]
    for third in range(2, min(_RARE + 2, table.shape[1])):
        has = (last < third) & useful[owner, third]
        keys.append(mix(key[has] + mix(table[owner[has], third], salt=5), salt=6))
        owners.append(owner[has])
    met.append(_share_a_key(np.concatenate(keys), np.concatenate(owners), orders)[0])
    return distinct(np.concatenate(met))


def _places(letters: Hashes) -> NDArray[np.int32]:
    """Return each title's place in alphabetical order."""
    places = np.empty(letters.size, dtype=np.int32)
    places[np.argsort(letters, kind="stable")] = np.arange(letters.size, dtype=np.int32)
    return places


def _table(words: Words, chosen: Ints) -> tuple[NDArray[np.int32], Ints]:
    """Return the words of the chosen titles as a table, rarest first, -1 where a title has no more, and the sizes."""
    first, sizes = words.first[chosen], np.diff(words.first)[chosen]
    table = np.full((chosen.size, _WIDE), -1, dtype=np.int32)
    for column in range(_WIDE):
        has = sizes > column
        table[has, column] = words.word[first[has] + column]
    return table, sizes


def _share_a_key(
    keys: Hashes, owners: NDArray[np.int32], orders: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> tuple[Hashes, NDArray[np.bool_]]:
    """Return packed pairs of owners that share a key, and which entries belong to a crowd (more than `_CROWD`).

    Within a crowd an owner meets only the next few in the alphabet, once from the front and once from the back, which
    brings slips in either half of a title beside their original.
    """
    if not keys.size:
        return keys, np.zeros(0, dtype=bool)
    bits = np.uint64(max(int(owners.max()), 1).bit_length())
    low = (np.uint64(1) << bits) - np.uint64(1)
    back = np.empty(orders[0].size, dtype=np.int32)
    ordered, owner = keys[:0], owners[:0]
    met, names = [], keys[:0]
    for turn, order in enumerate(orders):
        back[order] = np.arange(order.size, dtype=np.int32)
        ordered = np.sort((keys & ~low) | order[owners].astype(np.uint64))
        key, owner = ordered >> bits, back[(ordered & low).astype(np.int64)]
        bounds = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]]))
        size = np.diff(bounds)
        crowded = size > _CROWD
        if turn == 0:
            names = key[bounds[:-1][crowded]]
            shared = np.repeat(size > 1, size)
        else:
            shared = np.repeat(crowded, size)
        few = ~np.repeat(crowded, size)[shared]
        met.append(_neighbours(key[shared], owner[shared], few))
    return distinct(np.concatenate(met)), _among(keys >> bits, names)


def _among(keys: Hashes, names: Hashes) -> NDArray[np.bool_]:
    """Say which keys are among the ordered names. Most are not: a table by their last bits says so at once."""
    found = np.zeros(keys.size, dtype=bool)
    if names.size:
        last = np.uint64((1 << max(names.size.bit_length() + 3, 10)) - 1)
        table = np.zeros(int(last) + 1, dtype=bool)
        table[names & last] = True
        likely = np.flatnonzero(table[keys & last])
        wanted = keys[likely]
        found[likely] = names[np.minimum(np.searchsorted(names, wanted), names.size - 1)] == wanted
    return found


def _neighbours(key: Hashes, owner: NDArray[np.int32], few: NDArray[np.bool_]) -> Hashes:
    """Return pairs of entries with one key: all with all where they are few, else the next `_NEIGHBOURS`."""
    pairs = [key[:0]]
    for step in range(1, min(_CROWD, key.size)):
        near = key[:-step] == key[step:]
        if step > _NEIGHBOURS:
            near &= few[:-step]
        if not near.any():
            break
        one, two = owner[:-step][near], owner[step:][near]
        pairs.append(_pack(one[one != two], two[one != two]))
    return np.concatenate(pairs)


def _weights(words: Words) -> NDArray[np.float32]:
    """Return the weight of each word: the logarithm of its rarity, capped; half for a lone word, which may be a slip, less for one that says little."""
    total = max(words.first.size - 1, 1)
    rarity = np.log1p(total / np.maximum(words.count, max(total / 2000, 1)))
    return np.where(words.count > 1, np.where(words.light, rarity * np.float32(0.7), rarity), rarity / 2).astype(np.float32)


class _Share:
    """Compares titles by their words: the weighted share in common, and the share of the shorter title's words that are common."""

    def __init__(self, words: Words) -> None:
        self.weight = _weights(words)
        self.table, sizes = _table(words, np.arange(words.first.size - 1))
        self.total = np.where(self.table >= 0, self.weight[self.table], np.float32(0)).sum(axis=1)
        self.width = np.clip(sizes, 0, _WIDE).astype(np.uint8)

    def __call__(self, left: Ints, right: Ints) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        share, covered = np.zeros(left.size, dtype=np.float32), np.zeros(left.size, dtype=np.float32)
        kind = self.width[left] * np.uint8(_WIDE + 1) + self.width[right]  # pairs of one kind are compared with no empty place
        order = np.argsort(kind, kind="stable")
        bounds = np.append(np.flatnonzero(np.diff(kind[order], prepend=np.uint8(255))), left.size).tolist()
        for begin, end in pairwise(bounds):
            for low in range(begin, end, _SLICE):
                chosen = order[low : min(low + _SLICE, end)]
                share[chosen], covered[chosen] = self._alike(left[chosen], right[chosen])
        return share, covered

    def _alike(self, one: Ints, two: Ints) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        wide, other = int(self.width[one[0]]), int(self.width[two[0]])
        mine, theirs = (np.ascontiguousarray(self.table.take(side, axis=0)[:, :w].T) for side, w in ((one, wide), (two, other)))
        common, count = np.zeros(one.size, dtype=np.float32), np.zeros(one.size, dtype=np.uint8)
        for word in theirs:
            same = (mine == word).any(axis=0)
            common += same * self.weight[word]
            count += same
        whole = self.total[one] + self.total[two] - common
        return common / np.maximum(whole, np.float32(1e-6)), count.astype(np.float32) / np.float32(max(min(wide, other), 1))


def _scored(words: Words, met: Hashes, chosen: Ints) -> tuple[Hashes, NDArray[np.float32], NDArray[np.float32]]:
    """Drop the pairs with too little in common; return the others with their shares."""
    compare = _Share(words)
    found = []
    for low in range(0, met.size, _PART):
        part = met[low : low + _PART]
        a, b = (part >> np.uint64(32)).astype(np.int64), (part & np.uint64(0xFFFFFFFF)).astype(np.int64)
        share, covered = compare(chosen[a], chosen[b])
        kept = share >= _LEAST
        found.append((part[kept], share[kept], covered[kept]))
    if not found:
        return met, np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32)
    pairs, shares, covers = zip(*found, strict=True)
    return np.concatenate(pairs), np.concatenate(shares), np.concatenate(covers)


def _best(pairs: Hashes, share: NDArray[np.float32], *, most: int) -> Ints:
    """Return which pairs are among the `most` likeliest of either of their two."""
    a, b = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    owner, size = np.concatenate([a, b]), max(a.size, 1)
    worse = np.round((1 - np.concatenate([share, share])) * 255).astype(np.uint64)
    low = np.uint64(size.bit_length())
    packed = (owner.astype(np.uint64) << (low + np.uint64(8))) | (worse << low) | np.tile(np.arange(a.size, dtype=np.uint64), 2)
    packed.sort()
    owner = (packed >> (low + np.uint64(8))).astype(np.int64)
    pair = (packed & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64)
    if not owner.size:
        return pair
    start = np.append(True, owner[1:] != owner[:-1])
    place = np.arange(owner.size) - np.repeat(np.flatnonzero(start), np.diff(np.append(np.flatnonzero(start), owner.size)))
    kept = np.zeros(a.size, dtype=bool)
    kept[pair[place < most]] = True
    return np.flatnonzero(kept)
