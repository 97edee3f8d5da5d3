"""The scores as of each past week, from one load of the store; a week that history does not reach says so."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import duckdb

from okrbot.audit.outcomes import Row, ask
from okrbot.audit.scores import factory_of, scores
from okrbot.audit.subjects import make_findings
from okrbot.audit.waivers import in_force
from okrbot.config import Config
from okrbot.facts import Facts, build, pair_once
from okrbot.facts.load import load
from okrbot.rulebook import Page
from okrbot.store import Store

FEW = 8  # items; below this no number says anything
UNSEEN = 0.3  # share of items without history, changed since: from here a week is not told
_SEEN = "select count(*), count(*) filter (not has_history and updated > (select now_ms from work.moment)) from work.item where level >= 0"
LARGE = 20_000  # items; from here a second process pays for its start


@dataclasses.dataclass(frozen=True, slots=True)
class Week:
    """The scores of every product as of one instant. Where `enough` is False there are none, and `reason` says why."""

    as_of: dt.datetime
    enough: bool
    reason: str
    scores: Mapping[str, Mapping[str, float | None]]
    flagged: Mapping[str, int]  # subjects flagged, by product
    notes: tuple[str, ...] = ()


def mondays(now: dt.datetime, zone: str, weeks: int) -> tuple[dt.datetime, ...]:
    """Return the last `weeks` Mondays, 00:00 in `zone`, up to `now`, oldest first."""
    local = now.astimezone(zoneinfo.ZoneInfo(zone))
    monday = local.date() - dt.timedelta(days=local.weekday())
    days = [monday - dt.timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    return tuple(dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(zone)) for day in days)


def trend(
    store: Store,
    config: Config,
    pages: Mapping[str, Page],
    instants: Sequence[dt.datetime],
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Week]:
    """Return one `Week` for each of `instants` (aware). Nothing is remembered but verdicts on texts."""
    if not instants:
        return []
    connection = load(store, threads=threads)
    try:
        pair_once(store, config, connection, first=min(instants), last=max(instants))
        weeks = []
        for number, as_of in enumerate(instants, 1):
            facts = build(store, config, as_of, loaded=connection, processes=threads or 2)
            weeks.append(_week(store, config, pages, facts))
            if progress:
                progress(number, len(instants))
    finally:
        connection.close()
    return weeks


def _week(store: Store, config: Config, pages: Mapping[str, Page], facts: Facts) -> Week:
    reason = unknown(facts.connection)
    if reason:
        return Week(facts.as_of, False, reason, {}, {})
    outcomes, flagged = ask(facts, pages, config.rules.own)
    waived = _waived(store, config, pages, facts, flagged)
    numbers = scores(facts.connection, facts.as_of.astimezone(dt.UTC).replace(tzinfo=None))
    told: dict[str, dict[str, float | None]] = {}
    total: dict[str, int] = {}
    for product in config.products:
        name = product.name
        told[name] = {**numbers.get(name, {}), "factory": factory_of(name, outcomes, config.scores.factory, waived)}
        total[name] = sum(outcome.by_product.get(name, (0, 0))[1] for outcome in outcomes) - sum(waived[rule, name] for rule in pages)
    return Week(facts.as_of, True, "", told, total, _notes(facts))


def _waived(
    store: Store, config: Config, pages: Mapping[str, Page], facts: Facts, flagged: Mapping[str, Sequence[Row]]
) -> Counter[tuple[str, str]]:
    """Return how many flagged subjects were set aside at that instant, by rule and product."""
    with store.connect() as db:
        waivers = in_force(db, facts.as_of)
    rules = {rule for rule, _ in waivers}
    some = {name: rows for name, rows in flagged.items() if name in rules or "*" in rules}
    return Counter(
        (f.rule, f.product)
        for f in make_findings(facts, pages, some, config.rules.own)
        if (f.rule, f.subject) in waivers or ("*", f.subject) in waivers
    )


def unknown(connection: duckdb.DuckDBPyConnection) -> str:
    """Return why the facts of an instant cannot be told, "" if they can."""
    row = connection.execute(_SEEN).fetchone()
    items, unseen = row or (0, 0)
    if items < FEW:
        return "no item existed yet" if not items else f"only {items} items existed"
    return _unseen(items, unseen)


def unseen_past(connection: duckdb.DuckDBPyConnection) -> str:
    """Return why an instant of the past cannot be told however much there was, "" if it can: what changed since has no history."""
    row = connection.execute(_SEEN).fetchone()
    items, unseen = row or (0, 0)
    return _unseen(items, unseen) if items else ""


def _unseen(items: int, unseen: int) -> str:
    return f"{unseen} of {items} items changed since and have no history" if unseen >= UNSEEN * items else ""


def _notes(facts: Facts) -> tuple[str, ...]:
    read = facts.connection.execute(
        """select strftime(epoch_ms(max(s.since)), '%Y-%m-%d') from raw.goals_known s cross join work.moment m
           where s.since > m.now_ms and exists (select 1 from raw.key_results k where k.source = s.source and k.created = 0)"""
    ).fetchone()
    notes = [f"goals as first read on {read[0]}"] if read and read[0] else []
    return (*notes, *(facts.missing[need] for need in ("okrs", "history") if need in facts.missing))
