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
        if number is None:
            return id_ in self._others
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (number & 7)))

    def add(self, ids: Iterable[str]) -> None:
        """Note ids; one noted before is not counted again."""
        for id_ in ids:
            if id_ in self:
                continue
            self._count += 1
            number = _number(id_)
            if number is None:
                self._others.add(id_)
                continue
            place = number >> 3
            if place >= len(self._bits):
                self._bits.extend(bytes(max(place + 1, len(self._bits) * 5 // 4) - len(self._bits)))
            self._bits[place] |= 1 << (number & 7)


def _number(id_: str) -> int | None:
    if id_.isascii() and id_.isdigit() and (len(id_) == 1 or id_[0] != "0") and (number := int(id_)) < LARGEST:
        return number
    return None
