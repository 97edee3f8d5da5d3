"""Finds out what the columns of a table hold: by their names in six languages, else by the shape of their values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from okrbot.words import is_known_state, kind_of, state_of

from .dates import moment
from .headers import bracketed, custom_role, link_direction, role_of, squeeze
from .rows import Damage, Row, read_rows

KEY = re.compile(r"^[A-Z][A-Z0-9_]*-\d+$")
LOOSE_KEY = re.compile(r"^[^\W\d_][\w]{0,30}-\d{1,9}$")
DATE_ROLES = (
    "created",
    "updated",
    "resolved",
    "due",
    "start",
    "category_changed",
    "cycle_start",
    "cycle_end",
    "started",
    "triaged",
    "completed",
    "canceled",
    "archived",
)
_LINEAR_MARKS = frozenset({"cycle_number", "cycle_start", "triaged", "canceled", "initiatives", "milestone", "related_to"})
_LINEAR_TEMPLATE = frozenset(
    {
        "title",
        "body",
        "priority",
        "state",
        "assignee",
        "created",
        "completed",
        "labels",
        "estimate",
        "project",
        "milestone",
        "due",
        "parent",
        "creator",
        "team",
    }
)
_JIRA_MARKS = frozenset({"id", "category", "project_key", "security", "resolution", "reporter", "ignored"})
_AZURE_MARKS = frozenset({"areapath", "iterationpath", "changeddate", "createddate", "boardcolumn", "title1", "id"})
_OKR_SHEET = frozenset(
    {"keyresult", "keyresults", "objective", "schlüsselergebnis", "résultatclé", "resultadoclave", "resultadochave", "kr"}
)
_OKR_NUMBERS = frozenset(
    {"baseline", "target", "current", "targetvalue", "startvalue", "zielwert", "startwert", "ausgangswert", "cible", "meta"}
)


class UnknownTableError(ValueError):
    """A table in which no items can be recognised; the message names the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """Where a table keeps what. Positions count from 0; `fields` are the columns that are nobody's but the owner's."""

    dialect: str  # jira | linear | home
    delimiter: str
    header_line: int  # physical line of the header, 0 = none
    first_line: int  # lines before it are no data
    width: int
    roles: dict[str, tuple[int, ...]]
    links: tuple[tuple[int, str, str], ...]  # position, link_in or link_out, their word
    fields: tuple[tuple[str, tuple[int, ...]], ...]
    guessed: tuple[str, ...] = ()  # roles found by the shape of their values
    azure: bool = False  # an Azure DevOps query, whose words differ

    def at(self, role: str) -> int:
        """Return the first position of a role, -1 without one."""
        places = self.roles.get(role)
        return places[0] if places else -1


def find_columns(head: Sequence[str]) -> Columns:
    """Return the columns of the table that starts with the lines `head`. Raises UnknownTableError."""
    given = re.match(r"^\ufeff?sep=(.)\s*$", head[0], re.IGNORECASE) if head else None
    skip = 1 if given else 0
    best: tuple[int, int, str, int, list[Row]] | None = None
    for order, delimiter in enumerate([given[1]] if given else [",", ";", "\t", "|"]):
        rows = [row for row in read_rows(head[skip:], delimiter=delimiter, looks_like_row=lambda _: True) if not isinstance(row, Damage)]
        rows = [dataclasses.replace(row, line=row.line + skip) for row in rows]
        place, score = _header_place(rows)
        if rows and (best is None or (score, -order) > (best[0], best[1])):
            best = (score, -order, delimiter, place, rows)
    if best is None:
        raise UnknownTableError("holds no rows")
    score, _, delimiter, place, rows = best
    if score >= 2:
        header, data = rows[place], rows[place + 1 :]
        names = [cell.strip().lstrip("\ufeff") for cell in header.cells]
        while names and not names[-1]:
            names.pop()
        return _named(names, data, delimiter, header)
    return _unnamed(rows, delimiter, skip)


