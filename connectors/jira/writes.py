"""Writes back to a Jira issue, so that asking twice writes once: markers, a look before every comment, and a look after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import quote as url_quote

import msgspec

from okrbot.model import Millis, Receipt

from ..http import Answer, RefusedError, Sender, UnsureError
from ..text import body_text, instant_millis
from .site import Who

T = TypeVar("T")

LONGEST_COMMENT = 30_000  # letters; Jira's own limit is 32,767
LONGEST_PROPERTY = 32_768  # bytes
LONGEST_TITLE = 255  # letters of a remote link's title
MOST_COMMENTS = 5000


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one issue. `marker` names the finding it stands for: the same marker never writes twice.

    comment: `text` is posted; the marker is a last line of its own. label: `text` is added. remote_link: a link titled
    `text` to `url`, with `value` as its second line; the marker is its globalId. property: `value` under the marker.
    field: field `text` (its id) is set to `value`, if it is not that already. With `remove` a comment, label or link is
    taken back; `value` may then be its ref, which only `request` shows.
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
            return do(action, self._path(action))
        except RefusedError as no:
            if no.status in (401, 429):
                raise
            return Receipt(False, str(no))

    def request(self, action: Action) -> tuple[str, Any]:
        """Return method and address, and the body, that `apply` would send; nothing is sent."""
        path = self._path(action)
        method, rest, body = _request(action, cloud=self._who.cloud)
        return f"{method} {self._sender.base}{path}{rest}", body

    def look(self, action: Action) -> bool:
        """Tell whether what the action makes stands on the issue now; nothing is changed. Raises SourceError."""
        path = self._path(action)
        try:
            match action.kind:
                case "comment":
                    return bool(self._find_comment(path, _mark(action)))
                case "label":
                    return action.text in self._labels(path)
                case "remote_link":
                    return _is_linked(self._look(f"{path}/remotelink", globalId=_global_id(action)), action)
                case _:
                    raise ValueError(f"a {action.kind} cannot be looked up")
        except RefusedError as no:
            if no.status == 404:
                return False
            raise

    def updated(self, key: str) -> Millis | None:
        """Return when the issue changed last by Jira's word, None when it is not visible. Raises SourceError."""
        try:
            found = self._read(f"{self._who.api}/issue/{url_quote(key, safe='')}", dict[str, Any], fields="updated")
        except RefusedError as no:
            if no.status == 404:
                return None
            raise
        return instant_millis((found.get("fields") or {}).get("updated"))

    def _path(self, action: Action) -> str:
        return f"{self._who.api}/issue/{url_quote(action.key, safe='')}"

    def _send(self, method: str, path: str, body: Any, issue: str, **params: Any) -> Answer | None:
        """Write once; None when the answer was lost and only a look can tell what happened."""
        try:
            return self._sender.write(method, path, params=params, body=body, endpoint=f"write {issue}")
        except UnsureError:
            return None

    def _read(self, path: str, kind: type[T], **params: Any) -> T:
        return self._sender.read(path, msgspec.json.Decoder(kind).decode, params=params, endpoint=f"GET {path.rsplit('/', 1)[1]}")[0]

    def _comment(self, action: Action, path: str) -> Receipt:
        old = self._find_comment(path, _mark(action))
        if action.remove:
            return self._uncomment(action, path, old)
        if old:
            return Receipt(True, f"{action.key} has this comment already", str(old.get("id", "")))
        self._send("POST", f"{path}/comment", _request(action, cloud=self._who.cloud)[2], action.key)
        made = str(self._find_comment(path, _mark(action)).get("id", ""))
        return Receipt(bool(made), f"commented on {action.key}" if made else f"the comment on {action.key} did not arrive; try again", made)

    def _uncomment(self, action: Action, path: str, old: dict[str, Any]) -> Receipt:
        """Take back our own comment; one that another account wrote is left alone, whatever its last line says."""
        author, number = old.get("author") or {}, str(old.get("id", ""))
        if author and self._who.account not in (author.get("accountId"), author.get("key"), author.get("name")):
            return Receipt(False, f"comment {number} on {action.key} was written by another account and is left alone", number)
        if old:
            self._send("DELETE", f"{path}/comment/{url_quote(number, safe='')}", None, action.key)
        gone = not old or not self._find_comment(path, _mark(action))
        return Receipt(gone, f"comment on {action.key} {'taken back' if gone else 'is still there'}", number)

    def _find_comment(self, path: str, line: str) -> dict[str, Any]:
        """Return the comment whose last line is `line`, {} when there is none: people quote, but go on in words of their own."""
        start = 0
        while start < MOST_COMMENTS:
            page = self._read(f"{path}/comment", dict[str, Any], startAt=start, maxResults=100)
            comments = page.get("comments") or []
            for comment in comments:
                body = comment.get("body")
                if body_text(body).rstrip().endswith(line) or (isinstance(body, str) and body.rstrip().endswith(line)):
                    found: dict[str, Any] = comment
                    return found
            start += len(comments)
            if not comments or start >= int(page.get("total") or 0):
                break
        return {}

    def _label(self, action: Action, path: str) -> Receipt:
        if " " in action.text or not action.text:
            return Receipt(False, f"{action.text!r} is no label: Jira's labels have no blanks")
        if (action.text in self._labels(path)) != action.remove:
            return Receipt(True, f"{action.key} is as wanted already", action.text)
        self._send("PUT", path, _request(action, cloud=self._who.cloud)[2], action.key)
        done = (action.text in self._labels(path)) != action.remove
        word = "taken off" if action.remove else "put on"
        return Receipt(
            done, f"label {action.text} {word} {action.key}" if done else f"the label on {action.key} did not change", action.text
        )

    def _labels(self, path: str) -> list[str]:
        return list((self._read(path, dict[str, Any], fields="labels").get("fields") or {}).get("labels") or ())

    def _remote_link(self, action: Action, path: str) -> Receipt:
        marker = _global_id(action)
        place = f"{path}/remotelink"
        if action.remove:
            if self._look(place, globalId=marker) is not None:
                self._send("DELETE", place, None, action.key, globalId=marker)
            gone = self._look(place, globalId=marker) is None
            return Receipt(gone, f"link on {action.key} {'taken back' if gone else 'is still there'}", marker)
        # the same globalId updates, so a lost answer does no harm
        self._send("POST", place, _request(action, cloud=self._who.cloud)[2], action.key)
        made = _is_linked(self._look(place, globalId=marker), action)
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
        self._send("PUT", path, _request(action, cloud=self._who.cloud)[2], action.key)
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


