"""Write a finding back to an issue: a comment, a label or a card, each once however often it is asked for, and read back.

Linear lets the client choose the id of what it creates. Ours is made from the finding's marker, so that a second attempt
finds the first; a card is the same card when issue and address are the same, and ours when its metadata says so; a label
is a member of a set.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from okrbot.model import Millis, Receipt

from ..http import RefusedError, UnsureError
from ..text import instant_millis
from . import documents
from .client import Client
from .shapes import Label, Ref

_Row = TypeVar("_Row", bound=msgspec.Struct)

LONGEST_COMMENT = 30_000  # letters
_SPACE = uuid.UUID("5f0b6c7e-6a35-5c55-9b0e-3f8c1d2a4e71")
_NEEDS = {"comment": ("text",), "label": ("text",), "attachment": ("text", "url"), "remote_link": ("text", "url")}


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one issue. `marker` names the finding it stands for: the same marker never writes twice.

    comment: `text` is posted as Markdown. label: `text` is its name; one that does not exist is made. attachment (or
    remote_link): a card titled `text` that leads to `url`, with `value` as its second line. With `remove` it is taken back.
    """

    kind: Literal["comment", "label", "attachment", "remote_link"]
    key: str  # key or id of the issue
    marker: str
    text: str = ""
    url: str = ""
    value: Any = None
    remove: bool = False


class _Issue(msgspec.Struct, rename="camel"):
    id: str
    identifier: str
    updated_at: str | None = None
    label_ids: list[str] | None = None
    team: Ref | None = None


class _Found(msgspec.Struct):
    issue: _Issue | None = None


class _Comment(msgspec.Struct, rename="camel"):
    id: str
    body: str | None = None
    issue_id: str | None = None


class _Card(msgspec.Struct):
    id: str
    url: str | None = None
    title: str | None = None
    subtitle: str | None = None
    metadata: dict[str, Any] | None = None


def client_id(kind: str, issue: str, marker: str) -> str:
    """Return the id of what an action creates: always the same for the same action (shaped as a version 4 UUID, as Linear asks)."""
    return str(uuid.UUID(bytes=uuid.uuid5(_SPACE, f"{kind}\x1f{issue}\x1f{marker}").bytes, version=4))


