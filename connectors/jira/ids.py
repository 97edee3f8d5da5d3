"""A set of issue ids that stays small: Jira's ids are numbers in a row, so a bit each is enough."""

from __future__ import annotations

from collections.abc import Iterable

LARGEST = 800_000_000  # 100 MB of bits; larger ids go into an ordinary set


class Ids:
    """Ids met so far; a million of them take little more than a bit for each number up to the largest."""

    __slots__ = ("_bits", "_count", "_others")

    def __init__(self) -> None:
        self._bits = bytearray()
        self._others: set[str] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, id_: str) -> bool:
        number = _number(id_)
        if number < 0:
            return id_ in self._others
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (number & 7)))

    def add(self, ids: Iterable[str]) -> None:
        """Note ids; one noted before is not counted again."""
        bits = self._bits
        for id_ in ids:
            number = _number(id_)
            if number < 0:
                self._count += id_ not in self._others
                self._others.add(id_)
                continue
            place, mask = number >> 3, 1 << (number & 7)
            if place >= len(bits):
                bits.extend(bytes(max(place + 1, len(bits) * 5 // 4) - len(bits)))
            if not bits[place] & mask:
                bits[place] |= mask
                self._count += 1


def _number(id_: str) -> int:
    """Return an id as a small number, -1 when it is none."""
    if id_.isdigit() and id_.isascii() and id_[0] != "0" and (number := int(id_)) < LARGEST:
        return number
    return -1
