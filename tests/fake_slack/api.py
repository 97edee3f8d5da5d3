"""The Web API methods, as strict as Slack: scopes, arguments, pacing, limits, triggers, hashes. Every breach is remembered."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

from fake_slack.blocks import wrong_message, wrong_view
from fake_slack.contract import OWN, faults_of, needed_scopes
from fake_slack.workspace import (
    APP,
    BOT_ID,
    BOT_USER,
    RESPONSE_LIFE,
    RESPONSE_USES,
    TEAM,
    TEAM_DOMAIN,
    Channel,
    Message,
    View,
    Workspace,
)

SCOPES = frozenset(
    [
        "chat:write",
        "commands",
        "users:read",
        "users:read.email",
        "im:write",
        "im:history",
        "channels:read",
        "channels:history",
        "groups:read",
        "groups:history",
    ]
)
PER_MINUTE = {
    "chat.update": 50,
    "conversations.open": 50,
    "conversations.history": 50,
    "views.open": 100,
    "views.publish": 100,
    "users.info": 100,
}
Answer = dict[str, Any]


class RefusedError(Exception):
    """Slack's `ok: false`, with its error and further fields."""

    def __init__(self, error: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.error, self.status, self.headers, self.more = error, status, headers or {}, more


class Api:
    """Answers calls against one workspace."""

    def __init__(self, space: Workspace, *, bot_token: str, app_token: str, scopes: frozenset[str] = SCOPES) -> None:
        self.space = space
        self.bot_token, self.app_token = bot_token, app_token
        self.scopes: set[str] = set(scopes)
        self.token_error = ""  # e.g. token_revoked: every call is answered so
        self.pace = 1.0  # seconds between messages of a channel
        self.tiers = False  # also count calls a minute
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.throttled: list[str] = []
        self.late: list[tuple[float, Callable[[], object]]] = []  # effects that come after the client gave up
        self.socket_url = ""
        self.tickets: set[str] = set()
        self._minute: dict[str, list[float]] = {}
        self._methods: dict[str, Callable[[dict[str, Any]], Answer]] = {
            name: getattr(self, "_" + name.replace(".", "_"), self._unwritten) for name in OWN
        }

    def settle(self) -> None:
        """Let effects happen whose time has come."""
        with self.space.lock:
            due = [call for at, call in self.late if at <= self.space.clock.time()]
            self.late = [pair for pair in self.late if pair[0] > self.space.clock.time()]
        for call in due:
            call()

    def call(self, method: str, arguments: dict[str, Any], token: str, *, as_json: bool = False) -> tuple[int, dict[str, str], Answer]:
        """Answer one call: (HTTP status, headers, body)."""
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes)), "x-slack-req-id": f"req{self.space.serial()}"}
        with self.space.lock:
            self.settle()
            self.calls.append((method, copy.deepcopy(arguments)))
            try:
                self._admit(method, arguments, token, as_json)
                body = {"ok": True, **self._methods[method](arguments)}
            except RefusedError as refused:
                return refused.status, headers | refused.headers, {"ok": False, "error": refused.error, **refused.more}
        return 200, headers, body

    def _admit(self, method: str, arguments: dict[str, Any], token: str, as_json: bool) -> None:
        if method not in OWN:
            self.space.breach(f"{method}: not a method okrbot has a reason to call")
            raise RefusedError("unknown_method", req_method=method)
        if not token:
            raise RefusedError("not_authed")
        wanted = self.app_token if method == "apps.connections.open" else self.bot_token
        if token != wanted:
            raise RefusedError("not_allowed_token_type" if token in (self.app_token, self.bot_token) else "invalid_auth")
        if self.token_error and method != "api.test":
            raise RefusedError(self.token_error)
        for fault in faults_of(method, arguments, as_json=as_json):
            self.space.breach(fault)
        missing = [name for name in OWN[method][1] if arguments.get(name) in (None, "")]
        if missing:
            raise RefusedError(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {m}" for m in missing]}
            )
        self._scoped(method, arguments)
        if self.tiers:
            self._count(method)

    def _scoped(self, method: str, arguments: dict[str, Any]) -> None:
        channel = self.space.find_channel(str(arguments["channel"])) if arguments.get("channel") else None
        scopes, every = needed_scopes(method, channel.kind if channel else "", arguments)
        has = [scope in self.scopes for scope in scopes]
        if scopes and not (all(has) if every else any(has)):
            self.space.breach(f"{method}: called without {' or '.join(scopes)}")
            raise RefusedError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.scopes)))

    def _count(self, method: str) -> None:
        now = self.space.clock.time()
        recent = [at for at in self._minute.get(method, []) if now - at < 60]
        if len(recent) >= PER_MINUTE.get(method, 10_000):
            self.throttled.append(method)
            raise RefusedError("ratelimited", status=429, headers={"Retry-After": str(max(1, int(61 - (now - recent[0]))))})
        self._minute[method] = [*recent, now]

    def _unwritten(self, arguments: dict[str, Any]) -> Answer:
        raise RefusedError("method_not_supported_by_the_fake")

    # --- plumbing -----------------------------------------------------------------------------------------------------

    def _api_test(self, a: dict[str, Any]) -> Answer:
        return {"args": a}

    def _auth_test(self, a: dict[str, Any]) -> Answer:
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": "Acme",
            "user": "okrbot",
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _apps_connections_open(self, a: dict[str, Any]) -> Answer:
        ticket = f"ticket{self.space.serial()}"
        self.tickets.add(ticket)
        return {"url": f"{self.socket_url}?ticket={ticket}&app_id={APP}"}

    def _blocks_validate(self, a: dict[str, Any]) -> Answer:
        wrong = wrong_view(a["view"]) if "view" in a else wrong_message(a.get("blocks") or (a.get("message") or {}).get("blocks"))
        return {"errors": [{"pointer": "", "code": "invalid", "message": w} for w in wrong]}

    # --- messages -----------------------------------------------------------------------------------------------------

    def _channel(self, name: object) -> Channel:
        channel = self.space.find_channel(str(name))
        if channel is None or (channel.kind == "private" and BOT_USER not in channel.members):
            raise RefusedError("channel_not_found")
        return channel

    def _postable(self, name: object) -> Channel:
        channel = self._channel(name)
        if channel.error:
            raise RefusedError(channel.error)
        if channel.archived:
            raise RefusedError("is_archived")
        if BOT_USER not in channel.members and "chat:write.public" not in self.scopes:
            raise RefusedError("not_in_channel")
        if channel.kind == "im":
            other = next((self.space.users[m] for m in channel.members if m != BOT_USER), None)
            if other is not None and other.deleted:
                raise RefusedError("user_disabled" if self.space.find_channel(str(name)) is None else "channel_not_found")
        return channel

    def _content(self, method: str, a: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        text, blocks = a.get("text"), a.get("blocks")
        if not text and not blocks:
            self.space.breach(f"{method}: neither text nor blocks")
            raise RefusedError("no_text")
        if blocks and not text:
            self.space.breach(f"{method}: blocks without a text for notifications and screen readers")
        for name in ("link_names", "parse"):
            if a.get(name) not in (None, "", False, "0", "none"):
                self.space.breach(f"{method}: {name} would turn plain words into mentions")
        wrong = wrong_message(blocks or None, text)
        if wrong:
            for line in wrong:
                self.space.breach(f"{method}: {line}")
            too_long = any("msg_blocks_too_long" in line for line in wrong)
            if blocks:
                raise RefusedError("msg_blocks_too_long" if too_long else "invalid_blocks", response_metadata={"messages": wrong})
        return str(text or "")[:40_000], self._named(blocks or [])

    def _named(self, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        named = copy.deepcopy(blocks)
        for block in named:
            block.setdefault("block_id", f"b{self.space.serial():x}")
        return named

    def _metadata(self, a: dict[str, Any]) -> dict[str, Any] | None:
        found = a.get("metadata")
        if found is None:
            return None
        if not isinstance(found, dict) or not isinstance(found.get("event_type"), str) or not isinstance(found.get("event_payload"), dict):
            self.space.breach("metadata must be {event_type, event_payload}")
            raise RefusedError("invalid_metadata_format")
        for value in found["event_payload"].values():
            if isinstance(value, list) or (isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values())):
                self.space.breach("metadata may hold one level of objects")
                raise RefusedError("invalid_metadata_schema")
        if len(json.dumps(found)) > 3000:
            self.space.breach("metadata is too large")
            raise RefusedError("metadata_too_large")
        return copy.deepcopy(found)

    def _chat_postMessage(self, a: dict[str, Any]) -> Answer:  # noqa: N802 -- Slack's name
        channel = self._postable(a["channel"])
        now = self.space.clock.time()
        if self.pace and 0 <= now - channel.last_post < self.pace:
            self.throttled.append(channel.id)
            raise RefusedError("ratelimited", status=429, headers={"Retry-After": "1"})
        text, blocks = self._content("chat.postMessage", a)
        metadata = self._metadata(a)
        parent = str(a.get("thread_ts") or "")
        if parent and self.space.message(channel.id, parent) is None:
            raise RefusedError("thread_not_found")
        channel.last_post = now
        message = Message(channel.id, self.space.new_ts(), text, blocks, metadata, parent, at=now, arguments=copy.deepcopy(a))
        self.space.messages.append(message)
        return {"channel": channel.id, "ts": message.ts, "message": message.shape(with_metadata=True)}

    def _chat_postEphemeral(self, a: dict[str, Any]) -> Answer:  # noqa: N802 -- Slack's name
        channel = self._postable(a["channel"])
        if a["user"] not in channel.members:
            raise RefusedError("user_not_in_channel")
        text, blocks = self._content("chat.postEphemeral", a)
        message = Message(
            channel.id, self.space.new_ts(), text, blocks, visible_to=str(a["user"]), at=self.space.clock.time(), arguments=copy.deepcopy(a)
        )
        message.thread_ts = str(a.get("thread_ts") or "")
        self.space.messages.append(message)
        return {"message_ts": message.ts}

    def _chat_update(self, a: dict[str, Any]) -> Answer:
        if str(a["channel"]) not in self.space.channels:
            self.space.breach("chat.update: needs a channel's id")
            raise RefusedError("channel_not_found")
        channel = self._channel(a["channel"])
        if channel.archived:
            raise RefusedError("is_archived")
        message = self.space.message(channel.id, str(a["ts"]))
        if message is None or message.visible_to:
            raise RefusedError("message_not_found")
        text, blocks = self._content("chat.update", a)
        message.text = text
        if a.get("blocks") is not None:
            message.blocks = blocks
        if a.get("metadata") is not None:
            message.metadata = self._metadata(a)
        message.edited = self.space.new_ts()
        message.updates += 1
        return {"channel": channel.id, "ts": message.ts, "text": text, "message": message.shape(with_metadata=True)}

    def _chat_delete(self, a: dict[str, Any]) -> Answer:
        message = self.space.message(self._channel(a["channel"]).id, str(a["ts"]))
        if message is None:
            raise RefusedError("message_not_found")
        self.space.messages.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def _chat_getPermalink(self, a: dict[str, Any]) -> Answer:  # noqa: N802 -- Slack's name
        message = self.space.message(self._channel(a["channel"]).id, str(a["message_ts"]))
        if message is None:
            raise RefusedError("message_not_found")
        return {
            "channel": message.channel,
            "permalink": f"https://{TEAM_DOMAIN}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}",
        }

    # --- conversations and people ---------------------------------------------------------------------------------------

    def _history(self, a: dict[str, Any], messages: list[Message]) -> Answer:
        oldest, latest = float(a.get("oldest") or 0), float(a.get("latest") or 1e18)
        inclusive = str(a.get("inclusive") or "").lower() in ("1", "true")
        inside = [m for m in messages if oldest < float(m.ts) < latest or (inclusive and float(m.ts) in (oldest, latest))]
        start, limit = int(str(a.get("cursor") or "0").removeprefix("page:")), min(int(a.get("limit") or 100), 999)
        page = inside[start : start + limit]
        with_metadata = str(a.get("include_all_metadata") or "").lower() in ("1", "true")
        more = start + limit < len(inside)
        found: Answer = {"messages": [m.shape(with_metadata=with_metadata) for m in page], "has_more": more, "pin_count": 0}
        return found | {"response_metadata": {"next_cursor": f"page:{start + limit}"}} if more else found

    def _readable(self, name: object) -> Channel:
        if str(name) not in self.space.channels:
            raise RefusedError("channel_not_found")
        channel = self._channel(name)
        if BOT_USER not in channel.members:
            raise RefusedError("not_in_channel")
        return channel

    def _conversations_history(self, a: dict[str, Any]) -> Answer:
        channel = self._readable(a["channel"])
        mine = [m for m in self.space.messages if m.channel == channel.id and not m.visible_to and m.thread_ts in ("", m.ts)]
        return self._history(a, sorted(mine, key=lambda m: float(m.ts), reverse=True))

    def _conversations_replies(self, a: dict[str, Any]) -> Answer:
        channel = self._readable(a["channel"])
        if self.space.message(channel.id, str(a["ts"])) is None:
            raise RefusedError("thread_not_found")
        mine = [m for m in self.space.messages if m.channel == channel.id and not m.visible_to and str(a["ts"]) in (m.ts, m.thread_ts)]
        return self._history(a, sorted(mine, key=lambda m: float(m.ts)))

    def _conversations_info(self, a: dict[str, Any]) -> Answer:
        if str(a["channel"]) not in self.space.channels:
            raise RefusedError("channel_not_found")
        return {"channel": self._channel(a["channel"]).shape()}

    def _listed(self, a: dict[str, Any], channels: list[Channel]) -> Answer:
        kinds = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
        wanted = {kinds[k.strip()] for k in str(a.get("types") or "public_channel").split(",")}
        hide = str(a.get("exclude_archived") or "").lower() in ("1", "true")
        found = [c for c in channels if c.kind in wanted and not (hide and c.archived)]
        start, limit = int(str(a.get("cursor") or "0").removeprefix("page:")), min(int(a.get("limit") or 100), 999)
        cursor = f"page:{start + limit}" if start + limit < len(found) else ""
        return {"channels": [c.shape() for c in found[start : start + limit]], "response_metadata": {"next_cursor": cursor}}

    def _conversations_list(self, a: dict[str, Any]) -> Answer:
        return self._listed(a, [c for c in self.space.channels.values() if c.kind == "public" or BOT_USER in c.members])

    def _users_conversations(self, a: dict[str, Any]) -> Answer:
        user = str(a.get("user") or BOT_USER)
        return self._listed(a, [c for c in self.space.channels.values() if user in c.members])

    def _conversations_members(self, a: dict[str, Any]) -> Answer:
        return {"members": sorted(self._channel(a["channel"]).members), "response_metadata": {"next_cursor": ""}}

    def _conversations_open(self, a: dict[str, Any]) -> Answer:
        users = a.get("users") or ""
        names = users if isinstance(users, list) else str(users).split(",")
        if len(names) != 1 or names[0] not in self.space.users or names[0] == BOT_USER:
            raise RefusedError("user_not_found" if len(names) == 1 else "mpim_not_supported")
        user = self.space.users[names[0]]
        if user.deleted:
            raise RefusedError("user_disabled")
        return {"channel": {"id": self.space.open_im(user.id).id}, "no_op": False, "already_open": False}

    def _users_info(self, a: dict[str, Any]) -> Answer:
        user = self.space.users.get(str(a["user"]))
        if user is None:
            raise RefusedError("user_not_found")
        return {"user": user.shape(with_email="users:read.email" in self.scopes)}

    def _users_list(self, a: dict[str, Any]) -> Answer:
        return {
            "members": [u.shape(with_email="users:read.email" in self.scopes) for u in self.space.users.values()],
            "response_metadata": {"next_cursor": ""},
        }

    def _users_lookupByEmail(self, a: dict[str, Any]) -> Answer:  # noqa: N802 -- Slack's name
        wanted = str(a["email"]).lower()
        user = next((u for u in self.space.users.values() if u.email.lower() == wanted and not u.deleted), None)
        if user is None:
            raise RefusedError("users_not_found")
        return {"user": user.shape(with_email=True)}

    # --- views --------------------------------------------------------------------------------------------------------

    def _checked(self, method: str, view: Any) -> dict[str, Any]:
        wrong = wrong_view(view)
        if wrong:
            for line in wrong:
                self.space.breach(f"{method}: {line}")
            raise RefusedError("invalid_arguments", response_metadata={"messages": wrong})
        body = copy.deepcopy(view)
        body["blocks"] = self._named(body["blocks"])
        return dict(body)

    def new_view(self, method: str, user: str, view: Any, *, previous: View | None = None) -> View:
        """Open `view` at `user`, on top of `previous` if given. Raises RefusedError."""
        body = self._checked(method, view)
        name = body.get("external_id")
        if name and any(v.body.get("external_id") == name and not v.closed for v in self.space.views.values()):
            raise RefusedError("duplicate_external_id")
        number = f"V{self.space.serial():06d}"
        made = View(number, user, body, self._hash(body), previous.root if previous else number, previous.id if previous else "")
        self.space.views[number] = made
        return made

    def _hash(self, body: dict[str, Any]) -> str:
        return f"{int(self.space.clock.time())}.{hashlib.sha256((json.dumps(body) + str(self.space.serial())).encode()).hexdigest()[:8]}"

    def _views_open(self, a: dict[str, Any]) -> Answer:
        user, error = self.space.use_trigger(a.get("trigger_id"))
        if error:
            self.space.breach(f"views.open: {error}")
            raise RefusedError(error)
        if isinstance(a["view"], dict) and a["view"].get("type") != "modal":
            raise RefusedError("invalid_arguments")
        return {"view": self.new_view("views.open", user, a["view"]).shape()}

    def _views_push(self, a: dict[str, Any]) -> Answer:
        user, error = self.space.use_trigger(a.get("trigger_id"))
        if error:
            self.space.breach(f"views.push: {error}")
            raise RefusedError(error)
        stack = [v for v in self.space.views.values() if v.user == user and not v.closed and v.body["type"] == "modal"]
        if not stack:
            raise RefusedError("invalid_trigger_id")
        if len(stack) >= 3:
            raise RefusedError("push_limit_reached")
        return {"view": self.new_view("views.push", user, a["view"], previous=stack[-1]).shape()}

    def replace_view(self, method: str, view: View, body: Any) -> View:
        """Give an open view new content. Raises RefusedError."""
        view.body = self._checked(method, body)
        view.hash = self._hash(view.body)
        alive = {(b["block_id"], _action(b)) for b in view.body["blocks"]}
        view.values = {b: v for b, v in view.values.items() if any(b == name and action in v for name, action in alive)}
        return view

    def _views_update(self, a: dict[str, Any]) -> Answer:
        if a.get("view_id"):
            view = self.space.views.get(str(a["view_id"]))
        else:
            view = next(
                (v for v in self.space.views.values() if a.get("external_id") and v.body.get("external_id") == a["external_id"]), None
            )
        if view is None or view.closed:
            raise RefusedError("not_found")
        if a.get("hash") and a["hash"] != view.hash:
            raise RefusedError("hash_conflict")
        return {"view": self.replace_view("views.update", view, a["view"]).shape()}

    def _views_publish(self, a: dict[str, Any]) -> Answer:
        user = str(a["user_id"])
        if user not in self.space.users:
            raise RefusedError("invalid_arguments")
        home = self.space.homes.get(user)
        if home is not None and a.get("hash") and a["hash"] != home.hash:
            raise RefusedError("hash_conflict")
        if isinstance(a["view"], dict) and a["view"].get("type") != "home":
            raise RefusedError("invalid_arguments")
        body = self._checked("views.publish", a["view"])
        number = home.id if home else f"V{self.space.serial():06d}"
        self.space.homes[user] = View(number, user, body, self._hash(body), number)
        return {"view": self.space.homes[user].shape()}

    # --- response addresses ---------------------------------------------------------------------------------------------

    def respond(self, key: str, a: dict[str, Any]) -> tuple[int, str]:
        """Answer a POST to a response address: (HTTP status, body)."""
        with self.space.lock:
            found = self.space.responses.get(key)
            if found is None:
                self.space.breach("response_url: unknown address")
                return 404, "no_such_url"
            if self.space.clock.time() - found.made > RESPONSE_LIFE:
                self.space.breach("response_url: used after 30 minutes")
                return 404, "expired_url"
            if found.uses >= RESPONSE_USES:
                self.space.breach("response_url: used more than 5 times")
                return 404, "used_url"
            for name in sorted(
                set(a)
                - {
                    "text",
                    "blocks",
                    "attachments",
                    "response_type",
                    "replace_original",
                    "delete_original",
                    "thread_ts",
                    "unfurl_links",
                    "unfurl_media",
                    "metadata",
                }
            ):
                self.space.breach(f"response_url: unknown argument {name}")
            found.uses += 1
            original = self.space.message(found.channel, found.message_ts) if found.message_ts else None
            if a.get("delete_original"):
                if original is not None:
                    self.space.messages.remove(original)
                return 200, "ok"
            try:
                text, blocks = self._content("response_url", a)
            except RefusedError as refused:
                return 500, json.dumps({"ok": False, "error": refused.error})
            if a.get("replace_original") and original is not None:
                original.text, original.blocks, original.edited = text, blocks, self.space.new_ts()
                original.updates += 1
                return 200, "ok"
            visible_to = "" if a.get("response_type") == "in_channel" else found.user
            self.space.messages.append(
                Message(found.channel, self.space.new_ts(), text, blocks, visible_to=visible_to, at=self.space.clock.time())
            )
            return 200, "ok"


def _action(block: dict[str, Any]) -> str:
    element = block.get("element") or {}
    return str(element.get("action_id", ""))
