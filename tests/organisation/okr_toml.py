"""Write the goals as okrs.toml, as the file looked on a given day."""

from __future__ import annotations

from typing import Any

from .autumn import AUTUMN
from .company import Company
from .goals import CYCLES, Aim, Result
from .people import PEOPLE
from .summer import SUMMER


def quoted(value: Any) -> str:
    """Return a TOML value."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(quoted(part) for part in value) + "]"
    return repr(float(value)) if isinstance(value, float) else str(value)


def check_ins(result: Result, on: str) -> list[dict[str, Any]]:
    """Return the check-ins made up to and including the day."""
    found = []
    for line in filter(None, result.weeks.split("\n")):
        head, _, note = (part.strip() for part in line.partition("|"))
        when, value, confidence, *status = head.split()
        day = f"2026-{when[:2]}-{when[2:]}"
        if day <= on:
            found.append(
                {
                    "on": day,
                    "value": None if value == "-" else float(value),
                    "confidence": int(confidence),
                    "status": "".join(status),
                    "note": note,
                }
            )
    return found


def result_lines(result: Result, company: Company, on: str) -> list[str]:
    """Return a key result as it was written on the day."""
    said = check_ins(result, on)
    values = [told["value"] for told in said if told["value"] is not None]
    now: dict[str, Any] = {
        "id": result.id,
        "title": result.title,
        "metric": result.metric,
        "unit": result.unit,
        "baseline": None if result.baseline is None else float(result.baseline),
        "target": None if result.target is None else float(result.target),
        "current": values[-1] if values else None,
        "due": result.due,
        "owner": PEOPLE[result.owner].mail,
        "kind": result.kind,
        "cadence": result.cadence,
        "progress": result.progress,
        "status": result.status if on >= "2026-10-15" else result.status.replace("dropped", ""),
        "items": [company.key(ref) for ref in result.items],
    }
    if result.closing_note and on > min(result.due, "2026-10-14"):
        now["closing_note"] = result.closing_note
    if now["status"] == "dropped":
        now["archived"] = "true"
    now |= {field: before for day, field, before in result.edits if on < day}
    lines = ["", "[[objectives.key_results]]"]
    lines += [
        f"{key} = {value if key in ('due', 'archived') else quoted(value)}" for key, value in now.items() if value not in (None, "", [])
    ]
    for told in said:
        lines += ["", "[[objectives.key_results.check_ins]]", f"on = {told['on']}"]
        lines += [f"{key} = {quoted(told[key])}" for key in ("value", "confidence", "status", "note") if told[key] not in (None, "")]
    return lines


def text(company: Company, on: str) -> str:
    """Return the whole file as it was on the day; goals of a cycle appear three weeks before the cycle begins."""
    lines = [f"# Veldmand: objectives and key results, as of {on}. A made-up company.", ""]
    for name, start, end in CYCLES:
        if name == "2026-Q3" or on >= "2026-09-28":
            lines += ["[[cycles]]", f'name = "{name}"', f"start = {start}", f"end = {end}", ""]
    aims: tuple[Aim, ...] = (*SUMMER, *(AUTUMN if on >= "2026-09-28" else ()))
    for aim in aims:
        parts = {
            "id": aim.id,
            "title": aim.title,
            "cycle": aim.cycle,
            "level": aim.level,
            "parent": aim.parent,
            "product": aim.product,
            "team": aim.team,
            "owner": PEOPLE[aim.owner].mail,
        }
        lines += ["[[objectives]]", *(f"{key} = {quoted(value)}" for key, value in parts.items() if value)]
        for result in aim.results:
            if not (result.gone and on >= result.gone):
                lines += result_lines(result, company, on)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
