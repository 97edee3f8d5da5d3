"""Decides which of several rows is the item: one id or key counts once, and the newest row speaks for it."""

from __future__ import annotations

from okrbot.model import Millis, Problem

_SHOWN = 5


class Entry:
    """An item and the row that speaks for it now."""

    __slots__ = ("file", "id", "key", "place", "rich", "updated", "where")

    def __init__(self, file: int, place: int, row_id: str, key: str, updated: Millis, *, rich: bool, where: str) -> None:
        self.file = file
        self.place = place
        self.id = row_id
        self.key = key
        self.updated = updated
        self.rich = rich
        self.where = where


class Ledger:
    """All claims of a pull, shown in the order of files and rows."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_key: dict[str, Entry] = {}
        self._dropped: set[tuple[int, int]] = set()
        self._renamed: dict[tuple[int, int], str] = {}
        self._doubles: list[str] = []
        self._double_count = 0
        self.aliases: dict[tuple[str, str], None] = {}

    def claim(self, entry: Entry, *, shared_key: bool) -> None:
        """Enter a row. `shared_key` says that its key means the same item in every file."""
        known = self._by_id.get(entry.id)
        if known is None and shared_key and entry.key:
            known = self._by_key.get(entry.key)
        if known is None:
            self._by_id[entry.id] = entry
            if shared_key and entry.key:
                self._by_key[entry.key] = entry
            return
        newer = (entry.updated, entry.rich) >= (known.updated, known.rich)
        winner, loser = (entry, known) if newer else (known, entry)
        self._dropped.add((loser.file, loser.place))
        self._note(winner, loser)
        name = entry.id if entry.id != entry.key else known.id
        if loser.key and loser.key != winner.key:
            self.aliases[name, loser.key] = None
        for old in (known.id, entry.id):
            self._by_id[old] = winner
        for key in (known.key, entry.key):
            if shared_key and key:
                self._by_key[key] = winner
        if winner.id != name:
            winner.id = name
            self._renamed[winner.file, winner.place] = name
            self._by_id[name] = winner

    def _note(self, winner: Entry, loser: Entry) -> None:
        self._double_count += 1
        if len(self._doubles) < _SHOWN:
            self._doubles.append(f"{winner.key or winner.id} ({winner.where} kept, {loser.where} not)")

    def is_dropped(self, file: int, place: int) -> bool:
        """Whether another row speaks for this one's item."""
        return (file, place) in self._dropped

    def id_of(self, file: int, place: int, own: str) -> str:
        """Return the id of the row's item, which another file may know better."""
        return self._renamed.get((file, place), own)

    def resolve(self, name: str) -> str | None:
        """Return the item's id for an id or key that was claimed."""
        entry = self._by_id.get(name) or self._by_key.get(name)
        return entry.id if entry else None

    @property
    def dropped(self) -> int:
        """How many rows another row speaks for."""
        return len(self._dropped)

    def problem(self) -> Problem | None:
        """Say which rows were doubles, None without any."""
        if not self._double_count:
            return None
        shown = "; ".join(self._doubles)
        more = self._double_count - len(self._doubles)
        return Problem(
            "duplicate",
            f"the same item more than once, the newest by its update was kept: {shown}" + (f"; and {more} more" if more else ""),
            count=self._double_count,
        )
