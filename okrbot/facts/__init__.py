"""Build the fact tables: the store as it stood at an instant, one row a subject, everything a rule may read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from okrbot.config import Config
from okrbot.factbook import TABLES
from okrbot.facts.asked import apply_to_items, model_verdicts, taught
from okrbot.facts.classes import classify_items
from okrbot.facts.goals import judge_goals
from okrbot.facts.judging import judge_missing, load_verdicts
from okrbot.facts.load import load
from okrbot.facts.mentions import find_mentions
from okrbot.facts.needs import lacking
from okrbot.facts.notes import judge_late_texts, judge_notes
from okrbot.facts.pairs import find_pairs, find_twins
from okrbot.facts.retold import retell
from okrbot.facts.unmatched import unmatched
from okrbot.model import millis
from okrbot.store import Store
from okrbot.store.ledger import last_pulls
from okrbot.wording.workclass import ClassSettings

HERE = Path(__file__).parent / "sql"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PARAMETER = re.compile(r"\$([a-z_]+)\b")


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """Fact tables in an in-memory DuckDB, as of one instant, and which needs of rules are met.

    `missing` maps a need (okrs, history, org, metrics, language, complete) to the sentence that says why it is not met;
    `missing_for` does so for single products ('' are subjects of none), where the need is met for others.
    `problems` are said in the audit's coverage: loops of parents, for instance.
    """

    connection: duckdb.DuckDBPyConnection
    as_of: dt.datetime
    missing: Mapping[str, str]
    problems: tuple[str, ...]
    missing_for: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)

    def close(self) -> None:
        """Free the memory."""
        self.connection.close()


def build(
    store: Store,
    config: Config,
    as_of: dt.datetime,
    *,
    loaded: duckdb.DuckDBPyConnection | None = None,
    progress: Callable[[int, int], None] | None = None,
    processes: int = 2,
) -> Facts:
    """Return the facts of `store` as of `as_of` (aware).

    `loaded` is a connection that `load` made earlier: a trend builds many instants from one load. `progress` is called
    with (judged, to judge) while texts are judged.
    """
    connection = loaded or load(store)
    _configure(connection, config)
    arguments = _arguments(config, as_of)
    _run(connection, "10_items", arguments)
    retell(store, connection)
    _run(connection, "20_ladder", arguments)
    _run(connection, "25_goals_then", arguments)
    _run(connection, "30_goals", arguments)
    classify_items(connection, _class_settings(config))
    _run(connection, "45_classes", arguments)
    load_verdicts(store, connection)
    judge_missing(store, connection, processes=processes, progress=progress)
    find_mentions(store, connection, wanted=config.okrs.links.text)
    for name in ("40_fields", "40_links", "46_texts"):
        _run(connection, name, arguments)
    said = taught(store, as_of=arguments["as_of_ms"])
    apply_to_items(connection, said)
    for fact in TABLES:
        connection.execute(f"drop table if exists {fact.name}")
        connection.execute(fact.create())
    _run(connection, "48_decided", arguments)
    judge_notes(connection, arguments["as_of_ms"])
    judge_late_texts(connection, arguments["as_of_ms"])
    _run(connection, "50_items", arguments)
    _run(connection, "55_stories", arguments)
    differing = judge_goals(connection, config, said, model_verdicts(store, config))
    for name in sorted(path.stem for path in HERE.glob("[6-9]*.sql")):
        _run(connection, name, arguments)
    find_pairs(store, connection)
    pulls = {source: verdict == "complete" for source, (verdict, _, _) in last_pulls(store).items()}
    missing, missing_for = lacking(connection, config, pulls)
    return Facts(connection, as_of, missing, _problems(connection) + unmatched(connection, config, pulls) + differing, missing_for)


def pair_once(store: Store, config: Config, connection: duckdb.DuckDBPyConnection, *, first: dt.datetime, last: dt.datetime) -> None:
    """Look once for the same work in two backlogs among all items open between `first` and `last`, by their texts at `last`.

    Every `build` on this load then takes the pairs that are open at its instant, instead of comparing all texts again.
    """
    _configure(connection, config)
    _run(connection, "10_items", _arguments(config, last))
    retell(store, connection)
    find_twins(store, connection, "raw.twin", f"(i.finished_ms is null or i.finished_ms >= {millis(first)})")


def _run(connection: duckdb.DuckDBPyConnection, name: str, arguments: Mapping[str, Any]) -> None:
    text = (HERE / f"{name}.sql").read_text(encoding="utf-8")
    for statement in connection.extract_statements(text):
        used = set(_PARAMETER.findall(statement.query)) & arguments.keys()
        connection.execute(statement, {name: arguments[name] for name in used} or None)


def _arguments(config: Config, as_of: dt.datetime) -> dict[str, Any]:
    links = config.okrs.links
    return {
        "as_of_ms": millis(as_of),
        "zone": config.okrbot.timezone,
        "working_days": [_DAYS.index(day) for day in config.okrbot.working_days],
        "link_field": _json_key(links.field),
        "label_prefix": links.label_prefix.lower(),
        "link_types": list(links.link_types),
        "measure_field": _json_key(links.measure_field),
        "hypothesis_field": _json_key(links.hypothesis_field),
        "result_field": _json_key(links.result_field),
    }


def _json_key(name: str) -> str:
    # An empty name is no JSON path; no tracker has a field of this one.
    return name.replace('"', "") or "(none)"


def _class_settings(config: Config) -> ClassSettings:
    own = config.work_classes
    return ClassSettings(types=own.types, labels=own.labels, components=own.components, projects=own.projects)


def _configure(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    connection.execute("drop schema if exists cfg cascade; drop schema if exists work cascade; create schema cfg; create schema work")
    links = config.okrs.links
    tables: dict[str, tuple[str, Sequence[Sequence[Any]]]] = {
        "backlog": ("key varchar, product varchar", [(b, p.name) for p in config.products for b in p.backlogs]),
        "product": (
            "name varchar, areas boolean, stabilising boolean, discovery_elsewhere boolean",
            [(p.name, p.areas, p.stabilising, p.discovery_elsewhere) for p in config.products],
        ),
        "team": ("name varchar, platform boolean, product varchar", [(team.name, team.platform, team.product) for team in config.teams]),
        "epic": ("name varchar, key_result varchar", list(links.epics.items())),
        "project": ("name varchar, key_result varchar", [(name.lower(), kr) for name, kr in links.projects.items()]),
        "holiday": ("day date", [(dt.date.fromisoformat(day),) for day in config.okrbot.holidays]),
        "setting": ("name varchar, value varchar", [("settings", json.dumps({"fiscal_year_start": config.okrbot.fiscal_year_start}))]),
    }
    for name, (columns, rows) in tables.items():
        connection.execute(f"create table cfg.{name} ({columns})")
        for row in rows:
            connection.execute(f"insert into cfg.{name} values ({', '.join('?' * len(row))})", list(row))  # noqa: S608 -- our own names


def _problems(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    loops = connection.execute("select m.key from work.loop l join work.name m on m.n = l.n order by m.key limit 6").fetchall()
    found = []
    if loops:
        found.append(f"parents form a loop at {', '.join(key for (key,) in loops[:5])}; the loop was cut. Mend the parent in the tracker.")
    return tuple(found)
