"""Reads numbers as people write them into sheets: 62 %, 1.2k, 3,5, €1.2M, 1.200,50, with their unit kept."""

from __future__ import annotations

import re
from collections.abc import Iterable

_AMOUNT = re.compile(
    r"^(?P<before>[^\d+\-−.,]{0,12}?)\s*(?P<sign>[+\-−]?)\s*(?P<between>[^\d+\-−.,\s]{0,4}?)(?P<digits>\d[\d.,'’\u00a0\u202f ]*|[.,]\d+)"
    r"\s*(?P<scale>(?:k|m|mio|mn|mill|million|millionen|millions|millones|milhões|mrd|bn|b|billion|tsd|thousand|mil|万|億|千)\b\.?|[万億千])?\s*(?P<after>.{0,40})$",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_SCALES = {
    "k": 1e3, "tsd": 1e3, "thousand": 1e3, "mil": 1e3, "千": 1e3, "万": 1e4, "m": 1e6, "mio": 1e6, "mn": 1e6, "mill": 1e6, "million": 1e6, "millionen": 1e6,
    "millions": 1e6, "millones": 1e6, "milhões": 1e6, "億": 1e8, "mrd": 1e9, "bn": 1e9, "b": 1e9, "billion": 1e9,
}  # fmt: skip
_UNKNOWN = frozenset({"", "-", "–", "—", "n/a", "na", "tbd", "tba", "?", "none", "null", "k.a.", "offen", "x"})
_COMMA_DECIMAL = re.compile(r"\d,\d{1,2}(?!\d)|\.\d{3},\d")
_POINT_DECIMAL = re.compile(r"\d\.\d{1,2}(?!\d)|,\d{3}\.\d")


class AmountError(ValueError):
    """A cell that holds no number."""


def decimal_comma(cells: Iterable[str]) -> bool | None:
    """Tell whether a sheet writes 3,5 (True) or 3.5 (False); None when no cell shows it, or they differ."""
    comma = point = False
    for cell in cells:
        comma = comma or bool(_COMMA_DECIMAL.search(cell))
        point = point or bool(_POINT_DECIMAL.search(cell))
    return None if comma == point else comma


def amount(cell: str, *, comma: bool | None = None) -> tuple[float, str] | None:
    """Return the number of a cell and its unit, None for a cell that says "not known". Raises AmountError.

    62 % is (62.0, "%"): a percentage stays the number people read. `comma` settles 1,200 and 1.200.
    """
    text = cell.strip()
    if text.casefold() in _UNKNOWN:
        return None
    found = _AMOUNT.match(text)
    if not found:
        raise AmountError(f"{text[:40]!r} is no number")
    value = _plain(found["digits"], comma)
    scale = (found["scale"] or "").lower().rstrip(".")
    after = found["after"].strip()
    if scale == "m" and after[:1].isalpha():
        raise AmountError(f"{text[:40]!r} is no number")
    if re.match(r"^(?:/|of|von|de|sur)\s*\d", after):
        after = ""  # 4.5/5, 6 of 10
    if re.search(r"\d", after):
        raise AmountError(f"{text[:40]!r} holds more than one number")
    value *= _SCALES.get(scale, 1.0)
    if found["sign"] in {"-", "−"}:
        value = -value
    words = [part.strip(" ~<>≤≥≈±") for part in (found["before"], found["between"], after)]
    unit = " ".join(part for part in words if part and not part.isspace())
    return value, unit


def _plain(digits: str, comma: bool | None) -> float:
    text = re.sub(r"[ '’\u00a0\u202f]", "", digits).rstrip(".,") or "0"
    commas, points = text.count(","), text.count(".")
    if commas and points:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
    elif commas > 1 or points > 1:
        decimal = ""
    elif commas:
        grouped = re.fullmatch(r"[1-9]\d{0,2},\d{3}", text)
        decimal = "," if not grouped or comma else ""
    elif points:
        grouped = re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text)
        decimal = "" if grouped and comma else "."
    else:
        decimal = ""
    for sign in ",.":
        if sign != decimal:
            text = text.replace(sign, "")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise AmountError(f"{digits[:40]!r} is no number") from None
