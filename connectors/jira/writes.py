"""Writes back to a Jira issue, so that asking twice writes once: markers, a look before every comment, and a look after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import quote as url_quote

import msgspec

from okrbot.model import Receipt

from ..http import Answer, RefusedError, Sender, UnsureError
from ..text import body_text
from .site import Who

T = TypeVar("T")

LONGEST_COMMENT = 30_000  # letters; Jira's own limit is 32,767
LONGEST_PROPERTY = 32_768  # bytes
MOST_COMMENTS = 5000


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one issue. `marker` names the finding it stands for: the same marker never writes twice.

    comment: `text` is posted; the marker is a last line of its own. label: `text` is added, or taken off with `remove`.
    remote_link: a link titled `text` to `url`; the marker is its globalId. property: `value` under the marker.
    field: field `text` (its id) is set to `value`, if it is not that already.
    """

    kind: Literal["comment", "label", "remote_link", "property", "field"]
    key: str  # key or id of the issue
    marker: str
    text: str = ""
    url: str = ""
    value: Any = None
    remove: bool = False


class Writer:
    """Applies actions with the source's account. A lost answer is settled by looking, never by writing again blindly."""

    def __init__(self, sender: Sender, who: Who) -> None:
        self._sender = sender
        self._who = who

    def apply(self, action: Action) -> Receipt:
        """Do one action and read it back. Raises SourceError when Jira cannot be reached; refusals are in the receipt."""
        do: Callable[[Action, str], Receipt] = {
            "comment": self._comment,
            "label": self._label,
            "remote_link": self._remote_link,
            "property": self._property,
            "field": self._field,
        }[action.kind]
        try:
            return do(action, f"{self._who.api}/issue/{url_quote(action.key, safe='')}")
        except RefusedError as no:
            if no.status in (401, 429):
                raise
            return Receipt(False, str(no))

    def _send(self, method: str, path: str, body: Any, issue: str) -> Answer | None:
        """Write once; None when the answer was lost and only a look can tell what happened."""
        try:
            return self._sender.write(method, path, body=body, endpoint=f"write {issue}")
        except UnsureError:
            return None

    def _read(self, path: str, kind: type[T], **params: Any) -> T:
        return self._sender.read(path, msgspec.json.Decoder(kind).decode, params=params, endpoint=f"GET {path.rsplit('/', 1)[1]}")[0]

    def _comment(self, action: Action, path: str) -> Receipt:
        line = f"[okrbot {action.marker}]"
        old = self._find_comment(path, line)
        if old:
            return Receipt(True, f"{action.key} has this comment already", old)
        text = f"{action.text[:LONGEST_COMMENT]}\n\n{line}"
        self._send("POST", f"{path}/comment", {"body": _document(text) if self._who.cloud else text}, action.key)
        made = self._find_comment(path, line)
        return Receipt(bool(made), f"commented on {action.key}" if made else f"the comment on {action.key} did not arrive; try again", made)

    def _find_comment(self, path: str, line: str) -> str:
        start = 0
        while start < MOST_COMMENTS:
            page = self._read(f"{path}/comment", dict[str, Any], startAt=start, maxResults=100)
            comments = page.get("comments") or []
            for comment in comments:
                if line in body_text(comment.get("body")) or line in str(comment.get("body")):
                    return str(comment.get("id", ""))
            start += len(comments)
            if not comments or start >= int(page.get("total") or 0):
                break
        return ""

    def _label(self, action: Action, path: str) -> Receipt:
        if " " in action.text or not action.text:
            return Receipt(False, f"{action.text!r} is no label: Jira's labels have no blanks")
        if (action.text in self._labels(path)) != action.remove:
            return Receipt(True, f"{action.key} is as wanted already", action.text)
        change = {"remove" if action.remove else "add": action.text}  # never the whole list: others write labels too
        self._send("PUT", path, {"update": {"labels": [change]}}, action.key)
        done = (action.text in self._labels(path)) != action.remove
        word = "taken off" if action.remove else "put on"
        return Receipt(
            done, f"label {action.text} {word} {action.key}" if done else f"the label on {action.key} did not change", action.text
        )

    def _labels(self, path: str) -> list[str]:
        return list((self._read(path, dict[str, Any], fields="labels").get("fields") or {}).get("labels") or ())

    def _remote_link(self, action: Action, path: str) -> Receipt:
        marker = f"okrbot={action.marker}"[:255]
        body = {"globalId": marker, "object": {"url": action.url, "title": action.text}}
        self._send("POST", f"{path}/remotelink", body, action.key)  # the same globalId updates, so a lost answer does no harm
        found = self._look(f"{path}/remotelink", globalId=marker)
        made = isinstance(found, dict) and (found.get("object") or {}).get("url") == action.url
        return Receipt(
            made, f"linked from {action.key}" if made else f"the link on {action.key} did not arrive; try again", marker if made else ""
        )

    def _property(self, action: Action, path: str) -> Receipt:
        place = f"{path}/properties/{url_quote(f'okrbot.{action.marker}', safe='')}"
        if len(msgspec.json.encode(action.value)) > LONGEST_PROPERTY:
            return Receipt(False, f"the property of {action.key} is larger than Jira takes (32 KB)")
        self._send("PUT", place, action.value, action.key)
        found = self._look(place)
        made = isinstance(found, dict) and found.get("value") == action.value
        return Receipt(
            made, f"noted on {action.key}" if made else f"the property of {action.key} did not arrive", action.marker if made else ""
        )

    def _field(self, action: Action, path: str) -> Receipt:
        if self._value(path, action.text) == action.value:
            return Receipt(True, f"{action.key} is as wanted already", action.text)
        self._send("PUT", path, {"fields": {action.text: action.value}}, action.key)
        now = self._value(path, action.text)
        done = _same(now, action.value)
        return Receipt(done, f"{action.text} of {action.key} set" if done else f"{action.text} of {action.key} did not change", action.text)

    def _value(self, path: str, name: str) -> Any:
        return (self._read(path, dict[str, Any], fields=name).get("fields") or {}).get(name)

    def _look(self, path: str, **params: Any) -> Any:
        try:
            return self._read(path, object, **params)
        except RefusedError as no:
            if no.status == 404:
                return None
            raise


def _same(now: Any, wanted: Any) -> bool:
    """Tell whether a field holds what was written: Jira answers with more than it was told ({"id": "3"} becomes a whole priority)."""
    if isinstance(now, dict) and isinstance(wanted, dict):
        return all(_same(now.get(name), value) for name, value in wanted.items())
    if isinstance(now, list) and isinstance(wanted, list):
        return len(now) == len(wanted) and all(map(_same, now, wanted))
    return bool(now == wanted)


def _document(text: str) -> dict[str, Any]:
    """Return plain text as a document, a paragraph a line."""
    lines = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")]
    return {"type": "doc", "version": 1, "content": lines}
