"""JQL put together so that nothing leaks: values quoted, the user's own filter bracketed and its order cut off."""

from __future__ import annotations

import re
from collections.abc import Iterable

from okrbot.model import Millis

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\border\s+by\b|[()]|[^"\'()o]+|.', re.IGNORECASE | re.DOTALL)


def quote(value: str) -> str:
    """Return `value` as a JQL string. Raises ValueError for control characters."""
    if any(ord(letter) < 32 for letter in value):
        raise ValueError(f"{value!r} holds a control character and cannot be searched for")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def without_order(jql: str) -> str:
    """Return a filter without its own `order by`; one inside quotes or brackets is text and stays."""
    depth, kept = 0, []
    for match in _TOKEN.finditer(jql):
        piece = match[0]
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and piece[:1] in "oO" and len(piece) > 5:
            break
        kept.append(piece)
    return "".join(kept).strip()


def is_closed(jql: str) -> bool:
    """Tell whether quotes and brackets of a filter are balanced, so that brackets put around it hold it together."""
    depth, text = 0, ""
    for match in _TOKEN.finditer(jql):
        piece = match[0]
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            return False
        text += piece if len(piece) == 1 else ""
    return depth == 0 and '"' not in text and "'" not in text


def project_in(keys: Iterable[str]) -> str:
    """Return the clause for some projects."""
    return f"project in ({', '.join(quote(key) for key in keys)})"


def both(*clauses: str) -> str:
    """Return the clauses joined by AND; empty ones are left out."""
    return " AND ".join(clause for clause in clauses if clause)


def bracketed(jql: str) -> str:
    """Return the user's filter so that an OR in it stays inside, "" when there is none."""
    inner = without_order(jql)
    return f"({inner})" if inner else ""


def since(field: str, moment: Millis) -> str:
    """Return "at or after an instant", in epoch milliseconds: quoted times are read in the account's own zone."""
    return f"{field} >= {max(moment, 0)}"


def before(field: str, moment: Millis) -> str:
    """Return "before an instant", in epoch milliseconds."""
    return f"{field} < {moment}"


def ordered(clauses: str, field: str) -> str:
    """Return a query in a stable order: by `field`, ties by key."""
    return f"{clauses} ORDER BY {field} ASC, key ASC"
