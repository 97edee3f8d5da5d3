"""Write a finding back to an issue: a comment, a label or a card, each once however often it is asked for, and read back.

Linear lets the client choose the id of what it creates. Ours is made from the finding's key, so that a second attempt finds
the first; a card is the same card when issue and address are the same; a label is a member of a set.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from okrbot.model import Receipt

from ..http import RefusedError, UnsureError
from . import documents
from .client import Client
from .shapes import Label, Ref

_Row = TypeVar("_Row", bound=msgspec.Struct)

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://okrbot/linear")
_LONGEST = 60_000  # characters of a comment


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one issue. `key` names the finding it stands for: the same key never writes twice."""

    kind: Literal["comment", "label", "attachment"]
    item: str  # id or key of the issue
    key: str
    text: str = ""  # Markdown of the comment, name of the label, title of the card
    url: str = ""  # of the card
    subtitle: str = ""  # of the card


class _Issue(msgspec.Struct, rename="camel"):
    id: str
    identifier: str
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


def client_id(kind: str, issue: str, key: str) -> str:
    """Return the id of what an action creates: always the same for the same action (shaped as a version 4 UUID, as Linear asks)."""
    return str(uuid.UUID(bytes=uuid.uuid5(_SPACE, f"{kind}\x1f{issue}\x1f{key}").bytes, version=4))