def _header_place(rows: list[Row]) -> tuple[int, int]:
    best, best_score = 0, -1
    for place, row in enumerate(rows[:30]):
        roles = {role for cell in row.cells if cell and len(cell) < 80 for role in [_any_role(cell)] if role}
        if any(KEY.match(cell.strip()) for cell in row.cells):
            roles = set()
        if len(roles) > best_score:
            best, best_score = place, len(roles)
    return best, best_score


def _any_role(cell: str) -> str:
    role = role_of(cell)
    if role:
        return role
    inner = bracketed(cell)
    return (inner[1] and f"{inner[1]} {inner[2]}") if inner else ""


def _named(names: list[str], data: list[Row], delimiter: str, header: Row) -> Columns:
    folded = {squeeze(name) for name in names}
    if folded & _OKR_SHEET and folded & _OKR_NUMBERS:
        raise UnknownTableError("is a list of key results, not of work: name it under [okrs] files")
    sample = [row.cells for row in data[:300] if len(row.cells) == len(header.cells)][:200] or [row.cells for row in data[:200]]
    roles, links, fields = _assign(names, sample)
    guessed = _by_shape(names, sample, roles, fields)
    dialect = _dialect(names, roles, links, fields)
    if not _enough(roles):
        shown = ", ".join(names[:8])
        raise UnknownTableError(f"has no column for the key or title of an item (columns: {shown}): name one Key or Title, and one Status")
    return Columns(
        dialect=dialect,
        delimiter=delimiter,
        header_line=header.line,
        first_line=header.line + header.lines,
        width=len(names),
        roles={role: tuple(places) for role, places in roles.items()},
        links=tuple(links),
        fields=tuple((name, tuple(places)) for name, places in fields.items()),
        guessed=tuple(guessed),
        azure="workitemtype" in folded and bool(folded & _AZURE_MARKS),
    )


def _enough(roles: dict[str, list[int]]) -> bool:
    others = roles.keys() - {"key", "title", "ignored"}
    return ("title" in roles and bool(others or "key" in roles)) or ("key" in roles and "state" in roles)


def _assign(names: list[str], sample: list[list[str]]) -> tuple[dict[str, list[int]], list[tuple[int, str, str]], dict[str, list[int]]]:
    """Give every column its role, as a link, or as a field of its own."""
    roles: dict[str, list[int]] = {}
    links: list[tuple[int, str, str]] = []
    fields: dict[str, list[int]] = {}
    strangers: dict[str, list[tuple[int, str]]] = {}
    for place, name in enumerate(names):
        role = role_of(name)
        inner = None if role else bracketed(name)
        if role:
            roles.setdefault(role, []).append(place)
        elif inner is None:
            if name:
                fields.setdefault(name, []).append(place)
        elif inner[1] == "custom":
            _custom(inner[2], place, roles, fields)
        elif inner[1]:
            links.append((place, inner[1], inner[2]))
        else:
            strangers.setdefault(inner[0], []).append((place, inner[2]))
    for prefix, members in strangers.items():
        _stranger(prefix, members, sample, names, roles, links, fields)
    if "section" in roles and "state" not in roles:
        roles["state"] = list(roles["section"])
    return roles, links, fields


def _custom(name: str, place: int, roles: dict[str, list[int]], fields: dict[str, list[int]]) -> None:
    role = custom_role(name)
    if role:
        roles.setdefault(role, []).append(place)
    else:
        fields.setdefault(name, []).append(place)


def _stranger(
    prefix: str,
    members: list[tuple[int, str]],
    sample: list[list[str]],
    names: list[str],
    roles: dict[str, list[int]],
    links: list[tuple[int, str, str]],
    fields: dict[str, list[int]],
) -> None:
    """Place columns `Word (X)` of a language without table: keys in every cell make a link, else a custom field."""
    known = any(custom_role(name) for _, name in members)
    values = [cell for place, _ in members for cell in values_of(sample, place)]
    direction = link_direction(prefix)
    if not known and values and all(KEY.match(value) for value in values) and direction:
        links.extend((place, direction, name) for place, name in members)
    elif known or len({name for _, name in members}) > 1:
        for place, name in members:
            _custom(name, place, roles, fields)
    else:
        for place, _ in members:
            fields.setdefault(names[place], []).append(place)


