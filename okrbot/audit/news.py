"""What is news to a channel: what changed since its last digest, not since the audit of yesterday."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from okrbot.audit.lifecycle import stored_findings
from okrbot.findings import Audit, Finding
from okrbot.model import instant, millis
from okrbot.store import Store
from okrbot.store import tables as t

WEEK = dt.timedelta(days=7)
SLACK = dt.timedelta(hours=12)  # audits of a week ago are not a week old to the minute


def last_told(store: Store, product: str, *, as_of: dt.datetime) -> dt.datetime:
    """Return when the product's channel was told the last time before `as_of`; a week earlier where it never was."""
    d = t.deliveries.c
    chosen = sa.select(sa.func.max(d.created)).where(
        d.kind == "digest", d.product == product, d.state == "sent", d.due < millis(as_of - SLACK)
    )
    with store.connect() as db:
        told = db.execute(chosen).scalar()
    return instant(told) if told else as_of - WEEK


def news_of(store: Store, audit: Audit, product: str, *, since: dt.datetime) -> Audit:
    """Return `audit` with what is new, returned and resolved for `product` told against `since` instead of the audit before.

    Where nothing was audited by then, everything is new, and so nothing is news: it is a first look.
    """
    a, f = t.audits.c, t.findings.c
    with store.connect() as db:
        known = (
            db.execute(sa.select(a.id).where(a.as_of <= millis(since + SLACK), a.as_of < millis(audit.as_of)).limit(1)).first() is not None
        )
        if not known:
            return dataclasses.replace(audit, first=True, resolved=())
        recent = sa.select(f.rule, f.subject).where(f.state_since > millis(since), f.product == product)
        moved = {(rule, subject) for rule, subject in db.execute(recent).all()}
        stored = [s for s in stored_findings(db, states=("resolved",)) if s.product == product and (s.rule, s.subject) in moved]
    live = {(found.rule, found.subject) for found in audit.findings}
    resolved = {(found.rule, found.subject): found for found in (*stored, *audit.resolved)}
    return dataclasses.replace(
        audit,
        first=False,
        findings=tuple(_told(found, since, moved) if found.product == product else found for found in audit.findings),
        resolved=tuple(found for key, found in resolved.items() if key not in live),
    )


def _told(found: Finding, since: dt.datetime, moved: set[tuple[str, str]]) -> Finding:
    back = found.state == "returned" and (found.rule, found.subject) in moved
    new = found.state in ("open", "returned") and (found.is_new or found.first_seen > since or back)
    return dataclasses.replace(found, is_new=new)
