"""Remembers which rows of a table stand below which: by indentation, by an epic's name, by who has children."""

from __future__ import annotations

import dataclasses

from okrbot.words import kind_of

from .columns import Columns
from .items import Made, RowReader


class Family:
    """The tree of one table: filled by the first reading, asked by the second."""

    def __init__(self, columns: Columns) -> None:
        self.epics: dict[str, str] = {}  # folded name of an epic: its key
        self._columns = columns
        self._doubles: set[str] = set()
        self._branch: list[str] = []  # keys from the top down to the row before
        self._tree: dict[int, str] = {}  # ordinal of a row: key of its parent by indentation
        self._with_children: set[str] = set()

    def remember(self, reader: RowReader, cells: list[str], place: int, key: str) -> None:
        """Note who has children; Azure DevOps tells parents by the column (Title 1, Title 2, …) that a title stands in."""
        parent = reader.parent(cells)
        if len(self._columns.roles.get("title", ())) > 1:
            depth = next((n for n, at in enumerate(self._columns.roles["title"]) if at < len(cells) and cells[at].strip()), 0)
            del self._branch[depth:]
            if not parent and depth and len(self._branch) == depth:
                parent = self._tree[place] = self._branch[-1]
            self._branch.append(key)
        if parent and self._columns.azure:
            self._with_children.add(parent)

    def remember_epic(self, reader: RowReader, cells: list[str], key: str) -> None:
        """Note an epic's name, by which its stories may call it."""
        if not {"epic_link", "parent"} & self._columns.roles.keys():
            return
        title = self._columns.at("title")
        if "kind" in self._columns.roles and kind_of(reader.first(cells, "kind")) not in {"epic", "initiative"}:
            return
        for name in (cells[title].strip() if 0 <= title < len(cells) else "", reader.first(cells, "epic_name")):
            folded = name.casefold()
            if folded and self.epics.setdefault(folded, key) != key:
                self._doubles.add(folded)

    def placed(self, made: Made, place: int) -> Made:
        """Give an item the parent of its tree; a Feature above stories is an epic."""
        item = made.item
        if not item.parent and place in self._tree:
            item = item._replace(parent=self._tree[place])
        if self._columns.azure and item.their_kind.casefold() == "feature" and item.key in self._with_children:
            item = item._replace(kind="epic", level=1)
        return made if item is made.item else dataclasses.replace(made, item=item)

    def settle(self) -> None:
        """Forget the names that several epics bear."""
        for double in self._doubles:
            self.epics.pop(double, None)
