"""Store one page of a pull in the caller's transaction, so that a page is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from okrbot.model import Backlog, CheckIn, Goals, Item, KeyResult, Objective, Page, Sprint, clean
from okrbot.store import tables as t
from okrbot.store.bulk import delete_of, rows_of, upsert

# An item read again unchanged keeps the word that its history is complete; a changed one must earn it anew.
_KEEP_HISTORY = "history = case when excluded.updated = items.updated and excluded.updated > 0 and items.history > excluded.history then items.history else excluded.history end"
BODY_LIMIT = 20_000


def text_hash(title: str, body: str = "") -> int:
    """Return a signed 64-bit hash of a text; judgements are kept by it."""
    said = f"{title}\x1f{body}".encode(errors="replace")
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big", signed=True)


def save_page(connection: sa.Connection, source: str, page: Page) -> None:
    """Store `page`. What the page says about its items (links, notes, history) replaces what was stored."""
    if page.items:
        _keep_old_keys(connection, source, page.items)
        upsert(connection, t.items, _rows(source, map(_item, page.items)), keep=_KEEP_HISTORY)
        ids = [item.id for item in page.items]
        delete_of(connection, t.links, "item", source=source, values=ids)
        if page.notes_complete:
            delete_of(connection, t.notes, "subject", source=source, values=ids)
    upsert(connection, t.changes, _rows(source, page.changes))
    upsert(connection, t.links, _rows(source, page.links))
    upsert(connection, t.notes, _rows(source, page.notes))
    upsert(connection, t.aliases, [(source, key, item) for item, key in page.aliases])
    if page.history_of:
        _mark_history(connection, source, list(page.history_of))
    if page.backlogs is not None:
        replace(connection, t.backlogs, source, [_backlog_row(source, backlog) for backlog in page.backlogs])
    if page.sprints is not None:
        replace(connection, t.sprints, source, [_sprint_row(source, sprint) for sprint in page.sprints])


def _keep_old_keys(connection: sa.Connection, source: str, items: Sequence[Item]) -> None:
    """Remember the stored key of every item that comes with another one, so that people still find it by the old name."""
    fresh = {item.id: item.key for item in items}
    stored = rows_of(connection, t.items, ("id", "key"), source=source, values=fresh)
    upsert(connection, t.aliases, [(source, key, id_) for id_, key in stored if key and key != clean(fresh[id_])])


def replace(connection: sa.Connection, table: sa.Table, source: str, rows: Sequence[Sequence[Any]]) -> None:
    """Make `rows` the whole content of `table` for `source`."""
    connection.execute(sa.delete(table).where(table.c.source == source))
    upsert(connection, table, rows)


def hide_absent(connection: sa.Connection, source: str, visible: frozenset[str], *, now: int) -> int:
    """Mark items that a complete census no longer shows as not visible since `now`; bring back those it shows again.

    Returns how many are newly hidden. Nothing is deleted: gone and forbidden look the same from here.
    """
    mine = t.items.c.source == source
    known = dict(connection.execute(sa.select(t.items.c.id, t.items.c.hidden_since).where(mine)).all())
    gone = [id_ for id_, hidden in known.items() if not hidden and id_ not in visible]
    back = [id_ for id_, hidden in known.items() if hidden and id_ in visible]
    for ids, value in ((gone, now), (back, 0)):
        for start in range(0, len(ids), 20_000):
            part: sa.BindParameter[Any] = sa.bindparam("part", ids[start : start + 20_000], expanding=True)
            connection.execute(sa.update(t.items).where(mine, t.items.c.id.in_(part)).values(hidden_since=value))
    return len(gone)


def _mark_history(connection: sa.Connection, source: str, ids: list[str]) -> None:
    for start in range(0, len(ids), 20_000):
        part: sa.BindParameter[Any] = sa.bindparam("part", ids[start : start + 20_000], expanding=True)
        connection.execute(sa.update(t.items).where(t.items.c.source == source, t.items.c.id.in_(part)).values(history=1))


def _rows(source: str, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return `rows` behind `source`, their texts clean. One look at all of them is cheaper than a look at each."""
    found = [(source, *row) for row in rows]
    texts = "".join([value for row in found for value in row if type(value) is str])
    if clean(texts) == texts:
        return found
    return [tuple(clean(value) if isinstance(value, str) else value for value in row) for row in found]


def _list(values: Iterable[str]) -> str:
    return _json(list(values)) if values else "[]"


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate; `clean` mends the text as a whole
        return json.dumps(value, ensure_ascii=False)


