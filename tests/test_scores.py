"""Every score against numbers computed by hand."""

from __future__ import annotations

import datetime as dt

import duckdb

from okrbot.audit.scores import factory_of, factory_parts, scored
from okrbot.factbook import TABLES
from okrbot.findings import RuleOutcome

NOW = dt.datetime(2026, 11, 16, 7, 0)  # noqa: DTZ001 -- timestamps of the engine carry no zone


def facts(items: str, key_results: str = "") -> duckdb.DuckDBPyConnection:
    """Return fact tables with one product P and backlog s/B; rows are comma-separated values in the order of the columns named below."""
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(table.create())
    connection.execute("insert into product (key, title, effective_backlogs) values ('P', 'P', 1.6)")
    connection.execute("insert into backlog (key, title, product) values ('s/B', 'B', 'P')")
    connection.execute(
        f"""insert into item (key, product, backlog, state, work_class, unit, level, linked, key_result, estimate, started, finished, started_days, hand_offs,
              blocked_by_team, blocked_external, result_noted, live_days, validated_at)
            select k, 'P', 's/B', state, class, unit, level, kr <> '', kr, estimate, $now - to_days(s::integer), case when f >= 0 then $now - to_days(f::integer) end,
              s - greatest(f, 0), moves, waits, outside, noted, case when f >= 0 then f end, case when v >= 0 then $now - to_days(v::integer) end
            from (values {items}) t(k, state, class, unit, level, kr, estimate, s, f, moves, waits, outside, noted, v)""",
        {"now": NOW},
    )
    if key_results:
        connection.execute(f"insert into key_result (key, active, moved_4w, layers) values {key_results}")
    return connection


def row(key: str, *, state: str = "doing", work: str = "value", unit: bool = True, level: int = 1, kr: str = "", estimate: str = "null::double", started: int = 10,
        finished: int = -1, moves: int = 0, waits: str = "", outside: bool = False, noted: bool = False, validated: int = -1) -> str:  # fmt: skip
    return f"('{key}', '{state}', '{work}', {unit}, {level}, '{kr}', {estimate}, {started}, {finished}, {moves}, '{waits}', {outside}, {noted}, {validated})"


def test_aligned_and_effective_by_count() -> None:
    made = facts(
        ", ".join([row("A", kr="K1"), row("B", kr="K2"), row("C"), row("D", state="done", finished=80, started=95), row("E", work="ktlo"), row("F", state="todo")]),
        "('K1', true, true, 2), ('K2', true, false, 4)",
    )  # fmt: skip
    one = scored(made, NOW)["P"]
    assert one.scores["aligned"] == 0.5  # A, B of A, B, C, D; upkeep and what waits are left out
    assert one.scores["effective"] == 0.25  # half of the two key results moved
    assert (one.scores["layers"], one.scores["layers_longest"]) == (3.0, 4.0)
    assert one.parts["aligned"] == {"started": 4, "linked": 2, "size": 4, "linked_size": 2}
    assert one.parts["effective"] == {"key_results": 2, "moved": 1}
    assert one.scores["splinter"] == 1.6


def test_aligned_by_estimate_where_half_have_one() -> None:
    made = facts(", ".join([row("A", kr="K1", estimate="8.0"), row("B", estimate="2.0"), row("C")]), "('K1', true, true, 1)")
    assert scored(made, NOW)["P"].scores["aligned"] == 0.8


def test_efficient_coupling_discovery() -> None:
    made = facts(
        ", ".join([
            row("A", level=0, state="done", started=30, finished=20), row("B", level=0, state="done", started=40, finished=10, moves=1),
            row("C", level=0, waits="Other"), row("D", level=0, waits="Vendor", outside=True), row("E", level=0, work="discovery"),
            row("F", level=0, state="done", started=120, finished=100),
        ])
    )  # fmt: skip
    one = scored(made, NOW)["P"]
    assert one.scores["efficient"] == 0.4  # A and B done, A to E started, in six weeks
    assert (one.parts["efficient"]["cycle_days"], one.parts["efficient"]["cycle_days_before"]) == (20.0, 20.0)
    assert one.scores["coupling"] == 0.4  # B changed team, C waits; the vendor is not counted
    assert one.scores["discovery"] == 0.2
    assert scored(made, NOW, by="backlog")["s/B"].scores["coupling"] == 0.4


def test_followed_up_and_validated_first() -> None:
    made = facts(
        ", ".join([
            row("A", state="done", started=100, finished=60, noted=True), row("B", state="done", started=90, finished=40),
            row("C", state="done", started=50, finished=10, noted=True), row("D", started=20, validated=30), row("E", started=20, validated=5),
        ])
    )  # fmt: skip
    one = scored(made, NOW)["P"]
    assert one.scores["followed_up"] == 0.5  # A of A and B; C is live for ten days only
    assert (one.parts["discovery"]["epics_begun"], one.parts["discovery"]["epics_validated"]) == (
        4,
        1,
    )  # B, C, D, E begun; only D after its hypothesis


def test_no_number_where_there_is_nothing() -> None:
    one = scored(facts(row("A", state="todo")), NOW)["P"]
    assert {name for name, value in one.scores.items() if value is None} >= {"aligned", "effective", "coupling", "followed_up"}


def test_factory_weighs_families_and_leaves_out_the_waived() -> None:
    outcomes = [
        RuleOutcome("a", "outcome", "A", "flagged", 10, 0, 5, None, {"P": (10, 5)}),
        RuleOutcome("b", "flow", "B", "clear", 10, 0, 0, None, {"P": (10, 0)}),
        RuleOutcome("c", "flow", "C", "not_checked", by_product={"P": (10, 10)}),
    ]
    assert factory_of("P", outcomes, {}, {}) == 25.0
    assert factory_of("P", outcomes, {"outcome": 3.0}, {}) == 37.5
    assert factory_of("P", outcomes, {}, {("a", "P"): 3}) == 10.0
    assert factory_parts("P", outcomes, {}, {}) == {"outcome": (0.5, 1.0), "flow": (0.0, 1.0)}
    assert factory_of("Q", outcomes, {}, {}) is None


def test_nothing_linked_is_zero_and_nothing_to_link_to_is_no_number() -> None:
    assert scored(facts(row("A"), "('K1', true, true, 1)"), NOW)["P"].scores["aligned"] == 0.0
    assert scored(facts(row("A"), "('K1', true, true, 1)"), NOW)["P"].scores["effective"] == 0.0
    assert scored(facts(row("A")), NOW)["P"].scores["aligned"] is None


def test_efficient_is_told_only_where_something_began() -> None:
    assert scored(facts(row("A", level=0, state="done", started=120, finished=100)), NOW)["P"].scores["efficient"] is None
    made = facts(", ".join([row("A", level=0, state="done", started=20, finished=5), row("B", level=0), row("C", level=0, state="todo")]))
    made.execute("update item set started = null where key <> 'A'")
    assert scored(made, NOW)["P"].scores["efficient"] == 0.5  # B runs since nobody knows when; it began all the same
