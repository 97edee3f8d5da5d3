"""The audit: ask every rule, compare with what was known, and remember what came of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence

import duckdb
import sqlalchemy as sa

from okrbot.audit.lifecycle import compare, last_audit, record
from okrbot.audit.outcomes import Runner, ask
from okrbot.audit.scores import factory, scores
from okrbot.audit.subjects import make_findings
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
        outcomes, flagged = ask(facts, pages, config.rules.own, run_own=run_own)
        findings = make_findings(facts, pages, flagged, config.rules.own)
        coverage = see(store, facts)
        numbers = scores(facts.connection, as_of.astimezone(dt.UTC).replace(tzinfo=None))
    finally:
        facts.close()
    blind = {source.source for source in coverage if not source.complete}
    with store.begin() as db:
        compared = compare(db, findings, outcomes, as_of=as_of, blind_sources=blind)
        products = _products(config, numbers, compared.findings, outcomes)
        newest = last_audit(db)
        remembered = remember and (newest is None or newest <= as_of)
        if remembered:
            said_rules = json.dumps([_rule_row(outcome) for outcome in outcomes], ensure_ascii=False)
            said_scores = json.dumps({product.name: dict(product.scores) for product in products}, ensure_ascii=False)
            record(db, compared, as_of=as_of, ran=ran, scores=said_scores, rules=said_rules)
    return Audit(
        as_of=as_of,
        coverage=coverage,
        products=products,
        rules=tuple(outcomes),
        findings=compared.findings,
        resolved=compared.resolved,
        problems=facts.problems,
        first=compared.first,
        recorded=remembered,
    )


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the engine for the rules: nothing outside can be reached and no setting changed."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def see(store: Store, facts: Facts) -> tuple[SourceCoverage, ...]:
    """Return what the audit could see of each source: items in the facts, with how many histories, and the last pull's problems."""
    counts = {
        source: (items, with_history)
        for source, items, with_history in facts.connection.execute(
            "select source, count(*), count(*) filter (has_history) from work.item where not starts_with(id, 'project:') group by source"
        ).fetchall()
    }
    seen = []
    for source, (verdict, coverage, ended) in last_pulls(store).items():
        items, with_history = counts.get(source, (0, 0))
        expected = coverage.expected if coverage.expected is not None and verdict != "complete" else items
        seen.append(SourceCoverage(source, verdict == "complete", max(expected, items), items, with_history, instant(ended), coverage))
    return tuple(seen)


def _products(
    config: Config, numbers: Mapping[str, Mapping[str, float | None]], findings: Sequence[Finding], outcomes: Sequence[RuleOutcome]
) -> tuple[ProductResult, ...]:
    products = []
    for product in config.products:
        mine = sum(1 for f in findings if f.product == product.name and f.state != "waived")
        values = {**numbers.get(product.name, {}), "factory": factory(product.name, findings, outcomes, config.scores.factory)}
        products.append(ProductResult(product.name, values, mine, product.channel))
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
