"""Reads one JSON file twice: first for its states, field names and records, then to give its items and histories."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from okrbot.model import Change, Objective, Problem
from okrbot.words import is_known_state

from .. import jira_history, jira_lore, jira_shape, linear_lore, linear_shape
from ..text import instant_millis
from .complaints import Complaints
from .items import Made
from .json_stream import Broken, Envelope, Record, walk
from .opened import Opened
from .table import Claim

_CHANGES_A_PAGE = 5000


class UnknownDocumentError(ValueError):
    """JSON in which no items can be recognised; the message names the remedy."""


class Document:
    """A JSON file. `survey` first, then `claims`, `made` and `loose_histories`."""

    def __init__(self, opened: Opened, *, zone: dt.tzinfo, backlog: str, site: str) -> None:
        self.opened = opened
        self.claims: list[Claim] = []
        self.naive = False
        self.rows = 0
        self.with_history = 0
        self.totals: list[tuple[int, int]] = []  # what a search said it has, what its page holds
        self.open_pages = 0  # pages that say more follow
        self.last_pages = 0
        self.has_goals = False
        self._zone = zone
        self._backlog = backlog
        self._site = site
        self._jira = jira_lore.JiraLore()
        self._linear = linear_lore.LinearLore()
        self._odd_titles: list[str] = []  # issues whose summary is no text
        self._empty = False  # an answer's list holds nothing
        self._errors = False  # the file holds a tracker's error
        self._bare = 0  # issues of which only the id is here
        self._complaints = Complaints(opened.name, things="records")
        self._logs: Counter[str] = Counter()  # pieces of the bulk change log, by issue id

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the file, as far as it was read."""
        return self._complaints.found

    @staticmethod
    def recognises(opened: Opened) -> bool:
        """Whether the file begins like JSON that may hold issues."""
        with opened.text() as text:
            head = text.read(4000).lstrip("\ufeff \t\r\n\x1e")
        return head.startswith("{") or (head.startswith("[") and head[1:].lstrip()[:1] in {"{", "[", "]", ""})

    def _events(self) -> Iterator[Record | Envelope | Broken]:
        with self.opened.text() as stream:
            yield from walk(stream)

    @property
    def announced(self) -> int:
        """How many issues the searches in this file said they have."""
        return max((total for total, _ in self.totals), default=0)

    # --- the first reading ---

    def survey(self) -> None:
        """Read every record once. Raises UnknownDocumentError when there is none."""
        place = 0
        logs = 0
        for event in self._events():
            if isinstance(event, Broken):
                self._bad(event.line, event.reason, record=event.record)
            elif isinstance(event, Envelope):
                self._envelope(event)
            elif event.shape == "bare":
                self._bare += 1
                self.rows += 1
            elif event.shape == "log":
                logs += 1
                self._logs[str(event.value["issueId"])] += 1
            elif event.shape == "project":
                self._linear.learn_project(event.value)
            elif event.shape == "initiative":
                self._initiative(event.value)
            else:
                place += 1
                self.rows += 1
                self._claim(place, event)
        if not self.rows and not logs and not self._linear.projects and not self._complaints.lost and not self._is_empty_answer():
            raise UnknownDocumentError("is JSON without issues: save the answer of /search, /search/jql or of Linear's issues query")
        for number, project in self._linear.projects.items():
            place += 1
            self.rows += 1
            updated = _updated(project.get("updatedAt"))
            self.claims.append(Claim(place, 0, number, linear_shape.project_rows(project, self._linear).item.key, updated))
        self.has_goals = bool(self._linear.initiatives)
        self._close_counts()

    def _is_empty_answer(self) -> bool:
        """Whether an answer said that nothing was found, or why nothing could be."""
        return self._errors or self._empty or bool(self.last_pages) or any(total == 0 for total, _ in self.totals)

    def _claim(self, place: int, record: Record) -> None:
        value = record.value
        if record.shape == "jira":
            self._jira.learn_issue(value)
            number, key = str(value.get("id") or value.get("key") or ""), str(value.get("key") or "")
            if not isinstance(value["fields"].get("summary"), (str, type(None))):
                self._odd_titles.append(f"line {record.line}, {key or number}")
            updated = _updated(value["fields"].get("updated"))
        else:
            self._linear.learn_issue(value)
            number, key = str(value.get("id") or value.get("identifier") or ""), str(value.get("identifier") or "")
            updated = _updated(value.get("updatedAt"))
        if not number:
            self._bad(record.line, "an issue with neither id nor key")
            self.rows -= 1
            return
        self.claims.append(Claim(place, record.line, number, key, updated))

    def _initiative(self, value: dict[str, Any]) -> None:
        self._linear.learn_initiative(value)
        for project in linear_lore.nodes(value.get("projects")):
            if project.get("id") and project.get("name"):
                inner = {"initiatives": [{"id": value.get("id"), "name": value.get("name")}], **project}
                self._linear.learn_project(inner)

    def _envelope(self, event: Envelope) -> None:
        values = event.values
        self._jira.learn_envelope(values)
        total = values.get("total")
        if isinstance(total, int) and ("startAt" in values or event.issues):
            self.totals.append((total, event.issues))
        page_info = values.get("pageInfo")
        if (
            values.get("isLast") is False
            or values.get("nextPageToken")
            or (isinstance(page_info, dict) and page_info.get("hasNextPage") is True)
        ):
            self.open_pages += 1
        elif values.get("isLast") is True or (isinstance(page_info, dict) and page_info.get("hasNextPage") is False):
            self.last_pages += 1
        self._empty = self._empty or [] in (values.get("issues"), values.get("nodes"))
        text = _error_text(values)
        if text:
            self._errors = True
            self._complaints.say("error_answer", f"{self.opened.name} holds an error answer: {text}", partial=True)

    # --- the second reading ---

    def made(self) -> Iterator[tuple[Claim, Made]]:
        """Yield what each claim gives: issues in the order of the file, then Linear's projects."""
        claims = iter(self.claims)
        bad: list[str] = []
        cut: list[str] = []
        titled = stated = 0
        strange: Counter[str] = Counter()
        for event in self._events():
            if isinstance(event, Record) and event.shape in {"jira", "linear"}:
                found = self._rows(event)
                if found is None:
                    continue
                rows, made = found
                bad.extend(f"line {event.line}, {made.item.key}: {message}" for message in rows.bad)
                if rows.history_cut:
                    cut.append(made.item.key)
                self.with_history += made.item.history
                titled += bool(made.item.title)
                word, known = self._status(event)
                stated += bool(word) or known
                if word and not known:
                    strange[word] += 1
                yield next(claims), made
        for number, project in self._linear.projects.items():
            rows = linear_shape.project_rows(project, self._linear)
            claim = next(claims)
            if claim.id != number:
                raise RuntimeError(f"{self.opened.name} changed while it was read")
            yield claim, self._made(rows, "")
        self._tell(bad, cut)
        self._complaints.strange_words(
            strange, remedy="an answer with each status's category (statusCategory, or Linear's state type) would tell"
        )
        if self.claims and not stated and not self._linear.projects:
            message = f"{self.opened.name}: no item has a status: every item was read as todo. Save the answer with the field status (fields=*all)"
            self._complaints.say("no_status", message, len(self.claims))
        if self.claims and not titled and not self._linear.projects:
            message = f"{self.opened.name}: no item has a title: save the answer with the field summary (fields=*all)"
            self._complaints.say("no_title", message, len(self.claims))

    def _status(self, event: Record) -> tuple[str, bool]:
        """Return the status word of an issue, and whether anything says what it stands for."""
        value = event.value
        if event.shape == "jira":
            fields = value["fields"]
            status = linear_lore.mapping(fields.get("status"))
            word = str(status.get("name") or "")
            category = linear_lore.mapping(status.get("statusCategory")).get("key") or self._jira.categories.get(word.casefold(), "")
            decided = category not in ("", "undefined") or fields.get("resolution") or fields.get("resolutiondate")
        else:
            status = linear_lore.mapping(value.get("state"))
            word = str(status.get("name") or (value.get("state") if not status else "") or "")
            decided = status.get("type") or value.get("completedAt") or value.get("canceledAt")
        return word, bool(decided) or is_known_state(word)

    def _rows(self, event: Record) -> tuple[jira_shape.JiraRows | linear_shape.LinearRows, Made] | None:
        try:
            if event.shape == "jira":
                jira = jira_shape.issue_rows(event.value, self._jira, site=self._site)
                return jira, self._made(jira, "project")
            linear = linear_shape.issue_rows(event.value, self._linear)
            return linear, self._made(linear, "team")
        except (jira_shape.ShapeError, linear_shape.ShapeError):
            return None  # named by the survey

    def _made(self, rows: jira_shape.JiraRows | linear_shape.LinearRows, kind: str) -> Made:
        item = rows.item
        backlog = item.backlog or self._backlog or self.opened.path.stem
        if backlog != item.backlog:
            item = item._replace(backlog=backlog)
            kind = "file"
        linear = rows if isinstance(rows, linear_shape.LinearRows) else None
        earlier = linear.earlier if linear else tuple(jira_history.earlier_keys(rows.changes, item.key))
        return Made(
            item,
            backlog,
            rows.backlog_name or backlog,
            kind or "team",
            links=rows.links,
            notes=rows.notes,
            changes=rows.changes,
            sprints=rows.sprints,
            goals=[],
            private_backlog=bool(linear and linear.private),
            earlier=earlier,
        )

    def _tell(self, bad: list[str], cut: list[str]) -> None:
        name = self.opened.name
        if bad:
            more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            self._complaints.say("bad_date", f"{name}, {bad[0]}{more}; left empty", len(bad))
        if cut:
            shown = ", ".join(cut[:5]) + (f" and {len(cut) - 5} more" if len(cut) > 5 else "")
            self._complaints.say("history_missing", f"{name} holds a part of the history of {shown}: save /changelog of them too", len(cut))

    def loose_histories(self, resolve: Callable[[str], str | None]) -> Iterator[tuple[list[Change], list[str]]]:
        """Yield changes of the bulk change log with the ids whose history is complete by them.

        `resolve` gives the id an item is known by, None for an issue that no file holds.
        """
        if not self._logs:
            return
        left = Counter(self._logs)
        waiting: dict[str, list[Any]] = {}
        changes: list[Change] = []
        complete: list[str] = []
        strangers = 0
        for event in self._events():
            if not isinstance(event, Record) or event.shape != "log":
                continue
            number = str(event.value["issueId"])
            left[number] -= 1
            waiting.setdefault(number, []).extend(event.value["changeHistories"])
            if left[number]:
                continue
            histories = waiting.pop(number)
            known = resolve(number)
            if known is None:
                strangers += 1
                continue
            changes.extend(jira_history.history_changes(known, histories, self._jira))
            complete.append(known)
            if len(changes) >= _CHANGES_A_PAGE:
                yield changes, complete
                changes, complete = [], []
        if changes or complete:
            yield changes, complete
        if strangers:
            message = f"{self.opened.name}: histories of {strangers} issues that no file of this source holds"
            self._complaints.say("history_stranger", message, strangers)

    def learn_from(self, others: list[Document]) -> None:
        """Take states and field names that other files know: a bulk change log has none of its own."""
        for other in others:
            for name, category in other._jira.categories.items():
                self._jira.categories.setdefault(name, category)
            self._jira.customs = {**other._jira.customs, **self._jira.customs}
            self._jira.names = {**other._jira.names, **self._jira.names}

    def objectives(self) -> list[Objective]:
        """Return Linear's initiatives as objectives."""
        found = [linear_shape.initiative_objective(initiative) for initiative in self._linear.initiatives.values()]
        return [objective for objective in found if objective.id]

    # --- what is wrong ---

    def _bad(self, line: int, reason: str, *, record: bool = True) -> None:
        self.rows += record
        self._complaints.leave_out(line, reason, ending="; it was left out" if record else "")

    def _close_counts(self) -> None:
        if self._odd_titles:
            name, odd = self.opened.name, self._odd_titles
            others = f", and {len(odd) - 1} more" if len(odd) > 1 else ""
            self._complaints.say("no_title", f"{name}, {odd[0]}{others}: the summary is no text", len(odd))
        if self._bare:
            message = f"{self.opened.name}: {self._bare} issues of the answer hold ids only: save it with the fields (fields=*all)"
            self._complaints.say("no_fields", message, self._bare, partial=True)
        self._complaints.close()


def _error_text(values: dict[str, Any]) -> str:
    """Return what the tracker itself says of an error (Jira's errorMessages and errors, GraphQL's errors), "" without one."""
    told: list[str] = []
    for found in (values.get("errorMessages"), values.get("errors")):
        if isinstance(found, dict):
            told.extend(f"{name}: {text}" for name, text in found.items())
        elif isinstance(found, list):
            told.extend(str(one["message"] if isinstance(one, dict) and "message" in one else one) for one in found)
        elif found:
            told.append(str(found))
    return "; ".join(told)[:300]


def _updated(value: Any) -> int:
    try:
        return instant_millis(value if isinstance(value, (str, int, float)) else None)
    except (ValueError, OverflowError):
        return 0
