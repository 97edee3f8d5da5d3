"""Turn a rule's flagged rows into findings: who is meant, whose it is, and the question in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from okrbot.facts import Facts
from okrbot.findings import Finding, called
from okrbot.rulebook import Page
from okrbot.rulebook.query import SPECIAL, render_question

# What a finding needs to know of its subject, by kind: identity, source, title, url, product, backlog, restricted.
_SUBJECTS = {
    "item": """select m.key, 'item:' || i.source || '/' || i.id, i.source, i.title, i.url, i.product, i.backlog, i.restricted
      from work.item i join work.name m on m.n = i.n""",
    "key_result": """select k.id, 'key_result:' || k.id, k.source, k.title, k.url, f.product, '', false
      from work.kr k join key_result f on f.key = k.id""",
    "objective": """select o.id, 'objective:' || o.id, o.source, o.title, o.url, f.product, '', false
      from work.objective o join objective f on f.key = o.id""",
    "backlog": """select b.key, 'backlog:' || b.key, b.source, b.title, '', b.product, b.key, false from backlog b""",
    "team": """select t.key, 'team:' || t.key, '', t.title, '', t.product, '', false from team t""",
    "product": """select p.key, 'product:' || p.key, '', p.title, '', p.key, '', false from product p""",
}


def make_findings(
    facts: Facts, pages: Mapping[str, Page], flagged: Mapping[str, Sequence[Mapping[str, Any]]], own: Mapping[str, Mapping[str, Any]]
) -> list[Finding]:
    """Return the findings of `flagged`, sorted by family, rule and key; each as new as `facts.as_of`."""
    known: dict[str, dict[str, tuple[Any, ...]]] = {}
    findings = []
    for name, rows in flagged.items():
        page = pages[name]
        for row in rows:
            kind = str(row.get("subject_kind") or page.subject)
            if kind not in known:
                known[kind] = {str(r[0]): r[1:] for r in facts.connection.execute(_SUBJECTS[kind]).fetchall()}
            findings.append(_finding(page, row, kind, known[kind][str(row["key"])], own.get(name, {}), facts.as_of))
    return sorted(findings, key=lambda f: (f.family, f.rule, f.key, f.subject))


def identities(facts: Facts, kind: str) -> dict[str, tuple[str, str, bool]]:
    """Return (identity, title, restricted) of every subject of `kind`, by key."""
    return {str(r[0]): (r[1], r[3], bool(r[7])) for r in facts.connection.execute(_SUBJECTS[kind]).fetchall()}


def _finding(
    page: Page, row: Mapping[str, Any], kind: str, subject: tuple[Any, ...], own: Mapping[str, Any], as_of: dt.datetime
) -> Finding:
    identity, source, title, url, product, backlog, restricted = subject
    return Finding(
        rule=page.name,
        family=page.family,
        severity=str(own.get("severity") or row.get("severity") or page.severity),
        subject=identity,
        subject_kind=kind,
        source=source,
        key=str(row["key"]),
        title=title,
        url=url or "",
        product=product or "",
        backlog=backlog or "",
        note=str(row["note"]),
        question=render_question(page, {**row, "key": _asked(str(row["key"]), title)}, title),
        evidence={name: _plain(value) for name, value in row.items() if name not in SPECIAL},
        restricted=bool(restricted),
        first_seen=as_of,
    )


def _asked(key: str, title: str) -> str:
    """Return how a question calls its subject: by its key, or by its title in quotes where the key is only a number for machines."""
    name = called(key, title)
    return name if name == key else f'"{name}"'


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 4)
    return value if isinstance(value, str | int | bool | None) else json.loads(json.dumps(value, default=str))
