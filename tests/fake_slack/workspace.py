"""What the fake Slack remembers: users, conversations, messages, views, triggers, response addresses; and its clock."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import itertools
import threading
from typing import Any

TEAM = "T0ACME"
TEAM_DOMAIN = "acme"
APP = "A0OKRBOT"
BOT_USER = "U0OKRBOT"
BOT_ID = "B0OKRBOT"
TRIGGER_LIFE = 3.0  # seconds, once
RESPONSE_LIFE, RESPONSE_USES = 30 * 60.0, 5


class Clock:
    """Slack's own clock: stands still until it is moved. May be given to the bot as its clock and sleep."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)) -> None:
        self._now = start.timestamp()
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self._now

    def __call__(self) -> dt.datetime:
        """Return the instant, aware, UTC."""
        return dt.datetime.fromtimestamp(self._now, dt.UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock (backwards too)."""
        with self._lock:
            self._now += seconds

    def set(self, moment: dt.datetime) -> None:
        """Move the clock to `moment`."""
        with self._lock:
            self._now = moment.timestamp()

    def sleep(self, seconds: float) -> None:
        """Move the clock on and remember it: the sleep to inject."""
        self.slept.append(seconds)
        self.advance(seconds)


@dataclasses.dataclass(slots=True)
class User:
    """A member; `kind` is member, guest (restricted), bot, partner (another company's, in a channel we share) or stranger (in none)."""

    id: str
    name: str
    email: str
    tz: str = "Europe/Amsterdam"
    kind: str = "member"
    deleted: bool = False
    team: str = TEAM

    def shape(self, *, with_email: bool) -> dict[str, Any]:
        """Return the user as users.info gives it."""
        profile: dict[str, Any] = {"real_name": self.name, "display_name": self.name, "team": self.team}
        if with_email and self.email:
            profile["email"] = self.email
        found: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.kind == "bot",
            "is_app_user": False,
            "updated": 1_700_000_000,
        }
        if not self.deleted:
            found |= {
                "real_name": self.name,
                "tz": self.tz,
                "tz_label": self.tz,
                "tz_offset": 0,
                "is_admin": False,
                "is_owner": False,
                "is_restricted": self.kind == "guest",
                "is_ultra_restricted": False,
            }
        if self.kind == "stranger":
            found["is_stranger"] = True
        if (
            self.kind == "partner"
        ):  # theirs is an organisation with workspaces of its own; Slack calls nobody a stranger who shares a channel
            found["enterprise_user"] = {"id": "W0THEIRS", "enterprise_id": "E0OTHER", "enterprise_name": "Other", "teams": [self.team]}
        return found


@dataclasses.dataclass(slots=True)
class Channel:
    """A conversation; `kind` is public, private or im."""

    id: str
    name: str
    kind: str = "public"
    members: set[str] = dataclasses.field(default_factory=set)
    archived: bool = False
    shared: bool = False  # with another company (Slack Connect)
    error: str = ""  # what posting answers, e.g. restricted_action
    last_post: float = -1e18

    def shape(self) -> dict[str, Any]:
        """Return the conversation as conversations.info gives it."""
        common = {"id": self.id, "created": 1_700_000_000, "is_archived": self.archived, "context_team_id": TEAM, "updated": 0}
        if self.kind == "im":
            other = next((m for m in self.members if m != BOT_USER), "")
            return {**common, "is_im": True, "is_org_shared": False, "user": other, "is_user_deleted": False, "priority": 0}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind == "private",
            "is_general": False,
            "is_member": BOT_USER in self.members,
            "is_shared": self.shared,
            "is_ext_shared": self.shared,
            "is_org_shared": False,
            "num_members": len(self.members),
        }


