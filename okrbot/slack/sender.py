"""Send what the outbox holds: each message once, however often the process dies and whatever the line does.

planned → sending (committed before the first byte) → sent. A certain refusal goes back to planned. Everything else is doubt:
wait until Slack has had time to file the message, look for it by its metadata, and only then send it again.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Any, Literal

from okrbot.blocks import check_message, late_note
from okrbot.model import millis
from okrbot.slack import directory
from okrbot.slack.client import Client, UnsentError
from okrbot.slack.looking import UnclearError, find_message, may_look
from okrbot.slack.outbox import OPEN, Delivery, by_key, change, freeze, hash_of, newer, unfinished
from okrbot.slack.rewriting import rewrite
from okrbot.slack.trouble import ERRORS, Trouble, judge
from okrbot.store import Store
from okrbot.store.people import put_setting, setting

log = logging.getLogger(__name__)

PAUSE = "slack:pause"  # the setting that says until when the whole workspace is left alone, and why
WORKSPACE_PAUSE, CHANNEL_PAUSE, LOOK_AGAIN = 900.0, 3600.0, 60.0
BACK_OFF, LONGEST_BACK_OFF = 20.0, 3600.0
LATE = dt.timedelta(hours=1)
STALE = dt.timedelta(seconds=15)  # a process that was frozen so long after its claim does not send any more


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: an answer is waited for, a message may be filed late, between two messages of a channel."""

    answer: float = 30.0
    quiet: float = 120.0
    pace: float = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Office:
    """What a sender needs. `clock` returns aware instants; `zone` is the company's; `holder` names this process."""

    store: Store
    client: Client
    clock: Callable[[], dt.datetime]
    sleep: Callable[[float], None]
    zone: str = "UTC"
    on_doubt: Literal["hold", "resend"] = "hold"
    holder: str = ""
    timing: Timing = Timing()
    allow_external: bool = False  # post to channels shared with other companies


def deliver(office: Office, *, patience: float = 0.0, keys: Sequence[str] | None = None) -> int:
    """Send what is due and settle what is in doubt; return how many messages are known to have arrived by this call.

    Waits at most `patience` seconds in all for pacing, Slack's wishes and doubts; what needs longer is left for the next call.
    `keys` limits the work to these deliveries; without it messages that are behind their questions are rewritten too.
    """
    arrived = _Run(office, set(keys) if keys is not None else None).work(patience)
    if keys is None and paused(office) is None:
        rewrite(office)
    return arrived


def paused(office: Office) -> tuple[dt.datetime, str] | None:
    """Return until when the whole workspace is left alone, and why; None when it is not."""
    with office.store.connect() as db:
        said = setting(db, PAUSE)
    until = said.get("until", 0)
    return (dt.datetime.fromtimestamp(until / 1000, dt.UTC), said.get("error", "")) if until > millis(office.clock()) else None