class Writer:
    """Applies actions through one client. A lost answer is settled by looking, never by writing again blindly."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def request(self, action: Action) -> tuple[str, dict[str, Any]]:
        """Return the document and variables that `apply` would send, without sending anything.

        Names stand where only the service knows the id (issue key, label). Raises ValueError for an action that says too little.
        """
        _check(action)
        if action.kind == "label":
            name = "undo_label" if action.remove else "write_label"
            return documents.document(name), {"issue": action.key, "label": action.text}
        if action.kind == "comment":
            given = _comment_input(action, action.key)
            return (
                (documents.document("undo_comment"), {"id": given["id"]})
                if action.remove
                else (documents.document("write_comment"), {"input": given})
            )
        given = _card_input(action, action.key)
        return (
            (documents.document("undo_attachment"), {"id": action.value or f"the card's, found by {action.url}"})
            if action.remove
            else (documents.document("write_attachment"), {"input": given})
        )

    def apply(self, action: Action) -> Receipt:
        """Do it and read it back. Raises SourceError when Linear cannot be reached, ValueError for an action that says too little."""
        _check(action)
        try:
            issue = self._issue(action.key)
            if issue is None:
                return Receipt(ok=False, message=f"{action.key} is not visible to this account")
            do = {"comment": self._comment, "label": self._label}.get(action.kind, self._card)
            return do(action, issue)
        except RefusedError as no:
            if no.status in (401, 429):
                raise
            return Receipt(ok=False, message=str(no))

    def look(self, action: Action) -> bool:
        """Tell whether what the action makes stands on the issue now; nothing is changed. Raises SourceError."""
        _check(action)
        issue = self._issue(action.key)
        if issue is None:
            return False
        if action.kind == "comment":
            return self._comment_of(client_id("comment", issue.id, action.marker)) is not None
        if action.kind == "label":
            label = self._label_of(action.text, issue)
            return label is not None and label.id in (issue.label_ids or ())
        return _is_card(self._card_of(issue.id, action.url), action)

    def updated(self, key: str) -> Millis | None:
        """Return when the issue changed last by Linear's word, None when it is not visible. Raises SourceError."""
        issue = self._issue(key)
        return instant_millis(issue.updated_at) if issue is not None else None

    def _comment(self, action: Action, issue: _Issue) -> Receipt:
        id_ = client_id("comment", issue.id, action.marker)
        had = self._comment_of(id_) is not None
        if had == action.remove:
            self._send("undo_comment", id=id_) if action.remove else self._send("write_comment", input=_comment_input(action, issue.id))
        there = self._comment_of(id_)
        if action.remove:
            return _receipt(there is None, f"comment on {issue.identifier}", "taken back", "is still there", id_)
        right = there is not None and there.issue_id in (None, issue.id)
        return _receipt(right, f"comment on {issue.identifier}", "was there already" if had else "added", "did not arrive", id_)

    def _label(self, action: Action, issue: _Issue) -> Receipt:
        label = self._label_of(action.text, issue)
        if label is None and action.remove:
            return Receipt(ok=True, message=f"there is no label {action.text!r}")
        if label is None:
            given = {"id": client_id("label", self._client.name, action.text.casefold()), "name": action.text}
            self._send("make_label", input=given)
            label = self._label_of(action.text, issue)
        if label is None:
            return Receipt(
                ok=False, message=f"label {action.text!r} could not be made; make it in Linear, or let the account manage labels"
            )
        if label.is_group:
            return Receipt(ok=False, message=f"{action.text!r} is a group of labels in Linear; name one label of it")
        had = label.id in (issue.label_ids or ())
        if had == action.remove:
            self._send("undo_label" if action.remove else "write_label", issue=issue.id, label=label.id)
        again = self._issue(issue.id)
        there = again is not None and label.id in (again.label_ids or ())
        name = f"label {action.text!r} on {issue.identifier}"
        if action.remove:
            return _receipt(not there, name, "taken off", "is still there", label.id)
        return _receipt(there, name, "was there already" if had else "added", "did not arrive", label.id)

    def _card(self, action: Action, issue: _Issue) -> Receipt:
        had = self._card_of(issue.id, action.url)
        if had is not None and "okrbot" not in (had.metadata or {}):
            text = f"{issue.identifier} has a card to {action.url} that somebody else made; it is left alone"
            return Receipt(ok=action.remove, message=text)
        if not action.remove:
            self._send("write_attachment", input=_card_input(action, issue.id))  # the same issue and address update the same card
        elif had is not None:
            self._send("undo_attachment", id=had.id)
        there = self._card_of(issue.id, action.url)
        if action.remove:
            return _receipt(there is None, f"card on {issue.identifier}", "taken back", "is still there", had.id if had else "")
        right = there is not None and _is_card(there, action)
        return _receipt(right, f"card on {issue.identifier}", "updated" if had else "added", "did not arrive", there.id if there else "")

    def _send(self, name: str, **variables: Any) -> None:
        """Send a mutation. A lost answer, or the refusal of an id that exists or is gone, is settled by the reading that follows."""
        try:
            self._client.change(name, **variables)
        except UnsureError:
            return
        except RefusedError as no:
            if not any(word in str(no).lower() for word in ("exist", "duplicate", "not found", "could not find")):
                raise

    def _issue(self, key: str) -> _Issue | None:
        try:
            return self._client.ask("look_issue", _into(_Found), issue=key).issue
        except RefusedError as no:
            if any(word in str(no).lower() for word in ("not found", "could not find")):
                return None
            raise

    def _comment_of(self, id_: str) -> _Comment | None:
        return next(iter(self._rows("look_comment", _Comment, id=id_)), None)

    def _card_of(self, issue: str, url: str) -> _Card | None:
        return next((card for card in self._rows("look_attachment", _Card, issue=issue, url=url) if card.url == url), None)

    def _label_of(self, name: str, issue: _Issue) -> Label | None:
        """Return the label of that name that may stand on the issue: its team's own before the workspace's."""
        team = issue.team.id if issue.team else ""
        fitting = [label for label in self._rows("look_label", Label, label=name) if label.team is None or label.team.id == team]
        return min(fitting, key=lambda label: (label.team is None, label.id), default=None)

    def _rows(self, document: str, kind: type[_Row], **variables: Any) -> list[_Row]:
        return [msgspec.json.decode(node, type=kind) for node in self._client.rows(document, variables)]


def _receipt(ok: bool, what: str, done: str, undone: str, ref: str) -> Receipt:
    return Receipt(ok=ok, message=f"{what} {done if ok else undone}", ref=ref if ok else "")


def _comment_input(action: Action, issue: str) -> dict[str, Any]:
    id_ = client_id("comment", issue, action.marker)
    return {"id": id_, "issueId": issue, "body": action.text[:LONGEST_COMMENT], "doNotSubscribeToIssue": True}


def _card_input(action: Action, issue: str) -> dict[str, Any]:
    second = {"subtitle": str(action.value)} if action.value else {}
    return {"issueId": issue, "title": action.text, **second, "url": action.url, "metadata": {"okrbot": action.marker}}


def _is_card(card: _Card | None, action: Action) -> bool:
    """Tell whether a card says what the action says: an older one of the same address does not."""
    return card is not None and card.title == action.text and (card.subtitle or "") == str(action.value or "")


def _check(action: Action) -> None:
    if action.kind not in _NEEDS:
        raise ValueError(f"{action.kind!r} is no kind of change; use comment, label or attachment")
    for field in ("key", "marker", *_NEEDS[action.kind]):
        if not getattr(action, field):
            raise ValueError(f"{'an' if action.kind == 'attachment' else 'a'} {action.kind} needs {field}")


def _into(kind: type[_Row]) -> Callable[[msgspec.Raw], _Row]:
    return lambda data: msgspec.json.decode(data, type=kind)
