"""Ask every rule of the book, and keep what it says: flagged, clear, not checked, or failed with the reason."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from okrbot.audit.own import OwnRules
from okrbot.facts import Facts
from okrbot.findings import NOTHING, RuleOutcome
from okrbot.rulebook import Page, RuleError
from okrbot.rulebook.query import Result, run_query

Row = dict[str, Any]
Runner = Callable[[Page, Mapping[str, Any]], Result]


def ask(
    facts: Facts, pages: Mapping[str, Page], own: Mapping[str, Mapping[str, Any]], *, run_own: Runner | None = None
) -> tuple[list[RuleOutcome], dict[str, tuple[Row, ...]]]:
    """Run `pages` on `facts`, with the settings `own` overrides by rule; return the outcomes and the flagged rows by rule.

    Pages that did not come with okrbot run outside of this process (`okrbot.audit.own`), or by `run_own`. A rule that
    breaks or must be stopped is `failed` and harms no other.
    """
    foreign = [page for page in pages.values() if not page.shipped]
    with contextlib.ExitStack() as open_:
        if foreign and run_own is None:
            run_own = open_.enter_context(
                OwnRules(facts.connection, facts.as_of, foreign, own, blind={page.name: unseen(facts, page) for page in foreign})
            )
        return _ask_each(facts, pages, own, run_own)


def _ask_each(
    facts: Facts, pages: Mapping[str, Page], own: Mapping[str, Mapping[str, Any]], run_own: Runner | None
) -> tuple[list[RuleOutcome], dict[str, tuple[Row, ...]]]:
    outcomes, flagged = [], {}
    for name in sorted(pages, key=lambda n: (pages[n].family, n)):
        page = pages[name]
        lacking = [facts.missing[need] for need in page.needs if need in facts.missing]
        if lacking:
            outcomes.append(RuleOutcome(name, page.family, page.title, "not_checked", reason=lacking[0]))
            continue
        settings = {key: value for key, value in own.get(name, {}).items() if key != "severity"}
        try:
            result = run_own(page, settings) if run_own is not None and not page.shipped else _in_transaction(facts, page, settings)
        except (duckdb.Error, RuleError) as error:
            reason = str(error).split("\n", 1)[0][:300]
            outcomes.append(RuleOutcome(name, page.family, page.title, "failed", reason=reason))
            continue
        rows = _known(facts, page, result.rows)
        flagged[name] = rows
        outcomes.append(_outcome(page, result, len(rows), unseen(facts, page)))
    return outcomes, flagged


def unseen(facts: Facts, page: Page) -> dict[str, str]:
    """Return the products for which a need of `page` is not met, with the reason."""
    found: dict[str, str] = {}
    for need in page.needs:
        found = {**facts.missing_for.get(need, {}), **found}
    return found


def _in_transaction(facts: Facts, page: Page, settings: Mapping[str, Any]) -> Result:
    # A transaction of its own, so that a rule that breaks leaves nothing aborted behind; read-only, so that none writes.
    facts.connection.execute("begin transaction read only")
    try:
        return run_query(facts.connection, page, settings, facts.as_of, blind=unseen(facts, page))
    finally:
        facts.connection.execute("rollback")


def _outcome(page: Page, result: Result, flagged: int, reasons: Mapping[str, str]) -> RuleOutcome:
    unsure = _unjudged(result, reasons)
    if not result.checked and result.blind:
        return RuleOutcome(
            page.name, page.family, page.title, "not_checked", unsure=result.unsure, reason=unsure, blind=frozenset(result.blind)
        )
    if not result.checked and result.unsure:
        return RuleOutcome(
            page.name,
            page.family,
            page.title,
            "not_checked",
            unsure=result.unsure,
            reason=f"none of {result.unsure} could be judged: the facts it needs are missing",
        )
    if not result.checked:
        return RuleOutcome(page.name, page.family, page.title, "not_checked", reason=NOTHING, blind=frozenset(reasons))
    return RuleOutcome(
        page.name,
        page.family,
        page.title,
        "flagged" if flagged else "clear",
        result.checked,
        result.unsure,
        flagged,
        unsure,
        result.by_product,
        frozenset(reasons),
    )


def _unjudged(result: Result, reasons: Mapping[str, str]) -> str | None:
    """Return how many subjects were not judged and why, by product where data of the whole product is missing."""
    parts = [f"{number} of {name or 'no product'} could not be judged: {reasons[name]}" for name, number in sorted(result.blind.items())]
    if rest := result.unsure - sum(result.blind.values()):
        parts.append(f"{rest} could not be judged")
    return "; ".join(parts) or None


def _known(facts: Facts, page: Page, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return `rows` once a subject; a key that no subject has is the rule's mistake."""
    by_kind: dict[str, list[str]] = {}
    for row in rows:
        by_kind.setdefault(str(row.get("subject_kind") or page.subject), []).append(str(row["key"]))
    found = {
        (kind, key)
        for kind, keys in by_kind.items()
        for (key,) in facts.connection.execute(f"select key from {kind} where key in (select unnest(?::varchar[]))", [keys]).fetchall()  # noqa: S608 -- six known names
    }
    known = []
    for row in rows:
        identity = (str(row.get("subject_kind") or page.subject), str(row["key"]))
        if identity in found:
            found.discard(identity)
            known.append(row)
    return tuple(known)


def instant_text(value: dt.datetime) -> str:
    """Return an instant as ISO text with offset, whole seconds, UTC."""
    return value.astimezone(dt.UTC).replace(microsecond=0).isoformat()