def values_of(sample: list[list[str]], place: int) -> list[str]:
    """Return the non-empty cells of a column."""
    return [cell for row in sample if place < len(row) for cell in [row[place].strip()] if cell]


def _dialect(names: list[str], roles: dict[str, list[int]], links: list[tuple[int, str, str]], fields: dict[str, list[int]]) -> str:
    if len(_LINEAR_MARKS & roles.keys()) >= 3 or ("cycle_number" in roles and "title" in roles):
        return "linear"
    if (
        "key" not in roles
        and not fields
        and "title" in roles
        and roles.keys() <= _LINEAR_TEMPLATE
        and {"milestone", "estimate"} & roles.keys()
    ):
        return "linear"
    if links or any((inner := bracketed(name)) and inner[1] for name in names):
        return "jira"
    return "jira" if "key" in roles and ("id" in roles or len(_JIRA_MARKS & roles.keys()) >= 2) else "home"


def _by_shape(names: list[str], sample: list[list[str]], roles: dict[str, list[int]], fields: dict[str, list[int]]) -> list[str]:
    """Fill the roles that no name gave: the key, the title, and for a foreign language status, type and dates."""
    guessed: list[str] = []
    taken = {place for places in roles.values() for place in places}

    def give(role: str, place: int) -> None:
        if place < 0:
            return
        roles.setdefault(role, []).insert(0, place)
        if place < len(names):
            fields.get(names[place], [place]).remove(place)
            if not fields.get(names[place], [0]):
                del fields[names[place]]
        taken.add(place)
        guessed.append(role)

    foreign = "key" not in roles and "title" not in roles
    free = [place for place in range(len(names)) if place not in taken]
    if "key" not in roles:
        place = next((place for place in free if _all_keys(values_of(sample, place), len(sample))), -1)
        give("key", place)
    _weak_key(sample, roles)
    _weak_title(sample, roles)
    if foreign and "state" not in roles:
        place = next((place for place in free if place not in taken and _all_states(values_of(sample, place), len(sample))), -1)
        give("state", place)
    if "title" not in roles and ("key" in roles or foreign):
        place = _prose(sample, [place for place in free if place not in taken])
        give("title", place)
    if foreign and "key" in roles:
        for place in roles.pop("key_weak", []):
            fields.setdefault(names[place], []).append(place)
            taken.discard(place)
        free = [place for place in range(len(names)) if place not in taken]
        for role, place in _foreign(sample, [place for place in free if place not in taken], roles):
            give(role, place)
    for role in ("key_weak", "title_weak"):
        for place in roles.pop(role, []):
            fields.setdefault(names[place], []).append(place)
    return guessed


def _all_keys(values: list[str], rows: int) -> bool:
    shaped = sum(bool(KEY.match(value)) for value in values)
    return bool(values) and len(values) >= rows * 0.8 and shaped >= len(values) * 0.9 and len(set(values)) == len(values)


