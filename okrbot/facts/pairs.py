"""Find the same work in two backlogs of one product, for the `pair` table."""

from __future__ import annotations

import re

import duckdb
import sqlalchemy as sa

from okrbot.similar import twins
from okrbot.store import Store
from okrbot.store import tables as t

# Titles that every release or sprint repeats on purpose.
_CHORE = re.compile(r"^\W*(release|sprint|retro|hotfix|deploy|regression test|smoke test|version|bump|changelog)\b", re.IGNORECASE)


def find_pairs(store: Store, connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `pair` with open items of different backlogs of one product that look alike or are linked as duplicates."""
    wanted = connection.execute(
        """select m.key, i.source, i.id, i.title, i.product, i.backlog
           from work.item i
           join work.name m on m.n = i.n
           where i.state in ('todo', 'doing') and i.level >= 0 and i.product <> ''
             and i.product in (select product from work.item where product <> '' group by product having count(distinct backlog) > 1)
           order by i.n"""
    ).fetchall()
    bodies = _bodies(store, {(source, id_) for _, source, id_, _, _, _ in wanted})
    rows = [(key, product, backlog, title, bodies.get((source, id_), "")) for key, source, id_, title, product, backlog in wanted]
    found = [(twin.a, twin.b, float(twin.score), ", ".join(twin.because)) for twin in twins(rows)]
    connection.execute(
        """create table work.twin as select unnest(?::varchar[]) as a, unnest(?::varchar[]) as b, unnest(?::double[]) as score, unnest(?::varchar[]) as because""",
        [[twin[i] for twin in found] for i in range(4)],
    )
    connection.create_function("is_chore", lambda title: bool(_CHORE.search(title)), ["VARCHAR"], "BOOLEAN")
    connection.execute(_PAIRS)


def _bodies(store: Store, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    if not wanted:
        return {}
    with store.connect() as db:
        rows = db.execution_options(yield_per=5_000).execute(
            sa.select(t.items.c.source, t.items.c.id, t.items.c.body).where(t.items.c.body != "")
        )
        return {(source, id_): body[:2_000] for source, id_, body in rows if (source, id_) in wanted}


_PAIRS = """
insert into pair by name
with told as (
  select a, b, max(score) as score, max(because) as because, bool_or(linked) as linked
  from (
    select a, b, score, because, false as linked from work.twin
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
  case when x.created <= y.created then x.title else y.title end as title,
  case when x.created <= y.created then y.title else x.title end as other_title,
  told.score, told.because, told.linked,
  exists (select 1 from link m where m.kind = 'mirrors' and m.key = x.key and m.other = y.key) as mirrored,
  is_chore(x.title) and is_chore(y.title) as chore,
  x.state in ('todo', 'doing') and y.state in ('todo', 'doing') as open_both
from told
join item x on x.key = told.a
join item y on y.key = told.b
order by 1, 2
"""
