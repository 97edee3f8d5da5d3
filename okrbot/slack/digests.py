"""Weekly digests through the outbox: rendered once, sent once, late with a word about it, missed weeks listed."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot.blocks import DigestPosts, Gap, GoalLine, digest_posts
from okrbot.config import Config
from okrbot.digest import SCORES, Digest, show_score
from okrbot.model import instant, millis
from okrbot.slack.client import Client, connect
from okrbot.slack.outbox import OPEN, Delivery, Outgoing, by_key, put
from okrbot.slack.sender import Office, Timing, deliver, paused
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import setting

UNSENT = ("skipped", "held", "refused")  # held: it may have arrived, and nobody can say
KIND, REPLY = "digest", "digest_reply"
DONE, UNDELIVERED = 0, 4
PATIENCE = 200.0  # seconds that a call from the shell waits for a doubt to be settled
QUICK = 10.0  # seconds after which it says what it waits for
MOST_MISSED = 60
FOUR_WEEKS, LEAST_WEEKS = dt.timedelta(weeks=4), 3
WEEK = 7 * 86_400_000  # milliseconds


def send_digests(
    store: Store,
    config: Config,
    digests: Sequence[Digest],
    *,
    clock: Callable[[], dt.datetime],
    sleep: Callable[[float], None],
    due: dt.datetime | None = None,
    titles: Mapping[str, str] | None = None,
    kinds: Mapping[str, Mapping[str, int]] | None = None,
    client: Client | None = None,
    timing: Timing = Timing(),  # noqa: B008 -- frozen
    patience: float = PATIENCE,
    tell: Callable[[str], None] = lambda _line: None,
    holder: str = "",
) -> int:
    """Send the digests through the outbox and return 0, or 4 when one of them has not arrived yet (it will be tried again).

    `due` is the slot they belong to (default: now); `titles` names rules by their title, `kinds` counts each product's open findings by
    rule (default: as the store has them); `tell` gets one line a product.
    Calling it again in the same week sends nothing twice, and settles what was left in doubt.
    """
    now = clock()
    keys: list[str] = []
    for digest in digests:
        if not digest.channel:
            tell(f"{digest.product}: no channel is configured, so nothing is sent.")
            continue
        counted = (kinds or {}).get(digest.product)
        with store.begin() as db:  # each for itself: two who plan the same week in another order would wait for each other for ever
            keys.append(plan(db, config, digest, now=now, due=due or now, titles=titles or {}, kinds=counted))
    if not keys:
        return DONE
    office = office_of(store, config, clock=clock, sleep=sleep, client=client, timing=timing, holder=holder)
    replies = [f"{key}:{number}" for key in keys for number in range(1, 9)]
    ours = [*keys, *replies, *_older(store, keys)]
    deliver(office, patience=min(patience, QUICK), keys=ours)
    if patience > QUICK:
        for line in _late(office, keys, within=patience - QUICK):
            tell(line)
        deliver(office, patience=patience - QUICK, keys=ours)
    return _account(office, keys, tell)


def office_of(
    store: Store,
    config: Config,
    *,
    clock: Callable[[], dt.datetime],
    sleep: Callable[[float], None],
    client: Client | None = None,
    timing: Timing = Timing(),  # noqa: B008 -- frozen
    holder: str = "",
) -> Office:
    """Return what the sender needs under this configuration. Raises ConfigError."""
    return Office(
        store=store,
        client=client or connect(config, timeout=timing.answer),
        clock=clock,
        sleep=sleep,
        zone=config.okrbot.timezone,
        on_doubt=config.digest.on_doubt,
        holder=holder,
        timing=timing,
        allow_external=config.slack.allow_external,
    )


def digest_key(product: str, channel: str, period: str) -> str:
    """Return the key under which a digest is sent: kind, product, channel, period."""
    return f"{KIND}:{product}:{channel}:{period}"


def plan(
    db: sa.Connection, config: Config, digest: Digest, *, now: dt.datetime, due: dt.datetime, titles: Mapping[str, str],
    kinds: Mapping[str, int] | None = None,
) -> str:  # fmt: skip
    """Write one digest and its thread into the outbox, once a week; return its key. Older ones not yet sent are skipped."""
    key = digest_key(digest.product, digest.channel, digest.period)
    if by_key(db, key) is not None:
        return key
    muted = int(setting(db, f"product:{digest.product}").get("muted_until", 0))
    missed = _skip_older(db, digest, now=now)
    posts = render(db, config, digest, titles=titles, kinds=kinds, skipped=missed)
    common: dict[str, Any] = {"channel": digest.channel, "product": digest.product, "period": digest.period, "due": due}
    message = Outgoing(key, KIND, text=posts.message.text, blocks=posts.message.blocks, **common)
    if muted > millis(now):
        put(db, message, now=now, state="skipped", error=f"muted until {instant(muted):%Y-%m-%d}")
        return key
    if not put(db, message, now=now):
        return key  # another process was quicker
    for number, post in enumerate(posts.thread, 1):
        put(db, Outgoing(f"{key}:{number}", REPLY, text=post.text, blocks=post.blocks, thread_of=key, **common), now=now)
    return key


def render(
    db: sa.Connection, config: Config, digest: Digest, *, titles: Mapping[str, str] | None = None,
    kinds: Mapping[str, int] | None = None, skipped: Sequence[str] = (),
) -> DigestPosts:  # fmt: skip
    """Return the messages of one digest with what the store knows beside it: gaps, key results, findings by kind."""
    names = titles or {}
    counts = _by_rule(db, digest.product) if kinds is None else kinds
    sources = _sources(config, digest.product)
    kinds = {names.get(rule, rule.replace("_", " ")): number for rule, number in counts.items()}
    return digest_posts(
        digest,
        gaps=_gaps(db, config, digest),
        goals=_goals(db, digest),
        kinds=kinds,
        skipped=skipped,
        means=_means(db, digest),
        sources=sources,
        read=_read(db, sources, digest.as_of),
        short=config.digest.quiet,
    )


def _account(office: Office, keys: Sequence[str], tell: Callable[[str], None]) -> int:
    said = paused(office)
    with office.store.connect() as db:
        rows = [row for key in keys if (row := by_key(db, key))]
    for row in rows:
        tell(f"{row.product}: {_words(row, said)}")
    return DONE if all(row.state in ("sent", "skipped") for row in rows) else UNDELIVERED


def _late(office: Office, keys: Sequence[str], *, within: float) -> list[str]:
    """Return a line for each digest that may still come `within` so many seconds: why it is not there, and that we wait."""
    if paused(office) is not None:
        return []
    until = office.clock() + dt.timedelta(seconds=within)
    with office.store.connect() as db:
        rows = [row for key in keys if (row := by_key(db, key)) and row.state in OPEN]
    found = []
    for row in rows:
        if row.state != "planned":
            found.append(f"{row.product}: Slack's answer was lost. Waiting two and a half minutes, then looking whether it arrived …")
        elif row.not_before is None or row.not_before <= until:
            found.append(
                f"{row.product}: not sent yet: {row.error or 'it waits for its turn'}. Trying for up to {within / 60:.0f} minutes …"
            )
    return found


def _words(row: Delivery, pause: tuple[dt.datetime, str] | None) -> str:
    if row.state == "sent":
        return f"the digest of {row.period} is in {row.channel}."
    if row.state == "skipped":
        return f"the digest of {row.period} is not sent: {row.error}."
    if row.state == "held":
        return f"the digest of {row.period} may or may not have arrived in {row.channel}: {row.error}."
    if row.state == "refused":
        return f"Slack will not take the digest of {row.period}: {row.error}."
    why = pause[1] if pause and not row.error else row.error or "it is waiting"
    return f"the digest of {row.period} is not in {row.channel} yet: {why}. It is kept and will be tried again."


def _older(store: Store, keys: Sequence[str]) -> list[str]:
    """Return older digests of the same products that are still in doubt: they are settled with the new ones."""
    d = t.deliveries.c
    with store.connect() as db:
        return list(
            db.execute(sa.select(d.key).where(d.kind.in_((KIND, REPLY)), d.state.in_(("sending", "doubt")), d.key.not_in(keys))).scalars()
        )


def _skip_older(db: sa.Connection, digest: Digest, *, now: dt.datetime) -> list[str]:
    """Give up earlier weeks that were never sent, write down those never planned, and return them, oldest first."""
    d = t.deliveries.c
    here = sa.and_(d.product == digest.product, d.channel == digest.channel, d.period < digest.period)
    earlier = sa.and_(here, d.kind == KIND)
    unsent = sa.or_(d.kind == KIND, d.thread_of.in_(sa.select(d.key).where(earlier, d.state.in_(("planned", "held", "refused")))))
    reason = sa.case((d.error == "", "a newer week came first"), else_=d.error)  # the first reason is the one that helps
    db.execute(sa.update(t.deliveries).where(here, unsent, d.state == "planned").values(state="skipped", error=reason))
    sent = db.execute(sa.select(sa.func.max(d.period)).where(earlier, d.state.not_in(UNSENT))).scalar()
    known = set(db.execute(sa.select(d.period).where(earlier)).scalars())
    first = sent or min(known, default=None)
    if first is None:
        return []  # never sent before: nothing is missed
    missing = [week for week in _weeks_between(first, digest.period) if week not in known]
    for week in missing[-MOST_MISSED:]:
        common: dict[str, Any] = {"channel": digest.channel, "product": digest.product, "period": week, "due": now}
        put(db, Outgoing(digest_key(digest.product, digest.channel, week), KIND, text="", blocks=(), **common), now=now, state="skipped",
            error="okrbot was not running")  # fmt: skip
    skipped = sa.select(d.period).where(earlier, d.state.in_(UNSENT), d.error.not_like("muted%"))
    after = skipped.where(d.period > sent) if sent else skipped
    return sorted(db.execute(after).scalars())


def _weeks_between(first: str, last: str) -> list[str]:
    """Return the ISO weeks strictly between two, e.g. 2026-W45 and 2026-W48 → W46, W47."""
    monday, end, weeks = _monday(first), _monday(last), []
    while (monday := monday + dt.timedelta(days=7)) < end:
        year, week, _ = monday.isocalendar()
        weeks.append(f"{year}-W{week:02d}")
    return weeks


def _monday(period: str) -> dt.date:
    return dt.date.fromisocalendar(int(period[:4]), int(period[6:]), 1)


def _means(db: sa.Connection, digest: Digest) -> dict[str, str]:
    """Return each score's mean over the four weeks before the digest, one audit a week, as people read it; {} with fewer than three weeks."""
    a = t.audits.c
    since = millis(digest.as_of - FOUR_WEEKS)
    rows = db.execute(sa.select(a.as_of, a.scores).where(a.as_of > since, a.as_of < millis(digest.as_of)).order_by(a.as_of)).all()
    weeks: dict[int, Mapping[str, float | None]] = {}
    for row in rows:
        weeks[(row.as_of - since) // WEEK] = json.loads(row.scores).get(digest.product, {})
    if len(weeks) < LEAST_WEEKS:
        return {}
    known = {name: [scores[name] for scores in weeks.values() if scores.get(name) is not None] for name in SCORES}
    return {name: show_score(statistics.fmean(values), SCORES[name][2]) for name, values in known.items() if len(values) >= LEAST_WEEKS}  # type: ignore[arg-type]


def _sources(config: Config, product: str) -> list[str]:
    """Return the names of the sources a product's backlogs are in."""
    backlogs = next((p.backlogs for p in config.products if p.name == product), ())
    return list(dict.fromkeys(backlog.split("/", 1)[0] for backlog in backlogs))


def _read(db: sa.Connection, sources: Sequence[str], as_of: dt.datetime) -> dt.datetime | None:
    """Return when the source that was read longest ago was last read completely before `as_of`; None where one never was."""
    p = t.pulls.c
    ends = (
        sa.select(p.source, sa.func.max(p.ended))
        .where(p.verdict == "complete", p.source.in_(list(sources)), p.ended <= millis(as_of))
        .group_by(p.source)
    )
    found: dict[str, int] = dict(db.execute(ends).all())
    return instant(min(found.values())) if found and set(found) >= set(sources) else None


# --- what the store knows beside the digest ---------------------------------------------------------------------------


def _gaps(db: sa.Connection, config: Config, digest: Digest) -> tuple[Gap, ...]:
    """Return what could not be read, with the end of the last complete reading of each source."""
    p = t.pulls.c
    ends = sa.select(p.source, sa.func.max(p.ended)).where(p.verdict == "complete").group_by(p.source)
    last = {source: instant(ended) for source, ended in db.execute(ends).all() if ended}
    names = sorted((source.name for source in config.sources), key=len, reverse=True)
    found = []
    for words in digest.unseen:
        source = next((name for name in names if words.startswith(f"{name} ")), "")
        found.append(Gap(words, last.get(source)))
    return tuple(found)


def _goals(db: sa.Connection, digest: Digest) -> tuple[GoalLine, ...]:
    """Return the key results of this product's objectives that are under way, as they stand in the store."""
    k, o, c = t.key_results.c, t.objectives.c, t.cycles.c
    day = digest.as_of.date().isoformat()
    chosen = (
        sa.select(t.key_results, c.end)
        .join(t.objectives, sa.and_(o.source == k.source, o.id == k.objective))
        .outerjoin(t.cycles, sa.and_(c.source == o.source, c.name == o.cycle))
        .where(o.product == digest.product, o.archived == 0, k.archived == 0, o.gone_since == 0, k.gone_since == 0)
        .where(sa.or_(c.start.is_(None), c.start == "", c.start <= day), sa.or_(c.end.is_(None), c.end == "", c.end >= day))
        .order_by(o.id, k.id)
    )
    i = t.check_ins.c
    checked = {
        (s, kr): on for s, kr, on in db.execute(sa.select(i.source, i.key_result, sa.func.max(i.on)).group_by(i.source, i.key_result)).all()
    }
    return tuple(
        GoalLine(
            r["title"],
            r["unit"],
            r["baseline"],
            r["current"],
            r["target"],
            r["due"] or r["end"] or "",
            checked.get((r["source"], r["id"]), ""),
        )
        for r in db.execute(chosen).mappings()
    )


def _by_rule(db: sa.Connection, product: str) -> Counter[str]:
    f = t.findings.c
    chosen = (
        sa.select(f.rule, sa.func.count().label("number")).where(f.product == product, f.state.in_(("open", "returned"))).group_by(f.rule)
    )
    return Counter({row.rule: row.number for row in db.execute(chosen)})