def _mark(action: Action) -> str:
    return f"[okrbot {action.marker}]"


def _global_id(action: Action) -> str:
    return f"okrbot={action.marker}"[:255]


def _request(action: Action, *, cloud: bool) -> tuple[str, str, Any]:
    """Return method, what follows the issue's address, and body of an action."""
    match action.kind:
        case "comment" if action.remove:
            return "DELETE", f"/comment/{action.value or '{id}'}", None
        case "comment":
            text = f"{action.text[:LONGEST_COMMENT]}\n\n{_mark(action)}"
            return "POST", "/comment", {"body": _document(text) if cloud else text}
        case "label":
            # never the whole list: others write labels too
            return "PUT", "", {"update": {"labels": [{"remove" if action.remove else "add": action.text}]}}
        case "remote_link" if action.remove:
            return "DELETE", f"/remotelink?globalId={url_quote(_global_id(action), safe='')}", None
        case "remote_link":
            second = {"summary": str(action.value)} if action.value else {}
            shown = {"url": action.url, "title": action.text[:LONGEST_TITLE], **second}
            return "POST", "/remotelink", {"globalId": _global_id(action), "object": shown}
        case "property":
            return "PUT", f"/properties/{url_quote(f'okrbot.{action.marker}', safe='')}", action.value
        case "field":
            return "PUT", "", {"fields": {action.text: action.value}}


def _is_linked(found: Any, action: Action) -> bool:
    """Tell whether a remote link is the one the action makes: an older one under the same globalId is not."""
    shown = (found.get("object") or {}) if isinstance(found, dict) else {}
    title = " ".join(str(shown.get("title") or "").split())
    second = " ".join(str(shown.get("summary") or "").split())
    wanted = " ".join(action.text[:LONGEST_TITLE].split())
    return bool(shown.get("url") == action.url and title == wanted and second == " ".join(str(action.value or "").split()))


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