def _item(item: Item) -> tuple[Any, ...]:
    """Return an item in the order of the table's columns behind the source."""
    body = item.body[:BODY_LIMIT]
    return (
        *item[:_BODY],
        body,
        _list(item.labels),
        _list(item.components),
        _list(item.versions),
        _list(item.sprints),
        _list(item.goals),
        _json(dict(item.fields)) if item.fields else "{}",
        *item[_ESTIMATE:_RESTRICTED],
        int(item.restricted),
        int(item.archived),
        int(item.history),
        text_hash(item.title, body),
        0,
    )


# An item's columns stand in the order of its fields; a test compares the two.
_BODY, _ESTIMATE, _RESTRICTED = (Item._fields.index(name) for name in ("body", "estimate", "restricted"))


def _backlog_row(source: str, b: Backlog) -> tuple[Any, ...]:
    return (source, b.id, b.key, clean(b.name), b.kind, b.parent, b.url, int(b.private), int(b.archived), b.timezone)


def _sprint_row(source: str, s: Sprint) -> tuple[Any, ...]:
    return (source, s.id, clean(s.name), s.state, s.start, s.end, s.completed, clean(s.goal), s.backlog)


# --- goals ------------------------------------------------------------------------------------------------------------

# Fields whose edits are remembered: what the integrity rules read, and what a look at the past takes back.
_WATCHED = {
    "objective": ("title", "cycle", "level", "parent", "product", "team", "owner", "status", "body", "archived"),
    "key_result": (
        *("title", "objective", "metric", "unit", "baseline", "target", "current", "start", "due", "owner", "kind", "cadence"),
        *("progress", "status", "lag_days", "items", "closing_note", "archived"),
    ),
}


def save_goals(connection: sa.Connection, source: str, goals: Goals, *, at: int) -> None:
    """Make `goals` the whole set of `source` as of `at`, remembering every edit against what was stored.

    A goal that is no longer there keeps its row and gets `gone_since`; check-ins are only ever added or corrected.
    """
    replace(connection, t.cycles, source, [(source, c.name, c.start, c.end) for c in goals.cycles])
    _save_kind(connection, source, t.objectives, "objective", {o.id: _objective_values(o) for o in goals.objectives}, at)
    _save_kind(connection, source, t.key_results, "key_result", {k.id: _key_result_values(k) for k in goals.key_results}, at)
    upsert(connection, t.check_ins, [_check_in_row(source, c) for c in goals.check_ins])
    upsert(
        connection,
        t.goal_changes,
        [(source, c.goal, c.at, c.field, c.kind, clean(c.before), clean(c.after), c.author) for c in goals.changes],
    )


def _save_kind(connection: sa.Connection, source: str, table: sa.Table, kind: str, fresh: dict[str, dict[str, Any]], at: int) -> None:
    old = {row["id"]: dict(row) for row in connection.execute(sa.select(table).where(table.c.source == source)).mappings()}
    edits = []
    rows = []
    for id_, values in fresh.items():
        before = old.get(id_)
        values |= {"first_seen": before["first_seen"] if before else at, "gone_since": 0}
        if before:
            edits += [
                (source, id_, at, field, kind, as_text(before[field]), as_text(values[field]), "")
                for field in _WATCHED[kind]
                if before[field] != values[field]
            ]
            if before["gone_since"]:
                edits.append((source, id_, at, "gone", kind, "yes", "", ""))
        rows.append(tuple({"source": source, **values}[column.name] for column in table.columns))
    for id_, before in old.items():
        if id_ not in fresh and not before["gone_since"]:
            edits.append((source, id_, at, "gone", kind, "", "yes", ""))
            rows.append(tuple({**before, "gone_since": at}[column.name] for column in table.columns))
    upsert(connection, table, rows)
    upsert(connection, t.goal_changes, edits)


def as_text(value: object) -> str:
    """Return a goal's value as the text that the edit log keeps: numbers without a needless ".0", nothing for None."""
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _objective_values(o: Objective) -> dict[str, Any]:
    names = ("id", "cycle", "level", "parent", "product", "team", "owner", "status", "created", "url", "where")
    return {name: getattr(o, name) for name in names} | {"title": clean(o.title), "body": clean(o.body), "archived": int(o.archived)}


def _key_result_values(k: KeyResult) -> dict[str, Any]:
    names = ("id", "objective", "metric", "unit", "baseline", "target", "current", "start", "due", "owner", "kind", "cadence")
    more = ("progress", "status", "lag_days", "created", "closing_note", "url", "where")
    values = {name: getattr(k, name) for name in (*names, *more)}
    return values | {"title": clean(k.title), "items": _list(k.items), "archived": int(k.archived)}


def _check_in_row(source: str, c: CheckIn) -> tuple[Any, ...]:
    return (source, c.key_result, c.on, c.value, c.confidence, c.status, clean(c.note), c.author)
