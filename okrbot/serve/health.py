"""Health pages on a local port: is it alive, is it ready, and what has it done, as Prometheus reads it."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from okrbot.model import instant, millis
from okrbot.render import count
from okrbot.slack.outbox import overdue
from okrbot.slack.sender import PAUSE
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import setting

log = logging.getLogger(__name__)

TICK_LIMIT = dt.timedelta(minutes=10)  # a scheduler that has not ticked for so long hangs
MOST_LATE = 10  # digests that are named one by one
STUCK = {"doubt": "in doubt", "held": "held", "refused": "refused"}
BUCKETS = (0.01, 0.05, 0.1, 0.3, 1.0, 3.0)


class Vitals:
    """What a running server knows of itself, counted in memory. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.started = clock()
        self.ticked = clock()
        self.leading = False
        self.slack = "starting"  # starting | connected | away | off
        self.refused = ""  # why Slack takes nothing from us any more: the token was revoked …
        self.stopping = False

    def now(self) -> dt.datetime:
        """Return the server's instant."""
        return self._clock()

    def tick(self) -> None:
        """Remember that the scheduler lives."""
        self.ticked = self._clock()

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0.0) + amount

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] = value

    def counts(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Return every number by name and labels."""
        with self._lock:
            return dict(self._counts)

    def alive(self) -> tuple[bool, dict[str, object]]:
        """Return whether the process should be kept, and why."""
        fine = self._clock() - self.ticked < TICK_LIMIT
        return fine, {"alive": fine, "last_tick": self.ticked.isoformat(timespec="seconds")}

    def ready(self, store: Store) -> tuple[bool, dict[str, object]]:
        """Return whether clicks can be taken now, and what is missing."""
        missing = 0
        try:
            with store.engine.connect().execution_options(reading=True) as db:
                missing = len(overdue(db, now=self._clock()))
            stored = True
        except sa.exc.SQLAlchemyError:
            stored = False
        parts: dict[str, object] = {
            "store": stored, "slack": self.slack, "refused": self.refused, "overdue": missing, "working": self.leading,
            "stopping": self.stopping,
        }  # fmt: skip
        fine = stored and self.slack in ("connected", "off") and not self.refused and not self.stopping
        return fine, {"ready": fine, **parts}


def metrics(vitals: Vitals, store: Store) -> str:
    """Return every number in the text format of Prometheus."""
    rows: dict[str, list[str]] = {}

    def add(name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in sorted((labels or {}).items()))
        rows.setdefault(name, []).append(f"okrbot_{name}{{{shown}}} {value:.15g}" if shown else f"okrbot_{name} {value:.15g}")

    add("started_timestamp_seconds", vitals.started.timestamp())
    add("last_tick_timestamp_seconds", vitals.ticked.timestamp())
    add("working", float(vitals.leading))
    add("slack_connected", float(vitals.slack == "connected" and not vitals.refused))
    now = vitals.now()
    with store.engine.connect().execution_options(reading=True) as db:
        late = Counter(row.kind for row in overdue(db, now=now))
        add("slack_paused", float(int(setting(db, PAUSE).get("until", 0)) > millis(now)))
    for kind in ("digest", "prompt"):
        add("deliveries_overdue", late[kind], {"kind": kind})
    for (name, pairs), value in vitals.counts().items():
        add(name, value, dict(pairs))
    for name, labels, value in _stored(store):
        add(name, value, labels)
    lines = []
    for name in sorted(rows):
        lines.append(f"# TYPE okrbot_{name} {'counter' if name.endswith(('_total', '_sum', '_count')) else 'gauge'}")
        lines += rows[name]
    return "\n".join(lines) + "\n"


def _stored(store: Store) -> list[tuple[str, dict[str, str], float]]:
    found: list[tuple[str, dict[str, str], float]] = []
    f, d, p, a, u, w = t.findings.c, t.deliveries.c, t.prompts.c, t.answers.c, t.pulls.c, t.writes.c
    number = sa.func.count().label("number")
    with store.engine.connect().execution_options(reading=True) as db:
        for state, severity, many in db.execute(sa.select(f.state, f.severity, number).group_by(f.state, f.severity)):
            found.append(("findings", {"state": state, "severity": severity}, many))
        for kind, state, many in db.execute(sa.select(d.kind, d.state, number).group_by(d.kind, d.state)):
            found.append(("deliveries", {"kind": kind, "state": state}, many))
        for state, many in db.execute(sa.select(p.state, number).group_by(p.state)):
            found.append(("prompts", {"state": state}, many))
        for outcome, many in db.execute(sa.select(a.outcome, number).group_by(a.outcome)):
            found.append(("answers", {"outcome": outcome}, many))
        for action, state, many in db.execute(sa.select(w.action, w.state, number).group_by(w.action, w.state)):
            found.append(("writes", {"action": action, "state": state}, many))
        complete = sa.select(u.source, sa.func.max(u.ended)).where(u.verdict == "complete").group_by(u.source)
        for source, ended in db.execute(complete):
            found.append(("last_complete_pull_timestamp_seconds", {"source": source}, ended / 1000))
        ran = db.execute(sa.select(sa.func.max(t.audits.c.ran))).scalar()
    if ran:
        found.append(("last_audit_timestamp_seconds", {}, ran / 1000))
    return found


def lines_for_admins(vitals: Vitals, store: Store) -> list[str]:
    """Return the bot's health in sentences, for App Home."""
    found = [
        f"Up since {vitals.started:%Y-%m-%d %H:%M} UTC; {'this process does the work' if vitals.leading else 'another process does the work'}."
    ]
    u, d, g = t.pulls.c, t.deliveries.c, t.firings.c
    with store.engine.connect().execution_options(reading=True) as db:
        newest = sa.select(sa.func.max(u.id)).where(u.verdict != "running").group_by(u.source)
        pulls = db.execute(sa.select(u.source, u.verdict, u.ended).where(u.id.in_(newest)).order_by(u.source)).all()
        found += [f"{row.source}: last pull {row.verdict}, {instant(row.ended):%Y-%m-%d %H:%M} UTC" for row in pulls]
        ran = db.execute(sa.select(sa.func.max(t.audits.c.ran))).scalar()
        wrote = db.execute(
            sa.select(g.claimed, g.done, g.outcome).where(g.job == "write_back", g.outcome != "").order_by(g.claimed.desc()).limit(1)
        ).first()
        stuck = db.execute(sa.select(d.state, sa.func.count()).where(d.state.in_(["doubt", "held", "refused"])).group_by(d.state)).all()
        late, pause = overdue(db, now=vitals.now()), setting(db, PAUSE)
    found += [f"Slack refuses okrbot: {vitals.refused}"] if vitals.refused else []
    if not vitals.refused and int(pause.get("until", 0)) > millis(vitals.now()):
        found.append(f"Slack is left alone until {instant(pause['until']):%Y-%m-%d %H:%M} UTC: {pause.get('error', '')}")
    found += [
        f"The digest of {row.product} has not arrived in {row.channel}: {row.error or 'it waits for its turn'}"
        for row in late
        if row.kind == "digest"
    ][:MOST_LATE]
    if asked := sum(1 for row in late if row.kind != "digest"):
        found.append(f"{count(asked, 'question has', 'questions have')} not arrived: see okrbot deliveries")
    found.append(f"Last audit {instant(ran):%Y-%m-%d %H:%M} UTC" if ran else "No audit yet")
    if wrote is not None:
        found.append(
            f"Last write-back {instant(wrote.claimed):%Y-%m-%d %H:%M} UTC{'' if wrote.done else ', not finished'}: {wrote.outcome}"
        )
    found += [f"{count(many, 'delivery', 'deliveries')} {STUCK[state]}: see okrbot deliveries" for state, many in stuck]
    return found


class HealthServer:
    """Serves /healthz, /readyz and /metrics at `listen` (host:port). Raises OSError when the port is taken."""

    def __init__(self, listen: str, vitals: Vitals, store: Store) -> None:
        class Pages(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_GET(self) -> None:
                path = self.path.split("?", 1)[0]
                if path == "/healthz":
                    self._json(*vitals.alive())
                elif path == "/readyz":
                    self._json(*vitals.ready(store))
                elif path == "/metrics":
                    self._send(200, "text/plain; version=0.0.4; charset=utf-8", metrics(vitals, store))
                else:
                    self._send(404, "text/plain; charset=utf-8", "There are /healthz, /readyz and /metrics.\n")

            def _json(self, fine: bool, said: Mapping[str, object]) -> None:
                self._send(200 if fine else 503, "application/json", json.dumps(said) + "\n")

            def _send(self, status: int, kind: str, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 -- the library's names
                log.debug("health page read", extra={"path": self.path})

        host, _, port = listen.rpartition(":")
        self._server = http.server.ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), Pages)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._thread.is_alive():
            self._server.shutdown()  # waits for ever for a loop that was never begun
            self._thread.join(5)
        self._server.server_close()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
