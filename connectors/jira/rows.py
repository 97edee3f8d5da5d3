"""Turns a page of Jira's search results into rows: typed decoding first, issue by issue where one of them is odd."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from okrbot.model import EPOCH, MILLISECOND, Item, Link, Millis, Note, Problem, Sprint, clean
from okrbot.words import is_bot, kind_of, level_of, state_of

from ..text import adf_text, sprint_blob, tidy, wiki_text
from . import shapes
from .fields import FieldMap
from .links import link_kind
from .mend import forgiving
from .values import as_number, as_text, first_name, goal_ids

SYSTEM_FIELDS = (
    *("summary", "issuetype", "status", "project", "parent", "created", "updated", "duedate", "resolutiondate", "description"),
    *("labels", "components", "fixVersions", "issuelinks", "priority", "assignee", "reporter", "resolution", "security"),
)
# Without these an issue is judged as something it is not; without others only less is known of it.
NEEDED_FIELDS = frozenset({"status", "created", "updated", "parent"})


@dataclass(slots=True)
class Found:
    """One page of issues as rows, with what was odd about it."""

    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    changelogs: list[tuple[str, shapes.Changelog]] = field(default_factory=list)
    talkative: list[str] = field(default_factory=list)  # ids of issues with more comments than the answer holds
    problems: list[Problem] = field(default_factory=list)
    token: str = ""
    is_last: bool | None = None
    total: int | None = None
    read: int = 0  # issues the answer held, odd ones included
    ids: tuple[str, ...] = ()
    times: list[Millis] = field(default_factory=list)  # of bare pages; else the items tell


class Reader:
    """Decodes search pages of one site. `site` is where people open issues, `hidden` the ids of projects with a closed door, `own` okrbot's own account."""

    def __init__(
        self,
        fields: FieldMap,
        *,
        site: str,
        cloud: bool,
        hidden: frozenset[str] = frozenset(),
        comments: bool = True,
        history: bool = True,
        own: str = "",
    ) -> None:
        self._history = history
        self._own = own
        self.sprints: dict[str, shapes.SprintRef | Sprint] = {}  # by id, as the issues showed them last
        self._browse = f"{site}/browse/"
        self._hidden = hidden
        custom: list[tuple[str, str, Any]] = []  # attribute, field id, type
        for attribute, id_, kind in (
            ("sprint", fields.sprint, list[shapes.SprintRef | str] | None),
            ("epic_link", fields.epic_link, Any),
            ("epic_name", fields.epic_name, Any),
            ("parent_link", fields.parent_link, Any),
            ("rank", fields.rank, str | None),
        ):
            if id_:
                custom.append((attribute, id_, kind))
        self._points, self._start, self._team, self._goals = (
            self._several(custom, ids) for ids in (fields.points, fields.start, fields.team, fields.goals)
        )
        self._wanted = tuple((name, self._several(custom, ids)) for name, ids in fields.wanted)
        fields_type: Any = msgspec.defstruct(
            "SiteFields",
            [(attribute, kind, None) for attribute, _, kind in custom],
            bases=(shapes.Fields,),
            rename={attribute: id_ for attribute, id_, _ in custom},
            gc=False,
        )
        self._issue: Any = msgspec.defstruct(
            "Issue", [("id", str | int), ("key", str), ("fields", fields_type), ("changelog", shapes.Changelog | None, None)], gc=False
        )
        self._fields_type = fields_type
        self._decode = forgiving(msgspec.json.Decoder(shapes.envelope(self._issue)).decode)
        self._has_sprint, self._has_rank, self._has_epic_name = bool(fields.sprint), bool(fields.rank), bool(fields.epic_name)
        self._has = frozenset(attribute for attribute, _, _ in custom)
        further = (["statuscategorychangedate"] if cloud else []) + (["comment"] if comments else [])
        self.asked = (*SYSTEM_FIELDS, *further, *(id_ for _, id_, _ in custom))

    @staticmethod
    def _several(custom: list[tuple[str, str, Any]], ids: tuple[str, ...]) -> tuple[str, ...]:
        """Give each field id an attribute, an old one if it has one, and return them."""
        known = {id_: attribute for attribute, id_, _ in custom}
        attributes = []
        for id_ in ids:
            if id_ in SYSTEM_FIELDS:
                continue  # already read, under our own words
            if id_ not in known:
                known[id_] = f"f{len(custom)}"
                custom.append((known[id_], id_, Any))
            attributes.append(known[id_])
        return tuple(attributes)

    def read(self, body: bytes) -> Found:
        """Return the rows of one page. Raises msgspec.DecodeError when the page as a whole cannot be read."""
        try:
            page = self._decode(body)
        except msgspec.ValidationError:
            return self._read_one_by_one(body)
        found = Found(token=page.token or "", is_last=page.is_last, total=page.total, read=len(page.issues))
        found.ids = tuple(str(issue.id) for issue in page.issues)
        for issue in page.issues:
            self._add(found, issue)
        return found

    def _read_one_by_one(self, body: bytes) -> Found:
        page = forgiving(shapes.RAW.decode)(body)
        found = Found(token=page.token or "", is_last=page.is_last, total=page.total, read=len(page.issues))
        ids: list[str] = []
        for raw in page.issues:
            try:
                issue = msgspec.json.decode(raw, type=self._issue)
            except msgspec.ValidationError:
                issue = self._mend(raw, found)
            if issue is not None:
                ids.append(str(issue.id))
                self._add(found, issue)
        found.ids = tuple(ids)
        return found

    def _mend(self, raw: msgspec.Raw, found: Found) -> Any:
        """Return an issue whose odd fields are left out and named, None when even its id, key or project is missing."""
        plain = msgspec.json.decode(raw)
        given = plain if isinstance(plain, dict) else {}
        id_, key, values = given.get("id"), given.get("key"), given.get("fields")
        where = str(key or id_ or "")
        if not isinstance(id_, str | int) or not isinstance(key, str) or not isinstance(values, dict):
            found.problems.append(Problem("bad_row", "an issue without id, key or fields was left out", where=where, partial=True))
            return None
        good: dict[str, Any] = {}
        for part in msgspec.structs.fields(self._fields_type):
            if part.encode_name in values:
                try:
                    good[part.name] = msgspec.convert(values[part.encode_name], part.type)
                except msgspec.ValidationError:
                    found.problems.append(
                        Problem(
                            "bad_field",
                            f"the field {part.encode_name} of {where} has a form nobody expects and was left out",
                            where=where,
                            partial=part.encode_name in NEEDED_FIELDS,
                        )
                    )
        try:
            changelog = msgspec.convert(given.get("changelog"), shapes.Changelog | None)
        except msgspec.ValidationError:
            changelog = None
        return self._issue(id=id_, key=key, fields=self._fields_type(**good), changelog=changelog)

    def _add(self, found: Found, issue: Any) -> None:
        """Add one issue's rows; the body of this function runs for every issue of a site, so it does little."""
        f = issue.fields
        id_ = str(issue.id)
        type_, status = f.issuetype, f.status
        their_kind = (type_.name or "") if type_ else ""
        level = self._level(type_, f)
        resolution = (f.resolution.name or "") if f.resolution else ""
        their_state = (status.name or "") if status else ""
        category = status.category if status else None
        state = state_of(their_state, (category.key or category.name or "") if category else "", resolution)
        over = state in ("done", "cancelled")
        project = str(f.project.id or "") if f.project else ""
        found.items.append(
            Item(
                id_,
                issue.key,
                plain(f.summary or ""),
                kind_of(their_kind, level),
                their_kind,
                level if level is not None else level_of(kind_of(their_kind)),
                state,
                their_state,
                project,
                self._parent(f),
                _millis(f.created),
                _millis(f.updated),
                _millis(f.moved) if state == "doing" and not self._history else 0,
                (_millis(f.resolutiondate) or _millis(f.moved)) if over else 0,
                (f.duedate or "")[:10],
                self._first(f, self._start, as_text)[:10] if self._start else "",
                body_words(f.description),
                tuple([plain(label) for label in f.labels]) if f.labels else (),
                tuple([plain(one.name or "") for one in f.components]) if f.components else (),
                tuple([plain(one.name or "") for one in f.versions]) if f.versions else (),
                self._sprints(f),
                tuple([goal for attribute in self._goals for goal in goal_ids(getattr(f, attribute))]) if self._goals else (),
                self._wanted_texts(f) if self._wanted else (),
                self._estimate(f),
                (f.priority.name or "") if f.priority else "",
                (f.rank or "") if self._has_rank else "",
                self._first(f, self._team, first_name) if self._team else "",
                "",
                account(f.assignee),
                account(f.reporter),
                resolution,
                self._browse + issue.key,
                f.security is not None or project in self._hidden,
            )
        )
        if f.links:
            for link in f.links:
                for ref, inward in ((link.outward, False), (link.inward, True)):
                    if ref is not None and (ref.id or ref.key):
                        kind, their = link_kind(link.type, inward=inward)
                        found.links.append(Link(id_, kind, str(ref.id or ref.key), their, ref.key or ""))
        if f.comment is not None:
            told = f.comment.comments or ()
            found.notes += [note(id_, comment, self._own) for comment in told]
            if f.comment.total is not None and f.comment.total > len(told):
                found.talkative.append(id_)
        if issue.changelog is not None:
            found.changelogs.append((id_, issue.changelog))

    def _level(self, type_: shapes.IssueType | None, f: Any) -> int | None:
        """Return the tracker's own height of an issue, None where it tells none (Data Center knows sub-tasks and epics only)."""
        if type_ is None:
            return None
        if type_.level is not None:
            return type_.level
        if type_.subtask:
            return -1
        if self._has_epic_name and f.epic_name:
            return 1
        height = level_of(kind_of(type_.name or ""))
        return height if height > 0 else None

    def _parent(self, f: Any) -> str:
        if f.parent is not None:
            return str(f.parent.id or f.parent.key or "")
        for attribute in ("epic_link", "parent_link"):
            if attribute in self._has and (value := getattr(f, attribute)):
                if isinstance(value, dict):
                    value = value.get("data") or value
                    value = value.get("id") or value.get("key") or value.get("issue", "")
                return str(value)
        return ""

    def _sprints(self, f: Any) -> tuple[str, ...]:
        if not self._has_sprint or not f.sprint:
            return ()
        ids = []
        for one in f.sprint:
            if isinstance(one, str):
                blob = sprint_blob(one)
                ids.append(blob.id if blob else "")
                if blob:
                    self.sprints[blob.id] = blob
            else:
                ids.append(str(one.id or ""))
                self.sprints[ids[-1]] = one
        if len(ids) == 1:
            return (ids[0],) if ids[0] else ()
        return tuple(sorted({id_ for id_ in ids if id_}, key=lambda id_: (len(id_), id_)))  # ids grow with time

    def _estimate(self, f: Any) -> float | None:
        for attribute in self._points:
            value = getattr(f, attribute)
            if value is not None and (number := value if type(value) is float else as_number(value)) is not None:
                return number
        return None

    @staticmethod
    def _first(f: Any, attributes: tuple[str, ...], turn: Callable[[Any], str]) -> str:
        for attribute in attributes:
            value = getattr(f, attribute)
            if value is not None and (text := turn(value)):
                return text
        return ""

    def _wanted_texts(self, f: Any) -> tuple[tuple[str, str], ...]:
        texts = ((name, self._first(f, attributes, as_text)) for name, attributes in self._wanted)
        return tuple((name, text) for name, text in texts if text)


