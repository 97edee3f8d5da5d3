"""Keep findings over time: which are new, which returned, which are resolved, which a person set aside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from okrbot.audit.waivers import Waiver, in_force
from okrbot.findings import NOTHING, Finding, FindingState, RuleOutcome, fingerprint_of
from okrbot.model import instant, millis
from okrbot.store import tables as t
from okrbot.store.bulk import upsert


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """Findings with what the store knows of their past, and those that are gone."""

    findings: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    first: bool


def last_audit(db: sa.Connection) -> dt.datetime | None:
    """Return the instant of the newest recorded audit, None before the first."""
    as_of = db.execute(sa.select(sa.func.max(t.audits.c.as_of))).scalar()
    return instant(as_of) if as_of else None


def compare(
    db: sa.Connection,
    findings: Sequence[Finding],
    outcomes: Sequence[RuleOutcome],
    *,
    as_of: dt.datetime,
    blind_sources: Collection[str],
) -> Compared:
    """Return `findings` with first_seen and state from the store, and the findings that are resolved now.

    A finding is resolved only if its rule was really asked (clear, flagged, or nothing left to judge) and its source was read completely, and the rule could see its product: what
    could not be seen is never counted as mended. Nothing is written.
    """
    before = {(row["rule"], row["subject"]): dict(row) for row in db.execute(sa.select(t.findings)).mappings()}
    waivers = in_force(db, as_of)
    now = {(f.rule, f.subject) for f in findings}
    compared = [_with_past(f, before.get((f.rule, f.subject)), waivers, as_of) for f in findings]
    asked = {outcome.rule: outcome.blind for outcome in outcomes if outcome.outcome in ("flagged", "clear") or outcome.reason == NOTHING}
    gone = [
        row
        for identity, row in before.items()
        if identity not in now
        and (row["state"] != "resolved" or row["state_since"] == millis(as_of))  # the same instant again tells the same
        and row["rule"] in asked
        and row["product"] not in asked[row["rule"]]
        and row["source"] not in blind_sources
    ]
    resolved = [_stored(row, "resolved") for row in sorted(gone, key=lambda r: (r["family"], r["rule"], r["key"]))]
    earlier = db.execute(sa.select(t.audits.c.id).where(t.audits.c.as_of < millis(as_of)).limit(1)).first()
    return Compared(tuple(compared), tuple(resolved), earlier is None)


def _with_past(
    finding: Finding, before: Mapping[str, Any] | None, waivers: Mapping[tuple[str, str], Waiver], as_of: dt.datetime
) -> Finding:
    waiver = waivers.get((finding.rule, finding.subject)) or waivers.get(("*", finding.subject))
    if waiver and waiver.fingerprint and waiver.fingerprint != fingerprint(finding):
        waiver = None  # set aside "until it changes", and it did
    first_seen = instant(before["first_seen"]) if before else as_of
    if waiver:
        return dataclasses.replace(finding, first_seen=first_seen, state="waived")
    if before is None:
        return dataclasses.replace(finding, first_seen=as_of, state="open", is_new=True)
    same_instant = before["state_since"] == millis(as_of)
    if before["state"] == "resolved" or (before["state"] == "returned" and same_instant):
        return dataclasses.replace(finding, first_seen=first_seen, state="returned", is_new=True)
    state: FindingState = "returned" if before["state"] == "returned" else "open"
    was_waived = before["state"] == "waived"
    return dataclasses.replace(finding, first_seen=first_seen, state=state, is_new=was_waived or before["first_seen"] == millis(as_of))


def fingerprint(finding: Finding) -> str:
    """Return a short hash of what a finding says, for waivers that hold until it changes."""
    return fingerprint_of(finding.severity, finding.note)


def record(db: sa.Connection, compared: Compared, *, as_of: dt.datetime, ran: dt.datetime, scores: str, rules: str) -> None:
    """Write the audit, its findings and what happened to each, in the caller's transaction."""
    at = millis(as_of)
    old = {
        (row.rule, row.subject): (row.state, row.state_since)
        for row in db.execute(sa.select(t.findings.c.rule, t.findings.c.subject, t.findings.c.state, t.findings.c.state_since))
    }
    events: list[dict[str, Any]] = []
    rows = []
    for finding, state in [*((f, f.state) for f in compared.findings), *((f, "resolved") for f in compared.resolved)]:
        was = old.get((finding.rule, finding.subject))
        changed = was is None or was[0] != state
        if changed:
            what = {
                "open": "opened" if was is None else "waiver_ended",
                "returned": "returned",
                "waived": "waived",
                "resolved": "resolved",
            }[state]
            events.append({"rule": finding.rule, "subject": finding.subject, "at": at, "what": what, "detail": ""})
        since = at if changed else was[1]  # type: ignore[index]
        rows.append(_row(finding, state=state, last_seen=at, state_since=since))
    upsert(db, t.findings, rows)
    if events:
        db.execute(sa.insert(t.finding_events), events)
    db.execute(sa.delete(t.audits).where(t.audits.c.as_of == at))
    db.execute(sa.insert(t.audits).values(as_of=at, ran=millis(ran), scores=scores, rules=rules))


def _row(f: Finding, *, state: str, last_seen: int, state_since: int) -> tuple[Any, ...]:
    values = {
        **{
            name: getattr(f, name)
            for name in (
                "rule",
                "subject",
                "family",
                "severity",
                "subject_kind",
                "source",
                "key",
                "title",
                "url",
                "product",
                "backlog",
                "note",
                "question",
            )
        },
        "evidence": json.dumps(f.evidence, ensure_ascii=False, sort_keys=True),
        "restricted": int(f.restricted),
        "first_seen": millis(f.first_seen),
        "last_seen": last_seen,
        "state": state,
        "state_since": state_since,
    }
    return tuple(values[column.name] for column in t.findings.columns)


def _stored(row: Mapping[Any, Any], state: FindingState | None = None) -> Finding:
    names = (
        "rule",
        "family",
        "severity",
        "subject",
        "subject_kind",
        "source",
        "key",
        "title",
        "url",
        "product",
        "backlog",
        "note",
        "question",
    )
    return Finding(
        **{name: row[name] for name in names},
        evidence=json.loads(row["evidence"]),
        restricted=bool(row["restricted"]),
        first_seen=instant(row["first_seen"]),
        state=state or row["state"],
    )


def stored_findings(db: sa.Connection, *, states: Collection[str] = ("open", "returned", "waived")) -> tuple[Finding, ...]:
    """Return the findings the store knows in one of `states`, by family, rule and key."""
    chosen = (
        sa.select(t.findings).where(t.findings.c.state.in_(list(states))).order_by(t.findings.c.family, t.findings.c.rule, t.findings.c.key)
    )
    return tuple(_stored(row) for row in db.execute(chosen).mappings())


def events(db: sa.Connection, rule: str, subject: str) -> tuple[tuple[dt.datetime, str, str], ...]:
    """Return what happened to one finding, oldest first: instant, what, detail."""
    e = t.finding_events.c
    chosen = sa.select(e.at, e.what, e.detail).where(e.rule == rule, e.subject == subject).order_by(e.at, e.id)
    return tuple((instant(at), what, detail) for at, what, detail in db.execute(chosen))
