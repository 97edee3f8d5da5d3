"""Judge texts once and remember the verdict by the text's hash: an audit judges only what changed since the last one."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Self

import duckdb
import sqlalchemy as sa

from okrbot import reader, wording
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.bulk import upsert
from okrbot.wording.items import judge_item
from okrbot.wording.signals import signals

_TEXTS = "item_text@"
POOL_FROM = 4_000  # texts; below this a second process costs more than it saves
Verdict = dict[str, Any]
Progress = Callable[[int, int], None]


@functools.cache
def text_task() -> str:
    """Return the name under which verdicts on texts are kept; it is another one whenever the judge is."""
    return _TEXTS + reader.mark("items", Path(wording.__file__).parent)


def judge_text(title: str, body: str) -> Verdict:
    """Return the verdict on one item's text, as the fact columns need it."""
    kind = judge_item(title, body)
    found = signals(title, body, kind.language or None)
    four = (found.who, found.problem, found.change, found.measure)
    stated = [signal.confidence for signal in four if signal]
    return {
        "text_kind": kind.kind,
        "language": found.language or kind.language,
        "known": found.known,
        "confidence": round(max(stated) if stated else found.output_only, 3),
        "has_who": bool(found.who),
        "has_problem": bool(found.problem),
        "has_change": bool(found.change),
        "has_measure": bool(found.measure),
        "has_baseline": bool(found.baseline),
        "has_target": bool(found.target),
        "has_hypothesis": bool(found.hypothesis),
        "instruments": bool(found.instrument_metric),
        "is_container": bool(found.project_container),
        "is_regulation": bool(found.regulation),
        "quote": next((signal.span for signal in (found.project_container, *four) if signal), ""),
    }


def _judge_many(texts: Sequence[tuple[int, str, str]]) -> list[tuple[int, Verdict]]:
    return [(hash_, judge_text(title, body)) for hash_, title, body in texts]


def judge_missing(store: Store, connection: duckdb.DuckDBPyConnection, *, processes: int = 2, progress: Progress | None = None) -> int:
    """Judge the texts in `work.to_judge` (source, id, text_hash) that the store has no verdict for; return how many.

    Verdicts are stored a thousand at a time, so that a killed audit keeps what it judged. Those of another judge are dropped.
    """
    wanted = connection.execute(
        "select source, id, text_hash from work.to_judge where text_hash not in (select text_hash from raw.judgements) order by text_hash"
    ).fetchall()
    todo: dict[int, tuple[str, str]] = {hash_: (source, id_) for source, id_, hash_ in wanted}
    then = {hash_: (title, body) for hash_, title, body in connection.execute("select text_hash, title, body from work.then").fetchall()}
    if todo:
        with store.begin() as db:
            kept = t.judgements.c.task
            db.execute(sa.delete(t.judgements).where(kept.startswith(_TEXTS, autoescape=True), kept != text_task()))
    done = 0
    batches = _batches(list(todo.items()), 1_000)
    with ProcessPoolExecutor(processes) if len(todo) >= POOL_FROM and processes > 1 else _Here() as pool:
        for verdicts in pool.map(_judge_many, (_texts(store, batch, then) for batch in batches)):
            with store.begin() as db:
                upsert(db, t.judgements, [(text_task(), hash_, json.dumps(verdict, ensure_ascii=False)) for hash_, verdict in verdicts])
            _remember(connection, verdicts)
            done += len(verdicts)
            if progress:
                progress(done, len(todo))
    return done


class _Here:
    """The pool's `map` in this process, for small jobs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def map(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterable[Any]:
        return map(function, jobs)


def _batches(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _texts(store: Store, batch: list[tuple[int, tuple[str, str]]], then: Mapping[int, tuple[str, str]]) -> list[tuple[int, str, str]]:
    by_source: dict[str, dict[str, int]] = {}
    texts = [(hash_, *then[hash_]) for hash_, _ in batch if hash_ in then]
    for hash_, (source, id_) in batch:
        if hash_ not in then:
            by_source.setdefault(source, {})[id_] = hash_
    with store.connect() as db:
        for source, ids in by_source.items():
            chosen = sa.select(t.items.c.id, t.items.c.title, t.items.c.body).where(
                t.items.c.source == source, t.items.c.id.in_(sa.bindparam("ids", list(ids), expanding=True))
            )
            texts += [(ids[id_], title, body) for id_, title, body in db.execute(chosen)]
    return texts


def load_verdicts(store: Store, connection: duckdb.DuckDBPyConnection) -> None:
    """Make `raw.judgements` from what the store remembers for this version of the judge, unless this load has it."""
    if connection.execute("select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'judgements'").fetchone():
        return
    connection.execute("create table raw.judgements (text_hash bigint, verdict varchar)")
    with store.connect() as db:
        chosen = sa.select(t.judgements.c.text_hash, t.judgements.c.verdict).where(t.judgements.c.task == text_task())
        for part in db.execute(chosen).partitions(20_000):
            _insert(connection, [(hash_, verdict) for hash_, verdict in part])


def _remember(connection: duckdb.DuckDBPyConnection, verdicts: Sequence[tuple[int, Verdict]]) -> None:
    _insert(connection, [(hash_, json.dumps(verdict)) for hash_, verdict in verdicts])


def _insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[int, str]]) -> None:
    # Row by row DuckDB takes 0.1 ms; as two lists it takes the batch at once.
    connection.execute(
        "insert into raw.judgements select unnest(?::bigint[]), unnest(?::varchar[])", [[row[0] for row in rows], [row[1] for row in rows]]
    )