def note(issue: str, comment: shapes.Comment, own: str = "") -> Note:
    """Return a comment as a note of its issue; `own` is the account whose words are okrbot's."""
    author, at = comment.author, _millis(comment.created)
    return Note(issue, str(comment.id), at, "comment", account(author), author_kind(author, own), body_words(comment.body))


def author_kind(author: shapes.Person | None, own: str = "") -> str:
    """Tell whether a person or a program acted; "" where Jira names nobody."""
    if author is None:
        return ""
    return "bot" if is_bot(author.shown or "", author.kind or "") or (own and account(author) == own) else "human"


def account(person: shapes.Person | None) -> str:
    """Return the opaque id of a person, never a name that people read; Data Center has keys instead of account ids."""
    return (person.account_id or person.key or person.name or "") if person is not None else ""


def _millis(moment: dt.datetime | None) -> Millis:
    return (moment - EPOCH) // MILLISECOND if moment is not None else 0


def plain(text: str) -> str:
    """Return `text` clean; the ordinary case costs next to nothing."""
    return text if text.isascii() and "\x00" not in text else clean(text)


def body_words(body: str | shapes.Node | None) -> str:
    """Return the words of a description: wiki text of version 2, a document of version 3."""
    if body is None:
        return ""
    if isinstance(body, str):
        return wiki_text(body) if body else ""
    lines = []
    for block in body.content or ():
        if block.type != "paragraph":
            return adf_text(msgspec.to_builtins(body))
        leaves = block.content or ()
        for leaf in leaves:
            if leaf.type != "text" or leaf.text is None:
                return adf_text(msgspec.to_builtins(body))
        lines.append((leaves[0].text or "") if len(leaves) == 1 else "".join([leaf.text or "" for leaf in leaves]))
    text = "\n".join(lines)
    # what tidying would not change need not be tidied: this runs for every issue
    if text.isascii() and " \n" not in text and "\n\n\n" not in text and "\x00" not in text and "\t\n" not in text and "\r" not in text:
        return text.strip()
    return tidy(text)
