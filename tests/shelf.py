"""A store of dicts for the tests: it takes pages as `okrbot.model.Page` says they are to be taken, and nothing more."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from okrbot.model import Backlog, Change, Connector, Coverage, Goals, Item, Link, Note, Page, PullRequest, Sprint


@dataclasses.dataclass
class Shelf:
    """What a source's pages add up to."""

    items: dict[str, Item] = dataclasses.field(default_factory=dict)
    changes: dict[tuple[str, str], Change] = dataclasses.field(default_factory=dict)
    links: dict[str, set[Link]] = dataclasses.field(default_factory=dict)
    notes: dict[tuple[str, str], Note] = dataclasses.field(default_factory=dict)
    backlogs: dict[str, Backlog] = dataclasses.field(default_factory=dict)
    sprints: dict[str, Sprint] = dataclasses.field(default_factory=dict)
    aliases: dict[str, str] = dataclasses.field(default_factory=dict)
    goals: Goals | None = None
    hidden: set[str] = dataclasses.field(default_factory=set)
    checkpoint: str | None = None
    resume: str | None = None
    coverage: Coverage | None = None
    pages: int = 0

    @property
    def visible(self) -> dict[str, Item]:
        return {id_: item for id_, item in self.items.items() if id_ not in self.hidden}

    def pull(self, connector: Connector, now: dt.datetime, *, full: bool = False, stop_after: int | None = None) -> bool:
        """Run one pull; True if it came to its end. `stop_after` kills it after so many pages. SourceError passes, its place kept."""
        request = PullRequest(now=now, checkpoint=self.checkpoint, resume=None if full else self.resume, full=full, known=len(self.visible))
        self.coverage = None
        pages: Iterator[Page] = iter(connector.pull(request))
        for number, page in enumerate(pages, 1):
            self.take(page)
            if stop_after is not None and number >= stop_after and self.coverage is None:
                pages.close()  # type: ignore[attr-defined]
                return False
        assert self.coverage is not None, "a pull must end with a coverage"
        return True

    def take_all(self, pages: Iterable[Page]) -> Shelf:
        """Store all of `pages`."""
        for page in pages:
            self.take(page)
        return self

    def changes_of(self, id_: str) -> dict[str, Change]:
        """Return the changes of one item by their ids."""
        return {key: change for (item, key), change in self.changes.items() if item == id_}

    def notes_of(self, id_: str) -> dict[str, Note]:
        """Return what was said about one item, by the notes' ids."""
        return {key: note for (subject, key), note in self.notes.items() if subject == id_}

    def take(self, page: Page) -> None:
        """Store one page whole."""
        self.pages += 1
        ids = {item.id for item in page.items}
        whole = {item.id for item in page.items if item.history}
        for item in page.items:
            before = self.items.get(item.id)
            keeps = before is not None and before.history and before.updated == item.updated
            self.items[item.id] = item._replace(history=item.history or keeps)
            self.links[item.id] = set()
            self.hidden.discard(item.id)
        self._drop(self.changes, lambda key: key[0] in whole)
        if page.notes_complete:
            self._drop(self.notes, lambda key: key[0] in ids)
        for change in page.changes:
            self.changes[change.item, change.id] = change
        for link in page.links:
            self.links.setdefault(link.item, set()).add(link)
        for note in page.notes:
            self.notes[note.subject, note.id] = note
        for id_ in page.history_of:
            self.items[id_] = self.items[id_]._replace(history=True)
        for id_, key in page.aliases:
            self.aliases[key] = id_
        if page.backlogs is not None:
            self.backlogs = {row.id: row for row in page.backlogs}
        if page.sprints is not None:
            self.sprints = {row.id: row for row in page.sprints}
        if page.goals is not None:
            self.goals = page.goals
        if page.census is not None:
            self.hidden = self.items.keys() - page.census
        if page.resume is not None:
            self.resume = page.resume
        if page.coverage is not None:
            self.coverage, self.resume = page.coverage, None  # the connector came to its end: there is nothing to go on with
            if page.checkpoint is not None:
                assert page.coverage.complete, "a partial pull must not set a checkpoint"
                self.checkpoint = page.checkpoint

    @staticmethod
    def _drop(rows: dict[tuple[str, str], object], test: Callable[[tuple[str, str]], bool]) -> None:
        for key in [key for key in rows if test(key)]:
            del rows[key]
