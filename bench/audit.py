"""How long an audit takes: ten structural rules on a million items against one scan, and the whole verb on growing stores.

python bench/audit.py rules [ITEMS]        rules only: DuckDB against a scan, SQLite and plain Python in one run
python bench/audit.py verb [ITEMS ...]     `audit --no-pull`, first (every text judged) and again; wall, memory, growth
python bench/audit.py trend [ITEMS]        26 weeks of every score
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

COLUMNS = (
    "key",
    "backlog",
    "state",
    "work_class",
    "level",
    "unit",
    "linked",
    "started_days",
    "quiet_days",
    "children",
    "due_moves",
    "hand_offs",
    "teams",
)

# Ten structural rules as conditions every engine understands.
RULES = {
    "no_key_result": "unit = 1 and work_class = 'value' and state = 'doing' and linked = 0",
    "zombie_work": "state = 'doing' and quiet_days > 14",
    "untouched": "state = 'todo' and quiet_days > 180",
    "large_batch": "level = 1 and state = 'doing' and (children > 30 or started_days > 56)",
    "hand_offs": "hand_offs >= 2 and state in ('doing', 'done')",
    "many_teams": "level = 1 and teams >= 3",
    "dates_moved": "due_moves >= 2 and state <> 'done'",
    "cancelled_value": "state = 'cancelled' and work_class = 'value' and started_days > 20",
    "unlinked_done": "unit = 1 and work_class = 'value' and state = 'done' and linked = 0",
    "empty_epic": "level = 1 and children = 0 and state = 'doing'",
}


@dataclasses.dataclass(slots=True)
class Row:
    """One item for the plain Python baseline."""

    key: str
    backlog: str
    state: str
    work_class: str
    level: int
    unit: int
    linked: int
    started_days: float
    quiet_days: float
    children: int
    due_moves: int
    hand_offs: int
    teams: int


PYTHON: dict[str, Callable[[Row], bool]] = {
    "no_key_result": lambda r: r.unit == 1 and r.work_class == "value" and r.state == "doing" and r.linked == 0,
    "zombie_work": lambda r: r.state == "doing" and r.quiet_days > 14,
    "untouched": lambda r: r.state == "todo" and r.quiet_days > 180,
    "large_batch": lambda r: r.level == 1 and r.state == "doing" and (r.children > 30 or r.started_days > 56),
    "hand_offs": lambda r: r.hand_offs >= 2 and r.state in ("doing", "done"),
    "many_teams": lambda r: r.level == 1 and r.teams >= 3,
    "dates_moved": lambda r: r.due_moves >= 2 and r.state != "done",
    "cancelled_value": lambda r: r.state == "cancelled" and r.work_class == "value" and r.started_days > 20,
    "unlinked_done": lambda r: r.unit == 1 and r.work_class == "value" and r.state == "done" and r.linked == 0,
    "empty_epic": lambda r: r.level == 1 and r.children == 0 and r.state == "doing",
}


def rules(items: int) -> None:
    """Print the time of ten rules in three engines, and as multiples of one scan of the columns used."""
    facts = duckdb.connect(config={"threads": 2})
    facts.execute(f"""create table item as select 'B' || (i % 20) || '-' || i as key, 'acme/B' || (i % 20) as backlog,
        ['todo', 'doing', 'done', 'cancelled'][1 + (hash(i) % 4)::integer] as state, ['value', 'ktlo', 'discovery', 'enabling'][1 + (hash(i + 1) % 4)::integer] as work_class,
        (i % 10 = 0)::integer as level, (i % 3 = 0)::integer as unit, (hash(i + 2) % 2)::integer as linked, (hash(i + 3) % 90)::double as started_days,
        (hash(i + 4) % 300)::double as quiet_days, (hash(i + 5) % 40)::integer as children, (hash(i + 6) % 5)::integer as due_moves,
        (hash(i + 7) % 4)::integer as hand_offs, 1 + (hash(i + 8) % 4)::integer as teams from range({items}) t(i)""")
    used = COLUMNS[2:]
    scan = _best(lambda: facts.execute(f"select {', '.join(f'max({c})' for c in ('key', *used))} from item").fetchall())
    ours = _best(lambda: [facts.execute(f"select key from item where {rule}").fetchnumpy() for rule in RULES.values()])
    counted = {name: facts.execute(f"select count(*) from item where {rule}").fetchone()[0] for name, rule in RULES.items()}
    rows = facts.execute(f"select {', '.join(COLUMNS)} from item").fetchall()
    lite = sqlite3.connect(":memory:")
    lite.execute(f"create table item ({', '.join(COLUMNS)})")
    lite.executemany(f"insert into item values ({', '.join('?' * len(COLUMNS))})", rows)
    sqlite = _best(lambda: [lite.execute(f"select key from item where {rule}").fetchall() for rule in RULES.values()], times=2)
    plain = [Row(*row) for row in rows]
    python = _best(lambda: [[row.key for row in plain if test(row)] for test in PYTHON.values()], times=2)
    for name, test in PYTHON.items():
        found = lite.execute(f"select count(*) from item where {RULES[name]}").fetchone()[0]
        if not found == counted[name] == sum(1 for row in plain if test(row)):
            raise SystemExit(f"the engines disagree on {name}")
    print(f"{items:,} items, {len(RULES)} rules, {sum(counted.values()):,} subjects flagged by every engine alike")
    for name, seconds in (
        ("one scan of the columns", scan),
        ("okrbot (DuckDB, 2 threads)", ours),
        ("SQLite", sqlite),
        ("Python dataclasses", python),
    ):
        print(f"  {name:<28}{seconds * 1000:>10.0f} ms {seconds / scan:>8.1f} × the scan")


def _best(work: Callable[[], object], *, times: int = 3) -> float:
    best = math.inf
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def verb(sizes: list[int]) -> None:
    """Print wall, CPU and peak memory of `audit --no-pull` for each size, first and again, and how the time grows."""
    import synthetic

    walls = []
    with tempfile.TemporaryDirectory() as name:
        for items in sizes:
            config = synthetic.make(Path(name) / str(items), items, changes_each=5)
            for run in ("first", "again"):
                wall, cpu, memory = _run(
                    ["--config", str(config), "audit", "--no-pull", "--format", "json", "--output", f"{config.parent}/out.json"]
                )
                print(f"{items:>9,} items {run:<6} {wall:>7.1f} s wall {cpu:>7.1f} s CPU {memory:>6.0f} MB", flush=True)
            walls.append((items, cpu))
    for (small, before), (large, after) in itertools.pairwise(walls):
        print(
            f"growth from {small:,} to {large:,}: exponent {math.log(after / before) / math.log(large / small):.2f} of CPU, all verdicts known"
        )


def trend(items: int) -> None:
    """Print wall, CPU and peak memory of `trend --weeks 26`, first and again."""
    import synthetic

    with tempfile.TemporaryDirectory() as name:
        config = synthetic.make(Path(name), items, changes_each=5)
        for run in ("first", "again"):
            wall, cpu, memory = _run(
                ["--config", str(config), "trend", "--weeks", "26", "--format", "json", "--output", f"{name}/out.json"]
            )
            print(
                f"{items:>9,} items, 26 weeks, {run:<6} {wall:>7.1f} s wall {cpu:>7.1f} s CPU {memory:>6.0f} MB (largest process)",
                flush=True,
            )


def _run(arguments: list[str]) -> tuple[float, float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "okrbot", *arguments], check=True, stdout=subprocess.DEVNULL, cwd=HERE.parent)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


if __name__ == "__main__":
    what, numbers = (sys.argv[1:2] or ["rules"])[0], [int(text) for text in sys.argv[2:]]
    if what == "rules":
        rules((numbers or [1_000_000])[0])
    elif what == "verb":
        verb(numbers or [10_000, 100_000])
    else:
        trend((numbers or [100_000])[0])
