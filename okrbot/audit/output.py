"""Write an audit as JSON (docs/audit.schema.json) and as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from okrbot.audit.outcomes import instant_text
from okrbot.findings import Audit, Finding, ProductResult, SourceCoverage

SCHEMA = 1
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = tuple("=+-@\t\r\n\x00＝＋－＠")


def as_json(audit: Audit) -> str:
    """Return the audit as JSON text: same store, same instant, same bytes."""
    return json.dumps(as_data(audit), ensure_ascii=False, indent=1)


def as_data(audit: Audit) -> dict[str, Any]:
    """Return the audit as plain data in the shape of docs/audit.schema.json."""
    return {
        "schema": SCHEMA,
        "as_of": instant_text(audit.as_of),
        "coverage": [_coverage(source) for source in audit.coverage],
        "problems": list(audit.problems),
        "products": [_product(product) for product in audit.products],
        "rules": [
            {"rule": r.rule, "family": r.family, "outcome": r.outcome, "checked": r.checked, "flagged": r.flagged, "reason": r.reason}
            for r in audit.rules
        ],
        "findings": [_finding(f) for f in audit.findings],
        "resolved": [_finding(f) for f in audit.resolved],
    }


def _product(p: ProductResult) -> dict[str, Any]:
    return {
        "name": p.name,
        "scores": dict(p.scores),
        "findings": p.findings,
        "parts": {score: dict(parts) for score, parts in p.parts.items()},
        "moved_by": {score: [{"rule": rule, "key": key} for rule, key in some] for score, some in p.moved_by.items()},
        "backlogs": [{"key": key, "scores": dict(values)} for key, values in p.backlogs.items()],
    }


def _coverage(source: SourceCoverage) -> dict[str, Any]:
    return {
        "source": source.source,
        "complete": source.complete,
        "expected": source.expected,
        "read": source.read,
        "with_history": source.with_history,
        "problems": [
            {"code": p.code, "message": p.message, "where": p.where, "count": p.count, "partial": p.partial}
            for p in source.coverage.problems
        ],
    }


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "rule": f.rule,
        "severity": f.severity,
        "subject": {"kind": f.subject_kind, "key": f.key, "source": f.source, "title": f.title, "url": f.url},
        "product": f.product,
        "backlog": f.backlog,
        "note": f.note,
        "question": f.question,
        "first_seen": instant_text(f.first_seen),
        "state": f.state,
        "evidence": dict(sorted(f.evidence.items())),
    }


def as_csv(audit: Audit) -> str:
    """Return the findings as CSV, one a line; no cell can act as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "severity", "kind", "key", "title", "product", "backlog", "state", "first_seen", "note", "question", "url"])
    for f in audit.findings:
        row = (
            f.rule,
            f.severity,
            f.subject_kind,
            f.key,
            f.title,
            f.product,
            f.backlog,
            f.state,
            instant_text(f.first_seen),
            f.note,
            f.question,
            f.url,
        )
        writer.writerow([safe_cell(cell) for cell in row])
    return out.getvalue().rstrip("\n")


def safe_cell(text: str) -> str:
    """Return `text` with an apostrophe before anything a spreadsheet would run."""
    return f"'{text}" if text.startswith(_FORMULA) else text