def _all_states(values: list[str], rows: int) -> bool:
    """Whether cells are status words; a list of a few rows may have another in each."""
    known = sum(is_known_state(value) for value in values)
    return bool(values) and len(values) >= rows * 0.8 and known >= len(values) * 0.8 and len(set(values)) <= max(4, len(values) // 2)


def _weak_key(sample: list[list[str]], roles: dict[str, list[int]]) -> None:
    if "key" in roles:
        return
    if len(_LINEAR_MARKS & roles.keys()) >= 3 and "key_weak" in roles:
        roles["key"] = [roles["key_weak"].pop(0)]
        return
    for place in list(roles.get("key_weak", [])):
        values = values_of(sample, place)
        short = sum(len(value) <= 40 and " " not in value for value in values)
        if values and short >= len(values) * 0.8 and len(set(values)) >= len(values) * 0.8:
            roles["key_weak"].remove(place)
            roles.setdefault("key", []).append(place)
            return
    if "id" in roles and values_of(sample, roles["id"][0]):
        roles["key"] = [roles["id"][0]]


def _weak_title(sample: list[list[str]], roles: dict[str, list[int]]) -> None:
    if "title" in roles:
        return
    for weak in ("title_weak", "key_weak"):
        for place in list(roles.get(weak, [])):
            if any(" " in value for value in values_of(sample, place)):
                roles[weak].remove(place)
                roles["title"] = [place]
                return
    for place in list(roles.get("title_weak", [])):
        values = values_of(sample, place)
        if values and not any(KEY.match(value) or value.isdigit() for value in values) and len(set(values)) >= len(values) * 0.5:
            roles["title_weak"].remove(place)
            roles["title"] = [place]
            return
    for role in ("epic_name", "body"):
        if role in roles and "key" in roles:
            roles["title"] = [roles[role][0]]
            return


def _prose(sample: list[list[str]], free: list[int]) -> int:
    """Return the first column of varied text of several words, else the one with the longest words; -1 without one."""
    longest, size = -1, 3.0  # characters a cell has on average
    for place in free:
        values = values_of(sample, place)
        if len(values) < len(sample) * 0.8 or not values or _all_states(values, len(sample)):
            continue
        varied = len(set(values)) >= len(values) * 0.6
        lettered = sum(any(sign.isalpha() for sign in value) for value in values) >= len(values) * 0.8
        if not varied or not lettered or any(moment(value) or KEY.match(value) for value in values[:20]):
            continue
        if sum(" " in value or len(value) > 12 for value in values) >= len(values) * 0.5:
            return place
        mean = sum(map(len, values)) / len(values)
        if mean >= size and len(values) > 1:
            longest, size = place, mean
    return longest


def _foreign(sample: list[list[str]], free: list[int], roles: dict[str, list[int]]) -> list[tuple[str, int]]:
    """Guess id, status, type and dates of an export whose language has no table."""
    found: list[tuple[str, int]] = []
    have = set(roles)
    dates = []
    for place in free:
        values = values_of(sample, place)
        if not values:
            continue
        full = len(values) >= len(sample) * 0.9
        if "id" not in have and full and all(value.isdigit() for value in values) and len(set(values)) == len(values):
            found.append(("id", place))
            have.add("id")
        elif full and all(moment(value) for value in values[:50]):
            dates.append(place)
        elif full and len(set(values)) <= max(12, len(values) // 4):
            kinds = sum(kind_of(value) != "other" for value in values)
            states = len({state_of(value) for value in values})
            if "kind" not in have and kinds >= len(values) * 0.6:
                found.append(("kind", place))
                have.add("kind")
            elif "state" not in have and states > 1:
                found.append(("state", place))
                have.add("state")
    found.extend(zip([role for role in ("created", "updated") if role not in have], dates, strict=False))
    return found


def _unnamed(rows: list[Row], delimiter: str, skip: int) -> Columns:
    """Read a table without a header anyone knows: either its language is foreign, or it has none."""
    wide = [row for row in rows if len(row.cells) > 1]
    if len(wide) < 2:
        raise UnknownTableError("is no table of items: it needs a header with at least Key or Title, and Status")
    header = wide[0]
    bare = any(KEY.match(cell.strip()) for cell in header.cells)
    names = [f"column {place + 1}" for place in range(len(header.cells))] if bare else [cell.strip() for cell in header.cells]
    data = wide if bare else wide[1:]
    fake = Row(0, names) if bare else header
    found = _named(names, [row for row in data if len(row.cells) == len(names)], delimiter, fake)
    return dataclasses.replace(found, header_line=0, first_line=1 + skip) if bare else found
