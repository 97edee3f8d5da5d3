"""The audit as one self-contained HTML file, to talk over in a room: no script, nothing fetched, every foreign text escaped."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from okrbot.digest import FAMILY_ORDER, SEVERITY_ORDER, Digest
from okrbot.findings import Audit, Finding
from okrbot.render import headline, partly_judged, render, silent_rules
from okrbot.rulebook import Page

MOST_A_RULE = 40
FAMILY_NAMES = {
    "outcome": "Outcome",
    "key_results": "Key results",
    "integrity": "Integrity of the numbers",
    "ladder": "Ladder and cascade",
    "splintering": "Splintered backlogs",
    "discovery": "Discovery",
    "flow": "Flow that hides outcome",
    "project_model": "A project model in disguise",
}


def write_report(path: Path, audit: Audit, digests: Sequence[Digest], pages: Mapping[str, Page]) -> None:
    """Write the report to `path`, whole or not at all. Raises OSError."""
    part = path.with_name(path.name + ".part")
    part.write_text(html_report(audit, digests, pages), encoding="utf-8")
    part.replace(path)


def html_report(audit: Audit, digests: Sequence[Digest], pages: Mapping[str, Page]) -> str:
    """Return the report as HTML text. Findings on restricted items are counted, not named."""
    zone = digests[0].zone if digests else "UTC"
    named = [f for f in audit.findings if not f.restricted and f.state != "waived"]
    values = {
        "when": audit.as_of.astimezone(zoneinfo.ZoneInfo(zone)),
        "zone": zone,
        "products": [{"digest": digest, "headline": headline(digest)} for digest in digests],
        "map": _map(digests),
        "families": _families(named, pages),
        "audit": audit,
        "open": len(named),
        "restricted": sum(1 for f in audit.findings if f.restricted and f.state != "waived"),
        "waived": sum(1 for f in audit.findings if f.state == "waived"),
        "not_clean": silent_rules(audit),
        "partly": partly_judged(audit),
        "clear": [r for r in audit.rules if r.outcome == "clear"],
    }
    return render("report.html.j2", values)


def _families(findings: Sequence[Finding], pages: Mapping[str, Page]) -> list[dict[str, Any]]:
    families = []
    known = [*FAMILY_ORDER, *sorted({f.family for f in findings} - set(FAMILY_ORDER))]
    for family in known:
        rules = []
        for name in sorted({f.rule for f in findings if f.family == family}, key=lambda rule: (_worst(findings, rule), rule)):
            mine = sorted((f for f in findings if f.rule == name), key=lambda f: (SEVERITY_ORDER[f.severity], f.product, f.key))
            page = pages.get(name)
            rules.append(
                {
                    "name": name,
                    "title": page.title if page else name,
                    "why": page.why if page else "",
                    "remedy": page.remedy if page else "",
                    "severity": min(mine, key=lambda f: SEVERITY_ORDER[f.severity]).severity,
                    "findings": mine[:MOST_A_RULE],
                    "rest": max(0, len(mine) - MOST_A_RULE),
                    "count": len(mine),
                }
            )
        if rules:
            families.append({"id": family, "name": FAMILY_NAMES.get(family, family.replace("_", " ").capitalize()), "rules": rules})
    return families


def _worst(findings: Sequence[Finding], rule: str) -> int:
    return min(SEVERITY_ORDER[f.severity] for f in findings if f.rule == rule)


def _map(digests: Sequence[Digest]) -> list[dict[str, Any]]:
    """Return the products' places on the map: efficient to the right, effective upwards, both in per cent of the square."""
    points = []
    for digest in digests:
        efficient, effective = digest.score("efficient"), digest.score("effective")
        if efficient and effective and efficient.now is not None and effective.now is not None:
            points.append(
                {
                    "name": digest.product,
                    "x": 40 + 320 * min(1.0, efficient.now),
                    "y": 340 - 320 * min(1.0, effective.now),
                    "efficient": efficient.shown,
                    "effective": effective.shown,
                }
            )
    return points
