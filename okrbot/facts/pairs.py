"""Find the same work in two backlogs of one product, for the `pair` table."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import sqlalchemy as sa

from okrbot import reader, similar
from okrbot.facts.retold import texts_then
from okrbot.similar import twins
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.bulk import upsert
from okrbot.store.writing import text_hash

_TWINS = "twins@"  # pairs of one set of texts, by the hash of all of them
MOST_KEPT = 20  # sets of texts
_BODY = 2_000  # letters of a description that are compared


@functools.cache
def twins_task() -> str:
    """Return the name under which pairs are kept; it is another one whenever the judge of pairs is."""
    return _TWINS + reader.mark("pairs", Path(similar.__file__).parent)


def find_pairs(store: Store, connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `pair` with open items of different backlogs of one product that look alike or are linked as duplicates."""
    if not connection.execute("select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'twin'").fetchone():
        find_twins(store, connection, "work.twin", "i.state in ('todo', 'doing')")
    else:
        connection.execute("create table work.twin as select * from raw.twin")
    connection.execute(_PAIRS)


def find_twins(store: Store, connection: duckdb.DuckDBPyConnection, table: str, which: str) -> None:
    """Make `table` (a, b, score, because): items of `work.item` under the condition `which` that look like the same work.

    As `raw.twin` the table serves every later instant of this load.
    """
    wanted = connection.execute(
        f"""select i.n, i.source, i.id, i.title, i.product, i.backlog
           from work.item i
           where {which} and i.level >= 0 and i.product <> ''
             and i.product in (select product from work.item where product <> '' group by product having count(distinct backlog) > 1)
           order by i.n"""  # noqa: S608 -- our own words
    ).fetchall()
    then = texts_then(connection)
    bodies = _bodies(store, {(source, id_) for n, source, id_, _, _, _ in wanted if n not in then})
    rows = [
        (str(n), product, backlog, title, then[n][1][:_BODY] if n in then else bodies.get((source, id_), ""))
        for n, source, id_, title, product, backlog in wanted
    ]
    found = _compared(store, rows, {str(n): f"{source}/{id_}" for n, source, id_, _, _, _ in wanted})
    connection.execute(
        f"""create table {table} as
            select unnest(?::integer[]) as a, unnest(?::integer[]) as b, unnest(?::double[]) as score, unnest(?::varchar[]) as because""",
        [[twin[i] for twin in found] for i in range(4)],
    )


def _compared(store: Store, rows: list[tuple[str, str, str, str, str]], names: Mapping[str, str]) -> list[tuple[int, int, float, str]]:
    """Return the pairs of `rows`, from the store if exactly these were compared before; `names` are stable over audits."""
    told = sorted((names[id_], *rest) for id_, *rest in rows)
    hash_ = text_hash(json.dumps(told, ensure_ascii=False))
    j = t.judgements.c
    with store.connect() as db:
        known = db.execute(sa.select(j.verdict).where(j.task == twins_task(), j.text_hash == hash_)).scalar()
    if known is not None:
        numbers = {name: int(n) for n, name in names.items()}
        return [(numbers[a], numbers[b], score, because) for a, b, score, because in json.loads(known)]
    found = [(int(twin.a), int(twin.b), float(twin.score), ", ".join(twin.because)) for twin in twins(rows)]
    verdict = json.dumps([(names[str(a)], names[str(b)], score, because) for a, b, score, because in found], ensure_ascii=False)
    with store.begin() as db:
        db.execute(sa.delete(t.judgements).where(j.task.startswith(_TWINS, autoescape=True), j.task != twins_task()))
        old = sa.select(j.text_hash).where(j.task == twins_task())
        if len(db.execute(old).all()) >= MOST_KEPT:
            db.execute(sa.delete(t.judgements).where(j.task == twins_task()))
        upsert(db, t.judgements, [(twins_task(), hash_, verdict)])
    return found


def _bodies(store: Store, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    if not wanted:
        return {}
    with store.connect() as db:
        rows = db.execution_options(yield_per=5_000).execute(
            sa.select(t.items.c.source, t.items.c.id, t.items.c.body).where(t.items.c.body != "")
        )
        return {(source, id_): body[:_BODY] for source, id_, body in rows if (source, id_) in wanted}


# Chores are titles that every release or sprint repeats on purpose.
_PAIRS = r"""
insert into pair by name
with told as (
  select a, b, max(score) as score, max(because) as because, bool_or(linked) as linked
  from (
    select least(a.key, b.key) as a, greatest(a.key, b.key) as b, w.score, w.because, false as linked
    from work.twin w
    join work.name a on a.n = w.a
    join work.name b on b.n = w.b
    join item x on x.key = a.key
    join item y on y.key = b.key
    where x.state in ('todo', 'doing') and y.state in ('todo', 'doing') and x.product = y.product and x.backlog <> y.backlog
    union all
    select least(x.key, y.key), greatest(x.key, y.key), 1.0, 'linked as duplicates', true
    from link l join item x on x.key = l.key join item y on y.key = l.other
    where l.kind in ('duplicates', 'duplicated_by') and x.product = y.product and x.product <> '' and x.backlog <> y.backlog
  )
  group by a, b
)
select
  case when x.created <= y.created then x.key else y.key end as key,
  case when x.created <= y.created then y.key else x.key end as other,
  x.product,
  case when x.created <= y.created then x.backlog else y.backlog end as backlog,
  case when x.created <= y.created then y.backlog else x.backlog end as other_backlog,
  case when x.created <= y.created then work.called(y.key, y.title) else work.called(x.key, x.title) end as other_called,
  case when x.created <= y.created then x.title else y.title end as title,
  case when x.created <= y.created then y.title else x.title end as other_title,
  told.score, told.because, told.linked,
  exists (select 1 from link m where m.kind = 'mirrors' and m.key = x.key and m.other = y.key) as mirrored,
  regexp_matches(x.title, '(?i)^\W*(release|sprint|retro|hotfix|deploy|regression test|smoke test|version|bump|changelog)\b')
    and regexp_matches(y.title, '(?i)^\W*(release|sprint|retro|hotfix|deploy|regression test|smoke test|version|bump|changelog)\b') as chore,
  x.state in ('todo', 'doing') and y.state in ('todo', 'doing') as open_both
from told
join item x on x.key = told.a
join item y on y.key = told.b
order by 1, 2
"""