@dataclasses.dataclass(slots=True)
class Message:
    """A message as Slack keeps it. `visible_to` is a user id for an ephemeral one, "" for everybody."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] | None = None
    thread_ts: str = ""
    visible_to: str = ""
    edited: str = ""
    at: float = 0.0
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict)  # as the bot sent them
    updates: int = 0

    def shape(self, *, with_metadata: bool) -> dict[str, Any]:
        """Return the message as history gives it."""
        found: dict[str, Any] = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP,
            "team": TEAM,
            "ts": self.ts,
            "text": self.text,
            "bot_profile": {"id": BOT_ID, "app_id": APP, "name": "okrbot", "team_id": TEAM, "deleted": False, "updated": 0},
        }
        if self.blocks:
            found["blocks"] = copy.deepcopy(self.blocks)
        if self.thread_ts:
            found["thread_ts"] = self.thread_ts
        if self.edited:
            found["edited"] = {"user": BOT_USER, "ts": self.edited}
        if self.metadata and with_metadata:
            found["metadata"] = copy.deepcopy(self.metadata)
        return found


@dataclasses.dataclass(slots=True)
class View:
    """A modal or Home as it stands open at one person."""

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    root: str
    previous: str = ""
    values: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    closed: bool = False

    def shape(self) -> dict[str, Any]:
        """Return the view as payloads carry it."""
        body = self.body
        found: dict[str, Any] = {
            "id": self.id,
            "team_id": TEAM,
            "type": body["type"],
            "blocks": copy.deepcopy(body["blocks"]),
            "private_metadata": body.get("private_metadata", ""),
            "callback_id": body.get("callback_id", ""),
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "clear_on_close": body.get("clear_on_close", False),
            "notify_on_close": body.get("notify_on_close", False),
            "root_view_id": self.root,
            "previous_view_id": self.previous or None,
            "app_id": APP,
            "external_id": body.get("external_id", ""),
            "app_installed_team_id": TEAM,
            "bot_id": BOT_ID,
        }
        if body["type"] == "modal":
            found |= {"title": body["title"], "submit": body.get("submit"), "close": body.get("close")}
        return found


@dataclasses.dataclass(slots=True)
class ResponseUrl:
    """A response address: where it answers, and what may still be done with it."""

    channel: str
    user: str
    message_ts: str
    made: float
    uses: int = 0


class Workspace:
    """Everything of one workspace, behind one lock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.users: dict[str, User] = {BOT_USER: User(BOT_USER, "okrbot", "", kind="bot")}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, tuple[float, str, bool]] = {}  # made, user, used
        self.responses: dict[str, ResponseUrl] = {}
        self.breaches: list[str] = []
        self._serial = itertools.count(1)

    def breach(self, text: str) -> None:
        """Remember that the bot did what it must not."""
        self.breaches.append(text)

    def serial(self) -> int:
        """Return the next number."""
        return next(self._serial)

    def new_ts(self) -> str:
        """Return a fresh message timestamp: the clock, told apart by its last digits."""
        return f"{int(self.clock.time())}.{self.serial() % 1_000_000:06d}"

    def find_channel(self, name: str) -> Channel | None:
        """Return a conversation by id or name, or the direct messages with a user id (opened on the way)."""
        if name in self.channels:
            return self.channels[name]
        bare = name.removeprefix("#")
        if name in self.users:
            return self.open_im(name)
        return next((c for c in self.channels.values() if c.kind != "im" and c.name == bare), None)

    def open_im(self, user: str) -> Channel:
        """Return the direct messages between the bot and `user`."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        channel = Channel(f"D{self.serial():05d}{user[-3:]}", "directmessage", "im", {user, BOT_USER})
        self.channels[channel.id] = channel
        return channel

    def message(self, channel: str, ts: str) -> Message | None:
        """Return the message of `channel` at `ts`."""
        return next((m for m in self.messages if m.channel == channel and m.ts == ts), None)

    def new_trigger(self, user: str) -> str:
        """Return a trigger id of `user`: three seconds, once."""
        trigger = f"{self.serial()}.{self.serial()}.{user.lower()}"
        self.triggers[trigger] = (self.clock.time(), user, False)
        return trigger

    def use_trigger(self, trigger: object) -> tuple[str, str]:
        """Return (user, "") and use the trigger up, or ("", Slack's error)."""
        made, user, used = self.triggers.get(str(trigger), (0.0, "", False))
        if not user:
            return "", "invalid_trigger_id"
        if used:
            return "", "exchanged_trigger_id"
        if self.clock.time() - made > TRIGGER_LIFE:
            return "", "expired_trigger_id"
        self.triggers[str(trigger)] = (made, user, True)
        return user, ""
