"""A store on paper: applies pages exactly as `okrbot.model.Page` says, so that connectors can be held against the truth."""

from __future__ import annotations

from collections.abc import Iterable

from okrbot.model import Change, Coverage, Goals, Item, Link, Note, Page, Sprint


class PaperStore:
    """What one source has told so far."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.changes: dict[str, dict[str, Change]] = {}
        self.links: dict[str, list[Link]] = {}
        self.notes: dict[str, dict[str, Note]] = {}
        self.hidden: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.sprints: tuple[Sprint, ...] = ()
        self.goals: Goals | None = None
        self.backlogs: set[str] = set()
        self.checkpoint: str | None = None
        self.resume: str | None = None
        self.coverage: Coverage | None = None
        self.pages = 0

    @property
    def visible(self) -> dict[str, Item]:
        """Return the items now visible."""
        return {id_: item for id_, item in self.items.items() if id_ not in self.hidden}

    def apply(self, page: Page) -> None:
        """Store a page whole."""
        self.pages += 1
        on_page = {item.id for item in page.items}
        for id_ in on_page:
            self.links[id_] = []
            if page.notes_complete:
                self.notes[id_] = {}
        replaced = {item.id for item in page.items if item.history} | set(page.history_of)
        for id_ in replaced:
            self.changes[id_] = {}
        for item in page.items:
            old = self.items.get(item.id)
            kept = old is not None and old.history and old.updated == item.updated
            self.items[item.id] = item._replace(history=True) if kept else item
            self.hidden.discard(item.id)
        for change in page.changes:
            self.changes.setdefault(change.item, {})[change.id] = change
        for link in page.links:
            self.links.setdefault(link.item, []).append(link)
        for note in page.notes:
            self.notes.setdefault(note.subject, {})[note.id] = note
        for id_ in page.history_of:
            if id_ in self.items:
                self.items[id_] = self.items[id_]._replace(history=True)
        self.aliases |= {key: id_ for id_, key in page.aliases}
        if page.backlogs is not None:
            self.backlogs = {backlog.key for backlog in page.backlogs}
        if page.sprints is not None:
            self.sprints = page.sprints
        if page.goals is not None:
            self.goals = page.goals
        if page.census is not None:
            self.hidden = {id_ for id_ in self.items if id_ not in page.census}
        self.resume = page.resume
        if page.coverage is not None:
            self.coverage = page.coverage
            self.resume = None
        if page.checkpoint is not None:
            self.checkpoint = page.checkpoint

    def take(self, pages: Iterable[Page]) -> PaperStore:
        """Store all pages."""
        for page in pages:
            self.apply(page)
        return self
