"""What the history of a key result tells: edits that made it easier, goals that left, streaks, numbers that stand in a title."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from okrbot.app import open_app
from okrbot.facts import build
from okrbot.model import CheckIn, Cycle, Goals, KeyResult, Objective, millis
from okrbot.store.writing import save_goals

NOW = dt.datetime(2026, 11, 26, 7, 0, tzinfo=dt.UTC)
SEEN = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
EDITED = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)  # 0.58 of the fourth quarter has passed
CYCLES = (Cycle("Q2", "2026-04-01", "2026-06-30"), Cycle("Q3", "2026-07-01", "2026-09-30"), Cycle("Q4", "2026-10-01", "2026-12-31"))
OBJECTIVES = tuple(Objective(name, f"Goal of {name}", cycle=name) for name in ("Q2", "Q3", "Q4"))


def key_result(id_: str, **fields: Any) -> KeyResult:
    """Return a key result from 20 % to 60 % in the fourth quarter, with `fields` instead."""
    return KeyResult(
        id_, **{"objective": "Q4", "title": f"{id_} is better", "metric": "buyers", "unit": "%", "baseline": 20.0, "target": 60.0} | fields
    )


def facts(folder: Path, *states: tuple[dt.datetime, list[KeyResult]], check_ins: tuple[CheckIn, ...] = ()) -> dict[str, dict[str, Any]]:
    """Return the key_result facts by key at NOW, after the goals were read in each of `states`."""
    (folder / "items.csv").write_text("Key,Summary,Status\nA-1,Something,Done\n")
    config = folder / "okrbot.toml"
    config.write_text('[okrbot]\nstore = "sqlite:///goals.db"\n[[sources]]\nname = "items"\nkind = "files"\npaths = ["items.csv"]\n')
    app = open_app(config, clock=lambda: NOW, environment={})
    with app.store() as store:
        assert [pulled.verdict for pulled in app.pull(store)]
        for at, key_results in states:
            with store.begin() as connection:
                goals = Goals(cycles=CYCLES, objectives=OBJECTIVES, key_results=tuple(key_results), check_ins=check_ins)
                save_goals(connection, "goals", goals, at=millis(at))
        built = build(store, app.config, NOW)
        cursor = built.connection.execute("select * from key_result")
        names = [column[0] for column in cursor.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        built.close()
    return rows


# What stood before, what was edited, and the field that made it easier.
EDITS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a lower target": ({}, {"target": 50.0}, "target"),
    "a higher one where less is better": ({"baseline": 60.0, "target": 20.0}, {"target": 30.0}, "target"),
    "no target": ({}, {"target": None}, "target"),
    "another baseline": ({}, {"baseline": 10.0}, "baseline"),
    "another metric": ({}, {"metric": "visits"}, "metric"),
    "another unit": ({}, {"unit": "points"}, "unit"),
    "a higher target": ({}, {"target": 70.0}, ""),
    "a lower one where less is better": ({"baseline": 60.0, "target": 20.0}, {"target": 10.0}, ""),
    "a metric in capitals": ({}, {"metric": "Buyers"}, ""),
    "a unit in other letters": ({"unit": "percent"}, {"unit": "%"}, ""),
    "a unit converted": ({"unit": "share", "baseline": 0.2, "target": 0.6}, {"unit": "%", "baseline": 20.0, "target": 60.0}, ""),
}


def test_an_edit_counts_as_easier_only_if_it_is(tmp_path: Path) -> None:
    before = [key_result(name, **fields) for name, (fields, _, _) in EDITS.items()]
    after = [dataclasses.replace(one, **EDITS[one.id][1]) for one in before]
    rows = facts(tmp_path, (SEEN, before), (EDITED, after))
    assert {name: row["eased_field"] for name, row in rows.items()} == {name: eased for name, (_, _, eased) in EDITS.items()}
    assert all(row["eased_share"] == (pytest.approx(0.58, abs=0.01) if row["eased_field"] else 0) for row in rows.values())


def test_a_target_that_was_put_back_is_not_eased(tmp_path: Path) -> None:
    old = key_result("one")
    lower = dataclasses.replace(old, target=50.0)
    row = facts(tmp_path, (SEEN, [old]), (EDITED, [lower]), (EDITED + dt.timedelta(days=1), [old]))["one"]
    assert row["eased_field"] == ""


def test_of_a_goal_seen_for_the_first_time_nobody_says_that_it_never_changed(tmp_path: Path) -> None:
    row = facts(tmp_path, (NOW, [key_result("new")]))["new"]
    assert row["eased_share"] is None
    assert row["reworded"] is None


def test_gone_is_what_left_and_stands_nowhere_else(tmp_path: Path) -> None:
    stays = key_result("stays")
    before = [stays, key_result("left"), key_result("old-name", title="Riders find the door"), key_result("filed")]
    after = [stays, key_result("new-name", title="Riders find the door"), key_result("filed", archived=True)]
    rows = facts(tmp_path, (SEEN, before), (EDITED, after))
    assert {key for key, row in rows.items() if row["gone"]} == {"left", "filed"}
    assert {key for key, row in rows.items() if row["active"]} == {"stays", "new-name"}


def test_reworded_is_another_sentence_and_not_another_number(tmp_path: Path) -> None:
    before = [key_result("a", title="Families order every week"), key_result("b", title="Families who order, from 20 % to 60 %")]
    after = [key_result("a", title="Ship the new basket to everybody"), key_result("b", title="Families who order, from 20 % to 55 %")]
    rows = facts(tmp_path, (SEEN, before), (EDITED, after))
    assert rows["a"]["reworded"] is True
    assert rows["b"]["reworded"] is False


@pytest.mark.parametrize(("third", "high"), [(29.5, 2), (26.0, 0)])
def test_full_scores_are_counted_in_a_row_back_from_the_newest(tmp_path: Path, third: float, high: int) -> None:
    def bikes(cycle: str, start: float, now: float) -> KeyResult:
        title = f"Trips by bike from {start:g} % to {start + 10:g} %"
        return key_result(
            f"bikes-{cycle}", objective=cycle, title=title, kind="aspirational", baseline=start, target=start + 10, current=now
        )

    assert facts(tmp_path, (SEEN, [bikes("Q2", 10, 20), bikes("Q3", 20, third), bikes("Q4", 30, 31)]))["bikes-Q4"]["high_scores"] == high


TITLES: dict[str, tuple[float | None, float | None]] = {
    "Raise on-time rides from 80 % to 95 %": (80, 95),
    "Wöchentliche Familien von 41.000 auf 50.000": (41000, 50000),
    "Passer le taux de 12,5 % à 20 %": (12.5, 20),
    "Chat orders (0.5 → 2)": (0.5, 2),
    "Chargebacks under 0.4 %": (None, 0.4),
    "Answer within 2 days": (None, None),
    "Wallet is live on 12 November": (None, None),
}


def test_numbers_that_stand_in_the_title_only_are_read(tmp_path: Path) -> None:
    rows = facts(tmp_path, (SEEN, [key_result(title, title=title, baseline=None, target=None) for title in TITLES]))
    assert {title: (row["baseline"], row["target"]) for title, row in rows.items()} == TITLES


def test_the_pace_since_the_first_reading_gives_the_forecast(tmp_path: Path) -> None:
    check_ins = (CheckIn("one", "2026-10-08", 30.0, 8.0, "on_track"), CheckIn("one", "2026-11-23", 34.0, 4.0, "on_track"))
    row = facts(tmp_path, (SEEN, [key_result("one")]), check_ins=check_ins)["one"]
    assert row["start_share"] == pytest.approx(0.25)
    assert row["forecast"] == pytest.approx(0.35 + 0.1 / 46 * 38, abs=0.01)
    assert row["confidence_drop"] == 4
    assert row["news_days"] == 3


def test_a_number_of_closed_tickets_is_one_whatever_was_declared(tmp_path: Path) -> None:
    rows = facts(
        tmp_path,
        (
            SEEN,
            [
                key_result("roadmap", metric="share of roadmap tickets closed", progress="metric"),
                key_result("support", metric="share of support tickets closed within a day", progress="metric"),
            ],
        ),
    )
    assert rows["roadmap"]["progress_from"] == "tickets"
    assert rows["support"]["progress_from"] == "metric"
