"""People of the fake workspace: they see what is really on a message, a modal or Home, and can click only that."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fake_slack.api import RefusedError
from fake_slack.blocks import wrong_option
from fake_slack.mrkdwn import shown
from fake_slack.workspace import APP, TEAM, TEAM_DOMAIN, Message, User, View

if TYPE_CHECKING:
    from fake_slack.server import Ack, FakeSlack

Seen = Message | View
_STATEFUL = ("select", "radio_buttons", "checkboxes", "picker", "input")


class NotAnsweredError(AssertionError):
    """The bot did not answer in time: this person sees Slack's error."""


class Person:
    """Somebody in the workspace. Labels are the words on the screen; action ids will do as well."""

    def __init__(self, slack: FakeSlack, user: User) -> None:
        self.slack, self.user = slack, user
        self.id, self.name, self.email = user.id, user.name, user.email

    def __repr__(self) -> str:
        return f"<{self.name}>"

    # --- what is seen -------------------------------------------------------------------------------------------------------

    def messages(self, channel: str = "") -> list[Message]:
        """Return what this person sees in a channel (default: the direct messages with the bot), oldest first."""
        self.slack.api.settle()
        with self.slack.space.lock:
            found = self.slack.space.find_channel(channel or self.id)
            assert found is not None, f"there is no channel {channel}"
            assert found.kind == "public" or self.id in found.members, f"{self.name} cannot see {channel}"
            return [m for m in self.slack.space.messages if m.channel == found.id and m.visible_to in ("", self.id)]

    def notices(self, channel: str = "") -> list[Message]:
        """Return the messages only this person sees, in one channel or everywhere."""
        found = self.slack.space.find_channel(channel) if channel else None
        return [m for m in self.slack.space.messages if m.visible_to == self.id and (found is None or m.channel == found.id)]

    @property
    def modal(self) -> View:
        """Return the modal on top."""
        stack = self.modals
        assert stack, f"{self.name} has no modal open"
        return stack[-1]

    @property
    def modals(self) -> list[View]:
        """Return the open modals, lowest first."""
        return [v for v in self.slack.space.views.values() if v.user == self.id and not v.closed and v.body["type"] == "modal"]

    @property
    def home(self) -> View:
        """Return Home as it was last published."""
        assert self.id in self.slack.space.homes, f"{self.name}'s Home was never published"
        return self.slack.space.homes[self.id]

    @staticmethod
    def reads(seen: Seen) -> str:
        """Return the words on a message, modal or Home."""
        blocks = seen.body if isinstance(seen, View) else seen.blocks or [{"type": "mrkdwn", "text": seen.text}]
        return shown(blocks)

    @staticmethod
    def can_click(seen: Seen) -> list[str]:
        """Return the words of every button, select and overflow entry."""
        words: list[str] = []
        for _, element in _elements(seen):
            words.append(_label(element))
            words += [o["text"]["text"] for o in element.get("options", [])]
        return words

    # --- interactions -------------------------------------------------------------------------------------------------------

    def click(self, seen: Seen, label: str, *, times: int = 1, expect_error: bool = False, value: str = "") -> Ack:
        """Click the button called `label` (the first with `value`, if given), `times` times delivered. Raises NotAnsweredError."""
        block, element = self._find(seen, label, ("button",), value=value)
        action = {"type": "button", "action_id": element["action_id"], "block_id": block["block_id"], "text": element["text"]}
        action |= {key: element[key] for key in ("value", "style", "url") if key in element}
        return self._act(seen, action, times=times, expect_error=expect_error)

    def choose(self, seen: Seen, label: str, option: str, *, expect_error: bool = False, value: str = "") -> Ack:
        """Choose the option that reads `option` in the select, radio group or overflow called `label`."""
        block, element = self._find(
            seen, label, ("static_select", "external_select", "overflow", "radio_buttons"), option=option, value=value
        )
        options = self.search(seen, label, option, value=value) if element["type"] == "external_select" else element["options"]
        found = next((o for o in options if option in (o["text"]["text"], o["value"])), None) or next(
            (o for o in options if option in o["text"]["text"]), None
        )
        assert found is not None, f"{label!r} has no option {option!r}: {[o['text']['text'] for o in options]}"
        chosen = {k: found[k] for k in ("text", "value") if k in found}
        if isinstance(seen, View):
            seen.values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], "selected_option": chosen}
            if block["type"] == "input" and not block.get("dispatch_action"):
                return _quiet()
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"], "selected_option": chosen}
        if "placeholder" in element:
            action["placeholder"] = element["placeholder"]
        return self._act(seen, action, expect_error=expect_error)

    def search(self, seen: Seen, label: str, query: str, *, value: str = "") -> list[dict[str, Any]]:
        """Type into an external select and return the options offered. Raises NotAnsweredError."""
        block, element = self._find(seen, label, ("external_select",), value=value)
        if len(query) < int(element.get("min_query_length", 3)):
            return []
        payload = self._payload("block_suggestion", seen) | {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": query,
        }
        payload.pop("trigger_id", None)
        payload.pop("response_url", None)
        payload.pop("state", None)
        ack = self.slack.deliver("block_suggestion", payload)
        if not ack.ok or not isinstance(ack.body, dict):
            raise NotAnsweredError(f"no options for {query!r}: {ack.error or ack.body!r}")
        options = ack.body.get("options") or [o for group in ack.body.get("option_groups", []) for o in group["options"]]
        if len(options) > 100:
            self.slack.space.breach(f"block_suggestion: {len(options)} options")
        for option in options:
            for line in wrong_option(option, "block_suggestion"):
                self.slack.space.breach(line)
        return list(options)

    def fill(self, label: str, text: Any, *, view: View | None = None) -> None:
        """Type `text` into the modal's input called `label`, or choose an option (or options, for checkboxes) of it."""
        modal = view or self.modal
        block = next(
            (
                b
                for b in modal.body["blocks"]
                if b["type"] == "input" and label in (b["label"]["text"], b["block_id"], b["element"].get("action_id"))
            ),
            None,
        )
        assert block is not None, f"no input {label!r} on the modal: {shown(modal.body)}"
        element = block["element"]
        kind = element["type"]
        if kind.endswith("text_input") or kind == "number_input":
            assert len(text) <= int(element.get("max_length", 3000)), "longer than the input takes"
            values: dict[str, Any] = {"type": kind, "value": text}
        elif kind in ("datepicker", "timepicker"):
            values = {"type": kind, f"selected_{kind.removesuffix('picker')}": text}
        elif kind in ("checkboxes", "multi_static_select"):
            picked = [o for o in element["options"] if o["text"]["text"] in text or o["value"] in text]
            assert len(picked) == len(text), f"{label!r} does not offer {text}"
            values = {"type": kind, "selected_options": picked}
        else:
            self.choose(modal, element["action_id"], str(text))
            return
        modal.values.setdefault(block["block_id"], {})[element["action_id"]] = values

    def submit(self, *, expect_error: bool = False) -> dict[str, Any]:
        """Press the modal's submit button; return the errors shown beside its inputs ({} when it was taken). Raises NotAnsweredError."""
        modal = self.modal
        assert modal.body.get("submit"), "the modal has no submit button"
        empty = {
            b["block_id"]: "required"
            for b in modal.body["blocks"]
            if b["type"] == "input"
            and not b.get("optional")
            and not _filled(modal.values.get(b["block_id"], {}).get(b["element"].get("action_id")), b["element"])
        }
        if empty:
            return empty
        body = self._payload("view_submission", modal) | {"response_urls": []}
        for key in ("container", "state"):
            body.pop(key, None)
        body["view"]["state"] = {"values": _state(modal.body["blocks"], modal.values)}
        ack = self.slack.deliver("interactive", body)
        if not ack.ok:
            if expect_error:
                return {"": ack.error}
            raise NotAnsweredError(f"{self.name} submitted and saw Slack's error: {ack.error} {ack.body!r}")
        return self._after_submit(modal, ack.body if isinstance(ack.body, dict) else {})

    def _after_submit(self, modal: View, answer: dict[str, Any]) -> dict[str, Any]:
        action = answer.get("response_action")
        api = self.slack.api
        if action == "errors":
            known = {b["block_id"] for b in modal.body["blocks"] if b["type"] == "input"}
            for name in set(answer["errors"]) - known:
                self.slack.space.breach(f"view_submission: an error for {name!r}, which is no input")
            return dict(answer["errors"])
        try:
            if action == "update":
                api.replace_view("response_action", modal, answer["view"])
            elif action == "push":
                api.new_view("response_action", self.id, answer["view"], previous=modal)
            elif action == "clear":
                for view in self.modals:
                    view.closed = True
            elif action is None:
                modal.closed = True
            else:
                self.slack.space.breach(f"view_submission: response_action {action!r}")
        except RefusedError as refused:
            raise NotAnsweredError(f"the view in the answer was refused: {refused.error} {refused.more}") from None
        return {}

    def close(self) -> None:
        """Close the modal on top."""
        modal = self.modal
        modal.closed = True
        if modal.body.get("notify_on_close"):
            body = self._payload("view_closed", modal) | {"is_cleared": False}
            self.slack.deliver("interactive", body)

    def command(self, text: str = "", *, command: str = "/okrbot", channel: str = "", expect_error: bool = False) -> Ack:
        """Type a slash command; what it answers at once is among `notices`. Raises NotAnsweredError."""
        where = self.slack.space.find_channel(channel or self.id)
        assert where is not None, f"there is no channel {channel}"
        payload = {
            "token": "verification",
            "team_id": self.user.team,
            "team_domain": TEAM_DOMAIN,
            "channel_id": where.id,
            "channel_name": "directmessage" if where.kind == "im" else where.name,
            "user_id": self.id,
            "user_name": self.name,
            "command": command,
            "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self.slack.response_url(where.id, self.id),
            "trigger_id": self.slack.space.new_trigger(self.id),
        }
        ack = self.slack.deliver("slash_commands", payload)
        if not ack.ok and not expect_error:
            raise NotAnsweredError(f"{command} {text}: {ack.error} {ack.body!r}")
        body = ack.body if isinstance(ack.body, dict) else {"text": ack.body} if ack.body else {}
        if ack.ok and (body.get("text") or body.get("blocks")):
            self.slack.api.respond(payload["response_url"].rsplit("/", 1)[1], {**body})
        return ack

    def open_home(self, *, expect_error: bool = False) -> Ack:
        """Open the bot's Home tab."""
        event: dict[str, Any] = {"type": "app_home_opened", "user": self.id, "channel": self.slack.space.open_im(self.id).id, "tab": "home"}
        if self.id in self.slack.space.homes:
            event["view"] = self.home.shape()
        ack = self.slack.event(event)
        if not ack.ok and not expect_error:
            raise NotAnsweredError(f"app_home_opened: {ack.error}")
        return ack

    # --- payloads -----------------------------------------------------------------------------------------------------------

    def _find(
        self, seen: Seen, label: str, kinds: tuple[str, ...], *, option: str = "", value: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        for block, element in _elements(seen):
            if element["type"] not in kinds or (value and element.get("value") != value and block["block_id"] != value):
                continue
            if label in (_label(element), element["action_id"], block["block_id"]):
                return block, element
            if element["type"] == "overflow" and label in ("", "…") and any(option in o["text"]["text"] for o in element["options"]):
                return block, element
        raise AssertionError(f"nothing called {label!r} to click; there is {self.can_click(seen)}")

    def _act(self, seen: Seen, action: dict[str, Any], *, times: int = 1, expect_error: bool = False) -> Ack:
        body = self._payload("block_actions", seen) | {
            "actions": [action | {"action_ts": f"{self.slack.clock.time():.0f}.{self.slack.space.serial():06d}"}]
        }
        ack = self.slack.deliver("interactive", body)
        for _ in range(times - 1):
            self.slack.deliver("interactive", body)
        if not ack.ok and not expect_error:
            raise NotAnsweredError(f"{self.name} clicked {action['action_id']} and saw Slack's error: {ack.error} {ack.body!r}")
        return ack

    def _payload(self, kind: str, seen: Seen) -> dict[str, Any]:
        user = {"id": self.id, "username": self.name, "name": self.name, "team_id": self.user.team}
        body: dict[str, Any] = {
            "type": kind,
            "user": user,
            "api_app_id": APP,
            "token": "verification",
            "trigger_id": self.slack.space.new_trigger(self.id),
            "team": {"id": TEAM, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }
        if isinstance(seen, View):
            body["container"] = {"type": "view", "view_id": seen.id}
            body["view"] = seen.shape()
            return body
        channel = self.slack.space.channels[seen.channel]
        if seen.visible_to:
            assert seen.visible_to == self.id, "somebody else's private message"
        body["container"] = {"type": "message", "message_ts": seen.ts, "channel_id": seen.channel, "is_ephemeral": bool(seen.visible_to)}
        if seen.thread_ts:
            body["container"]["thread_ts"] = seen.thread_ts
        body["channel"] = {"id": seen.channel, "name": "directmessage" if channel.kind == "im" else channel.name}
        if not seen.visible_to:
            body["message"] = seen.shape(with_metadata=True)
        body["state"] = {"values": _state(seen.blocks, {})}
        body["response_url"] = self.slack.response_url(seen.channel, self.id, seen.ts)
        return body


def _elements(seen: Seen) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for block in seen.body["blocks"] if isinstance(seen, View) else seen.blocks:
        if block["type"] == "actions":
            for element in block["elements"]:
                yield block, element
        elif block["type"] == "input":
            yield block, block["element"]
        elif "accessory" in block and block["accessory"].get("type") != "image":
            yield block, block["accessory"]


def _label(element: dict[str, Any]) -> str:
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text", ""))


def _filled(value: dict[str, Any] | None, element: dict[str, Any]) -> bool:
    if value is None:
        return any(key.startswith("initial_") for key in element)
    return any(bool(v) for k, v in value.items() if k != "type")


def _state(blocks: list[dict[str, Any]], values: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        elements = (
            block.get("elements", []) if block["type"] == "actions" else [e for e in (block.get("element"), block.get("accessory")) if e]
        )
        for element in elements:
            kind = element["type"]
            if not kind.endswith(_STATEFUL) or kind == "button":
                continue
            entry = values.get(block["block_id"], {}).get(element["action_id"])
            found.setdefault(block["block_id"], {})[element["action_id"]] = copy.deepcopy(entry) if entry else _untouched(element)
    return found


def _untouched(element: dict[str, Any]) -> dict[str, Any]:
    kind = element["type"]
    if kind.endswith("input"):
        return {"type": kind, "value": element.get("initial_value")}
    if kind == "checkboxes" or kind.startswith("multi_"):
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind.endswith("picker"):
        name = kind.removesuffix("picker")
        return {"type": kind, f"selected_{name}": element.get(f"initial_{name}")}
    return {"type": kind, "selected_option": element.get("initial_option")}


def _quiet() -> Ack:
    from fake_slack.server import Ack

    return Ack(True, None, 0.0)