class _Run:
    """One call of `deliver`: remembers what it has learned of Slack meanwhile."""

    def __init__(self, office: Office, keys: set[str] | None) -> None:
        self.office, self.keys = office, keys
        self.client = copy.deepcopy(office.client)  # its gate is ours alone; others may use the same client meanwhile
        self.free: dict[str, dt.datetime] = {}  # channel as configured: when it may get its next message
        self.arrived = 0
        self._self: tuple[str, frozenset[str]] | None = None
        self._channels: dict[str, dict[str, Any]] = {}  # the bot's channels, as Slack lists them

    def work(self, patience: float) -> int:
        office, until = self.office, self.office.clock() + dt.timedelta(seconds=patience)
        while paused(office) is None:
            now = office.clock()
            ready, wake = self._ready(now)
            for key in ready:
                self._act(key)
                if paused(office) is not None:
                    break
            if ready:
                continue
            if wake is None or wake > until:
                break
            office.sleep(max(0.001, (wake - now).total_seconds()))
        return self.arrived

    def _ready(self, now: dt.datetime) -> tuple[list[str], dt.datetime | None]:
        """Return what can be worked on now, one a channel, else when something can be."""
        with self.office.store.connect() as db:
            rows = [row for row in unfinished(db, now=now) if self.keys is None or row.key in self.keys]
            parents = {row.thread_of: by_key(db, row.thread_of) for row in rows if row.thread_of}
        ready: dict[str, str] = {}
        wakes = []
        for row in rows:
            parent = parents.get(row.thread_of)
            if row.thread_of and (parent is None or parent.state in ("refused", "skipped")):
                self._put(row, state="skipped", error="the message it belongs to was not sent", only=OPEN)
                continue
            if parent is not None and parent.state != "sent":
                continue  # its parent's turn comes first
            when = self._when(row, parent)
            if when <= now:
                ready.setdefault(row.channel, row.key)
            else:
                wakes.append(when)
        return list(ready.values()), min(wakes, default=None)

    def _when(self, row: Delivery, parent: Delivery | None) -> dt.datetime:
        timing, started = self.office.timing, row.started or row.created
        if row.state == "planned":
            times = [row.not_before or row.due, self.free.get(row.channel, row.due)]
            if parent is not None and parent.sent is not None:
                times.append(parent.sent + dt.timedelta(seconds=timing.pace))
            return max(times)
        return max(started + dt.timedelta(seconds=timing.answer + timing.quiet), row.not_before or started)

    def _act(self, key: str) -> None:
        with self.office.store.connect() as db:
            row = by_key(db, key)
            parent = by_key(db, row.thread_of) if row is not None and row.thread_of else None
        if row is None or row.state not in OPEN or self._when(row, parent) > self.office.clock():
            return  # somebody else was quicker; what they have begun to send since may be on its way
        try:
            conversation = self._conversation(row)
            if row.kind == "digest" and row.state == "planned" and not self.office.allow_external:
                directory.refuse_shared(self.client, self._who()[1], row.channel, conversation, self._channels)
        except directory.NotThereError as error:
            self._pause_channel(row, Trouble("channel", str(error), "channel_not_found"))
            return
        except ERRORS as error:
            self._not_asked(row, judge(error, self.office.clock()))
            return
        if row.state == "planned":
            self._send(row, conversation)
        else:
            self._settle(row, conversation)

    def _conversation(self, row: Delivery) -> directory.Conversation:
        return directory.find(self.office.store, self.client, self._who()[1], row.channel)

    def _who(self) -> tuple[str, frozenset[str]]:
        """Return our own user id and the granted scopes."""
        if self._self is None:
            answer = self.client.auth_test()
            known = {name.lower(): value for name, value in answer.headers.items()}
            self._self = (
                str(answer["user_id"]),
                frozenset(part.strip() for part in known.get("x-oauth-scopes", "").split(",") if part.strip()),
            )
        return self._self

    # --- sending --------------------------------------------------------------------------------------------------------

    def _send(self, row: Delivery, conversation: directory.Conversation) -> None:
        office, now = self.office, self.office.clock()
        payload = self._payload(row, now)
        body = freeze(payload)
        with office.store.begin() as db:
            parent = by_key(db, row.thread_of) if row.thread_of else None
            claimed = change(
                db, row.key, only=("planned",), attempt=row.attempts, state="sending", started=millis(now), attempts=row.attempts + 1,
                holder=office.holder, channel_id=conversation.id, payload=body, payload_hash=hash_of(body), error="",
            )  # fmt: skip
        if not claimed:
            return  # somebody else has it
        self.free[row.channel] = now + dt.timedelta(seconds=office.timing.pace)
        more: dict[str, Any] = {"thread_ts": parent.ts} if parent is not None else {}
        self.client.gate = self._gate(row.key, row.attempts + 1, now)
        try:
            answer = self.client.chat_postMessage(channel=conversation.id, **payload, **more)
            ts = str(answer["ts"])
        except ERRORS as error:
            self._failed(dataclasses.replace(row, attempts=row.attempts + 1, payload=payload), judge(error, office.clock()))
        else:
            self._sent(row, ts)
        finally:
            self.client.gate = None

    def _payload(self, row: Delivery, now: dt.datetime) -> dict[str, Any]:
        """Return the frozen payload; a digest that goes out late says so."""
        payload = dict(row.payload)
        late = now - row.due
        if row.kind != "digest" or late < LATE or not payload.get("blocks"):
            return payload
        kept = [block for block in payload["blocks"] if block.get("block_id") != "okr.late"]
        blocks = [*kept, late_note(late, row.due, self.office.zone) | {"block_id": "okr.late"}]
        check_message(blocks, str(payload["text"]))
        return payload | {"blocks": blocks}

    def _gate(self, key: str, attempt: int, started: dt.datetime) -> Callable[[], None]:
        """Return the last check before the first byte: we are not frozen out of our claim."""

        def check() -> None:
            with self.office.store.connect() as db:
                row = by_key(db, key)
            if row is None or row.state != "sending" or row.attempts != attempt or self.office.clock() - started > STALE:
                raise UnsentError("this process stood still for too long after its claim; nothing was sent")

        return check

    def _sent(self, row: Delivery, ts: str) -> None:
        self._put(row, state="sent", sent=millis(self.office.clock()), ts=ts, error="", only=("sending", "doubt", "planned", "held"))
        self.arrived += 1
        log.info("delivered", extra={"delivery": row.id, "kind": row.kind})

    def _failed(self, row: Delivery, trouble: Trouble) -> None:
        _said("not delivered", row, trouble)
        if trouble.kind == "doubt":
            self._put(row, state="doubt", error=trouble.words, only=("sending",), attempt=row.attempts)
        elif trouble.kind == "workspace":
            self._put(row, state="planned", error=trouble.words, only=("sending",), attempt=row.attempts)
            self._pause_workspace(trouble)
        elif trouble.kind == "channel":
            self._put(row, state="planned", error=trouble.words, only=("sending",), attempt=row.attempts)
            self._pause_channel(row, trouble)
        elif trouble.kind == "ours":
            self._plainly(row, trouble)
        else:
            wait = trouble.after if trouble.after is not None else _back_off(row.attempts)
            self._wait(row, trouble, wait, only=("sending",), attempt=row.attempts)

    def _plainly(self, row: Delivery, trouble: Trouble) -> None:
        """Slack refused the form: send the sentence without blocks, once; refused again, give up loudly."""
        if not row.payload.get("blocks"):
            self._put(row, state="refused", error=trouble.words, only=("sending",), attempt=row.attempts)
            return
        body = freeze({key: value for key, value in row.payload.items() if key != "blocks"})
        self._put(
            row, state="planned", error=trouble.words, payload=body, payload_hash=hash_of(body), only=("sending",), attempt=row.attempts
        )

    # --- doubt ----------------------------------------------------------------------------------------------------------

    def _settle(self, row: Delivery, conversation: directory.Conversation) -> None:
        office = self.office
        try:
            bot, scopes = self._who()
            if not may_look(scopes, conversation):
                self._cannot_look(row, "the app may not read this conversation's history")
                return
            thread = ""
            if row.thread_of:
                with office.store.connect() as db:
                    parent = by_key(db, row.thread_of)
                thread = parent.ts if parent else ""
            ts = find_message(self.client, conversation, row, bot=bot, thread_ts=thread)
        except UnclearError as error:
            self._cannot_look(row, str(error))
        except ERRORS as error:
            trouble = judge(error, office.clock())
            if trouble.code == "missing_scope":
                self._cannot_look(row, "the app may not read this conversation's history")
            else:
                self._not_asked(row, trouble)
        else:
            if ts:
                self._sent(row, ts)
            elif self._overtaken(row):
                words = "it was lost, and a newer one has come"
                self._put(row, state="skipped", error=words, only=("sending", "doubt"), attempt=row.attempts)
            else:
                self._put(row, state="planned", error="it had not arrived", not_before=0, only=("sending", "doubt"), attempt=row.attempts)

    def _cannot_look(self, row: Delivery, why: str) -> None:
        if self.office.on_doubt == "resend" and row.kind.startswith("digest"):
            words = f"{why}; sent again as [digest] on_doubt says"
            self._put(row, state="planned", error=words, not_before=0, only=("sending", "doubt"), attempt=row.attempts)
        else:
            words = f"{why}, and it may have arrived. Look, then: okrbot deliveries retry or okrbot deliveries sent"
            self._put(row, state="held", error=words, only=("sending", "doubt"), attempt=row.attempts)

    def _overtaken(self, row: Delivery) -> bool:
        with self.office.store.connect() as db:
            return row.kind == "digest" and newer(db, row)

    # --- waiting ---------------------------------------------------------------------------------------------------------

    def _not_asked(self, row: Delivery, trouble: Trouble) -> None:
        """Slack could not be asked (where, or whether it arrived): nothing changed for the message itself."""
        if trouble.kind == "workspace" and trouble.code != "missing_scope":
            self._put(row, error=trouble.words, only=(row.state,))
            _said("Slack is left alone for a quarter of an hour", row, trouble)
            self._pause_workspace(trouble)
        elif trouble.kind in ("channel", "workspace"):
            self._pause_channel(row, trouble)
        else:
            _said("Slack could not be asked", row, trouble)
            self._wait(row, trouble, trouble.after or max(LOOK_AGAIN, _back_off(row.attempts)), only=(row.state,), state=row.state)

    def _wait(
        self, row: Delivery, trouble: Trouble, seconds: float, *, only: Sequence[str], state: str = "planned", attempt: int | None = None
    ) -> None:
        at = self.office.clock() + dt.timedelta(seconds=seconds)
        self._put(row, state=state, error=trouble.words, not_before=millis(at), only=only, attempt=attempt)

    def _pause_channel(self, row: Delivery, trouble: Trouble) -> None:
        """Leave everything of this channel for an hour; other channels go on."""
        at = millis(self.office.clock() + dt.timedelta(seconds=CHANNEL_PAUSE))
        _said("a conversation is left alone for an hour", row, trouble)
        directory.forget(self.office.store, row.channel)
        with self.office.store.begin() as db:
            for other in unfinished(db, now=self.office.clock()):
                if other.channel == row.channel:
                    change(db, other.key, only=("planned", "sending", "doubt"), not_before=at, error=trouble.words)

    def _pause_workspace(self, trouble: Trouble) -> None:
        """Leave the whole workspace for a quarter of an hour."""
        at = millis(self.office.clock() + dt.timedelta(seconds=WORKSPACE_PAUSE))
        with self.office.store.begin() as db:
            put_setting(db, PAUSE, until=at, error=trouble.words)

    def _put(self, row: Delivery, *, only: Sequence[str] = ("planned",), attempt: int | None = None, **values: Any) -> None:
        with self.office.store.begin() as db:
            change(db, row.key, only=only, attempt=attempt, **values)


def _said(what: str, row: Delivery, trouble: Trouble) -> None:
    """Write into the log what did not work; titles and names of people stay out of it."""
    log.warning("%s: %s", what, trouble.words, extra={"delivery": row.id, "kind": row.kind, "trouble": trouble.kind})


def _back_off(attempts: int) -> float:
    return float(min(BACK_OFF * 2 ** min(max(attempts - 1, 0), 10), LONGEST_BACK_OFF))
