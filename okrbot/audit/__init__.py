"""The audit: ask every rule, compare with what was known, and remember what came of it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import duckdb
import sqlalchemy as sa

from okrbot.audit.lifecycle import compare, last_audit, record
from okrbot.audit.outcomes import Runner, ask
from okrbot.audit.pausing import Pause, pause_ignored, pauses
from okrbot.audit.scores import Scored, factory_of, factory_parts, movers, scored
from okrbot.audit.subjects import make_findings
from okrbot.audit.trend import unseen_past
from okrbot.config import Config
from okrbot.facts import Facts, build
from okrbot.findings import Audit, Finding, ProductResult, RuleOutcome, SourceCoverage
from okrbot.model import instant, millis
from okrbot.rulebook import Page
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.ledger import last_pulls

__all__ = ["Audit", "Finding", "ProductResult", "RuleOutcome", "SourceCoverage", "audit"]


def audit(
    store: Store,
    config: Config,
    pages: Mapping[str, Page],
    *,
    as_of: dt.datetime,
    ran: dt.datetime,
    remember: bool = True,
    run_own: Runner | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Audit what the store holds, as of `as_of` (aware), with the rules in `pages`.

    With `remember`, findings, their changes and the audit are written, unless a later instant was audited already: the
    past may be looked at, not rewritten. The same store and instant give the same result.
    """
    facts = build(store, config, as_of, progress=progress)
    try:
        lock(facts.connection)
        paused = _paused(store, config, as_of)
        running = {name: page for name, page in pages.items() if name not in paused}
        blank = unseen_past(facts.connection) if as_of < ran else ""
        outcomes, flagged = ask(facts, {} if blank else running, config.rules.own, run_own=run_own)
        outcomes += [_untold(page, blank) for page in running.values() if blank]
        outcomes = in_order([*outcomes, *(_rest(pages[name], pause) for name, pause in paused.items() if name in pages)])
        findings = make_findings(facts, pages, flagged, config.rules.own)
        coverage = see(store, facts)
        at = as_of.astimezone(dt.UTC).replace(tzinfo=None)
        numbers, lists = ({}, {}) if blank else (scored(facts.connection, at), scored(facts.connection, at, by="backlog"))
        homes = dict(facts.connection.execute("select key, product from backlog").fetchall())
    finally:
        facts.close()
    blind = {source.source for source in coverage if not source.complete}
    with store.begin() as db:
        compared = compare(db, findings, outcomes, as_of=as_of, blind_sources=blind)
        products = _products(config, numbers, {key: (homes[key], one) for key, one in lists.items()}, compared.findings, outcomes)
        newest = last_audit(db)
        remembered = remember and not blank and (newest is None or newest <= as_of)
        if remembered:
            said_rules = json.dumps([_rule_row(outcome) for outcome in outcomes], ensure_ascii=False)
            said_scores = json.dumps({product.name: dict(product.scores) for product in products}, ensure_ascii=False)
            record(db, compared, as_of=as_of, ran=ran, scores=said_scores, rules=said_rules)
            pause_ignored(db, now=as_of, kept=config.rules.on)
    return Audit(
        as_of=as_of,
        coverage=coverage,
        products=products,
        rules=tuple(outcomes),
        findings=compared.findings,
        resolved=compared.resolved,
        problems=((f"the past cannot be told: {blank}. Nothing is judged.",) if blank else ()) + facts.problems,
        first=compared.first,
        recorded=remembered,
        untold=f"the past cannot be told: {blank}" if blank else "",
    )


def _paused(store: Store, config: Config, as_of: dt.datetime) -> dict[str, Pause]:
    """Return the rules that rest at `as_of`: paused by themselves, and kept neither by a person nor by the configuration."""
    with store.connect() as db:
        return {rule: p for rule, p in pauses(db).items() if not p.kept and p.since < as_of and rule not in config.rules.on}


def _rest(page: Page, pause: Pause) -> RuleOutcome:
    reason = f"paused since {pause.since.date()}: {pause.reason}. `okrbot rules keep {page.name}` keeps it running."
    return RuleOutcome(page.name, page.family, page.title, "not_checked", reason=reason)


def _untold(page: Page, reason: str) -> RuleOutcome:
    return RuleOutcome(page.name, page.family, page.title, "not_checked", reason=f"the past cannot be told: {reason}")


def in_order(outcomes: Sequence[RuleOutcome]) -> list[RuleOutcome]:
    """Return `outcomes` by family and rule."""
    return sorted(outcomes, key=lambda outcome: (outcome.family, outcome.rule))


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the engine for the rules: nothing outside can be reached and no setting changed."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def see(store: Store, facts: Facts) -> tuple[SourceCoverage, ...]:
    """Return what the audit could see of each source: items read (archived ones too), with how many histories, and the last pull's problems."""
    moment = {"at": millis(facts.as_of)}
    counts = {
        source: (items, with_history)
        for source, items, with_history in facts.connection.execute(
            """select source, count(*), count(*) filter (history = 1) from raw.item
               where created <= $at and (hidden_since = 0 or hidden_since > $at) and not starts_with(id, 'project:') group by source""",
            moment,
        ).fetchall()
    }
    seen = []
    for source, (verdict, coverage, ended) in last_pulls(store).items():
        items, with_history = counts.get(source, (0, 0))
        expected = coverage.expected if coverage.expected is not None and verdict != "complete" else items
        seen.append(SourceCoverage(source, verdict == "complete", max(expected, items), items, with_history, instant(ended), coverage))
    return tuple(seen)


def _products(
    config: Config,
    numbers: Mapping[str, Scored],
    backlogs: Mapping[str, tuple[str, Scored]],
    findings: Sequence[Finding],
    outcomes: Sequence[RuleOutcome],
) -> tuple[ProductResult, ...]:
    waived = Counter((f.rule, f.product) for f in findings if f.state == "waived")
    products = []
    for product in config.products:
        name = product.name
        mine = sum(1 for f in findings if f.product == name and f.state != "waived")
        one = numbers.get(name, Scored({}, {}))
        families = factory_parts(name, outcomes, config.scores.factory, waived)
        factory = factory_of(name, outcomes, config.scores.factory, waived)
        products.append(
            ProductResult(
                name,
                {**one.scores, "factory": factory},
                mine,
                product.channel,
                parts={**one.parts, "factory": {family: round(share, 4) for family, (share, _) in sorted(families.items())}},
                moved_by={score: tuple((f.rule, f.key) for f in some) for score, some in movers(name, findings).items()},
                backlogs={key: some.scores for key, (home, some) in backlogs.items() if home == name},
            )
        )
    return tuple(products)


def _rule_row(outcome: RuleOutcome) -> dict[str, object]:
    names = ("rule", "family", "outcome", "checked", "flagged", "reason")
    return {name: getattr(outcome, name) for name in names}


def last_scores(store: Store, *, before: dt.datetime) -> dict[str, dict[str, float | None]]:
    """Return the scores of the newest recorded audit before `before`, {} if there is none."""
    with store.connect() as db:
        row = db.execute(
            sa.select(t.audits.c.scores).where(t.audits.c.as_of < millis(before)).order_by(t.audits.c.as_of.desc()).limit(1)
        ).scalar()
    found: dict[str, dict[str, float | None]] = json.loads(row) if row else {}
    return found
