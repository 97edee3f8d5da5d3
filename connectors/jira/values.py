"""Values of custom fields as text and numbers: options, people, lists, documents and what else Jira puts there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from okrbot.model import clean

from ..text import adf_text, wiki_text

_WORDS = ("value", "name", "title", "key", "accountId", "id")


def as_text(value: Any) -> str:
    """Return a field's value as a person would read it, people by account id; lists joined by ", "."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value.strip())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}" if math.isfinite(value) and abs(value) < 1e15 else str(value)
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return adf_text(value)
        if "accountId" in value or "emailAddress" in value:
            return str(value.get("accountId") or value.get("key") or value.get("name") or "")
        text = next((as_text(value[word]) for word in _WORDS if value.get(word) not in (None, "")), "")
        child = value.get("child")  # cascading select
        return f"{text} / {as_text(child)}" if isinstance(child, dict) else text
    return ""


def first_name(value: Any) -> str:
    """Return the name of a team or option, by its readable word; a bare text is its own name."""
    if isinstance(value, list):
        return first_name(value[0]) if value else ""
    if isinstance(value, dict):
        return clean(next((str(value[word]) for word in ("name", "title", "value", "id") if value.get(word)), ""))
    return as_text(value)


def as_number(value: Any) -> float | None:
    """Return a number from a number, a text or an option, None when there is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    text = as_text(value).replace("\u00a0", " ").replace("%", "").strip()
    if "," in text and "." not in text:
        text = text.replace(",", ".") if text.count(",") == 1 and len(text.rsplit(",", 1)[1]) != 3 else text.replace(",", "")
    elif "," in text:
        text = text.replace(",", "")
    try:
        number = float(text.replace(" ", "").replace("_", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def goal_ids(value: Any) -> Iterator[str]:
    """Yield the ids in a goals field: a list of objects with an address, or texts."""
    for one in value if isinstance(value, list) else [value]:
        id_ = one.get("id") if isinstance(one, dict) else one
        if isinstance(id_, str) and id_:
            yield id_


def long_text(value: Any) -> str:
    """Return the words of a text area: wiki text or a document."""
    if isinstance(value, str):
        return wiki_text(value)
    return as_text(value)
