"""Linear's CSV names the project of each issue but has no row for it: make the row, so that a project is judged once, as elsewhere."""

from __future__ import annotations

import dataclasses

from okrbot.model import Item

_ENDED = ("done", "cancelled")


@dataclasses.dataclass(slots=True)
class Container:
    """What the issues of one project add up to."""

    name: str
    backlogs: dict[str, int] = dataclasses.field(default_factory=dict)
    states: set[str] = dataclasses.field(default_factory=set)
    created: int = 0
    updated: int = 0
    started: int = 0
    finished: int = 0
    goals: dict[str, None] = dataclasses.field(default_factory=dict)

    def take(self, item: Item) -> None:
        """Count one issue in."""
        self.backlogs[item.backlog] = self.backlogs.get(item.backlog, 0) + 1
        self.states.add(item.state)
        self.created = min(self.created or item.created, item.created or self.created)
        self.updated = max(self.updated, item.updated)
        began = item.started or (item.finished if item.state == "done" else 0)
        self.started = min(self.started or began, began or self.started)
        self.finished = max(self.finished, item.finished)
        self.goals.update(dict.fromkeys(item.goals))

    @property
    def state(self) -> str:
        """Return our word: ended when all its issues are, doing when one was begun, else todo."""
        if self.states <= set(_ENDED):
            return "done" if "done" in self.states else "cancelled"
        return "doing" if self.states & {"doing", "done"} else "todo"

    def item(self, id_: str) -> Item:
        """Return the project as an item of the backlog that most of its issues are in."""
        state = self.state
        return Item(
            id=id_,
            key=self.name,
            title=self.name,
            kind="epic",
            their_kind="Project",
            level=1,
            state=state,
            their_state="",
            backlog=max(sorted(self.backlogs), key=lambda backlog: self.backlogs[backlog]),
            created=self.created,
            updated=self.updated,
            started=self.started if state != "todo" else 0,
            finished=self.finished if state in _ENDED else 0,
            goals=tuple(self.goals),
            project=self.name,
        )


class Containers:
    """The projects met so far, by id."""

    def __init__(self) -> None:
        self._found: dict[str, Container] = {}

    def put_under(self, item: Item) -> Item:
        """Return `item` as a child of its project, unless it has a parent of its own."""
        id_ = f"project:{item.project}"
        self._found.setdefault(id_, Container(item.project)).take(item)
        return item if item.parent else item._replace(parent=id_)

    def items(self) -> list[Item]:
        """Return one item a project."""
        return [container.item(id_) for id_, container in self._found.items()]