class Writer:
    """Applies actions through one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def request(self, action: Action) -> tuple[str, dict[str, Any]]:
        """Return the document and variables that `apply` would send for an action, without sending anything.

        Names stand where only the service knows the id (issue key, label name). Raises ValueError for an action that says too little.
        """
        _check(action)
        if action.kind == "comment":
            return documents.document("write_comment"), {"input": self._comment_input(action, action.item)}
        if action.kind == "label":
            return documents.document("write_label"), {"issue": action.item, "label": action.text}
        return documents.document("write_attachment"), {"input": self._card_input(action, action.item)}

    def apply(self, action: Action) -> Receipt:
        """Do it and read it back. Raises SourceError when the service cannot be reached, ValueError for an action that says too little."""
        _check(action)
        issue = self._issue(action.item)
        if issue is None:
            return Receipt(ok=False, message=f"{action.item} is not visible to this account")
        return {"comment": self._comment, "label": self._label, "attachment": self._attachment}[action.kind](action, issue)

    def undo(self, action: Action, ref: str) -> Receipt:
        """Take back what `apply` made; `ref` is the receipt's. What is gone already counts as taken back."""
        _check(action)
        issue = self._issue(action.item)
        if issue is None:
            return Receipt(ok=False, message=f"{action.item} is not visible to this account", ref=ref)
        if action.kind == "label":
            if ref in (issue.label_ids or ()):
                self._send("undo_label", issue=issue.id, label=ref)
            again = self._issue(issue.id)
            gone = again is not None and ref not in (again.label_ids or ())
        elif action.kind == "comment":
            if self._comment_of(ref) is not None:
                self._send("undo_comment", id=ref)
            gone = self._comment_of(ref) is None
        else:
            if self._card_of(issue.id, action.url) is not None:
                self._send("undo_attachment", id=ref)
            gone = self._card_of(issue.id, action.url) is None
        return Receipt(ok=gone, message=f"{action.kind} on {issue.identifier} {'taken back' if gone else 'is still there'}", ref=ref)

    def _comment(self, action: Action, issue: _Issue) -> Receipt:
        id_ = client_id("comment", issue.id, action.key)
        found = self._comment_of(id_)
        if found is None:
            self._send("write_comment", input=self._comment_input(action, issue.id))
            found = self._comment_of(id_)
            word = "comment added to"
        else:
            word = "comment was already on"
        ok = found is not None and found.issue_id in (None, issue.id)
        return Receipt(
            ok=ok,
            message=f"{word} {issue.identifier}" if ok else f"the comment did not arrive on {issue.identifier}",
            ref=id_ if ok else "",
        )

    def _comment_input(self, action: Action, issue: str) -> dict[str, Any]:
        return {
            "id": client_id("comment", issue, action.key),
            "issueId": issue,
            "body": action.text[:_LONGEST],
            "doNotSubscribeToIssue": True,
        }

    def _label(self, action: Action, issue: _Issue) -> Receipt:
        label = self._label_of(action.text, issue)
        if label is None:
            given: dict[str, Any] = {"id": client_id("label", self._client.name, action.text.casefold()), "name": action.text}
            self._send("make_label", input=given)
            label = self._label_of(action.text, issue)
            if label is None:
                return Receipt(
                    ok=False, message=f"label {action.text!r} could not be made; make it in Linear, or let the account manage labels"
                )
        if label.is_group:
            return Receipt(ok=False, message=f"{action.text!r} is a group of labels in Linear; name one label of it")
        had = label.id in (issue.label_ids or ())
        if not had:
            self._send("write_label", issue=issue.id, label=label.id)
        again = issue if had else self._issue(issue.id)
        ok = again is not None and label.id in (again.label_ids or ())
        word = "was already on" if had else "added to" if ok else "did not arrive on"
        return Receipt(ok=ok, message=f"label {action.text!r} {word} {issue.identifier}", ref=label.id if ok else "")

    def _attachment(self, action: Action, issue: _Issue) -> Receipt:
        self._send("write_attachment", input=self._card_input(action, issue.id))
        found = self._card_of(issue.id, action.url)
        ok = found is not None and found.title == action.text
        text = f"card on {issue.identifier}" if ok else f"the card did not arrive on {issue.identifier}"
        return Receipt(ok=ok, message=text, ref=found.id if ok and found else "")

    def _card_input(self, action: Action, issue: str) -> dict[str, Any]:
        return {
            "id": client_id("attachment", issue, action.url),
            "issueId": issue,
            "title": action.text,
            "subtitle": action.subtitle,
            "url": action.url,
            "metadata": {"finding": action.key},
        }

    def _send(self, name: str, **variables: Any) -> None:
        """Send a mutation. A lost answer or a refusal of an id that exists is settled by the reading that follows."""
        try:
            self._client.change(name, **variables)
        except UnsureError:
            return
        except RefusedError as trouble:
            if "exist" not in str(trouble).lower() and "duplicate" not in str(trouble).lower() and "not found" not in str(trouble).lower():
                raise

    def _issue(self, item: str) -> _Issue | None:
        try:
            return self._client.ask("look_issue", _into(_Found), issue=item).issue
        except RefusedError as trouble:
            if "not found" in str(trouble).lower():
                return None
            raise

    def _comment_of(self, id_: str) -> _Comment | None:
        return next(iter(self._rows("look_comment", _Comment, id=id_)), None)

    def _card_of(self, issue: str, url: str) -> _Card | None:
        return next((card for card in self._rows("look_attachment", _Card, issue=issue, url=url) if card.url == url), None)

    def _label_of(self, name: str, issue: _Issue) -> Label | None:
        """Return the label of that name that may stand on the issue: its team's own before the workspace's."""
        team = issue.team.id if issue.team else ""
        fitting = [label for label in self._rows("look_label", Label, name=name) if label.team is None or label.team.id == team]
        return min(fitting, key=lambda label: (label.team is None, label.id), default=None)

    def _rows(self, document: str, kind: type[_Row], **variables: Any) -> list[_Row]:
        return [msgspec.json.decode(node, type=kind) for node in self._client.rows(document, variables)]


def _check(action: Action) -> None:
    needed: Mapping[str, tuple[str, ...]] = {"comment": ("text",), "label": ("text",), "attachment": ("text", "url")}
    if action.kind not in needed:
        raise ValueError(f"{action.kind!r} is no kind of change; use comment, label or attachment")
    for field in ("item", "key", *needed[action.kind]):
        if not getattr(action, field):
            raise ValueError(f"a {action.kind} needs {field}")


def _into(kind: type[_Row]) -> Callable[[msgspec.Raw], _Row]:
    return lambda data: msgspec.json.decode(data, type=kind)
