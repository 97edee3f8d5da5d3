"""Facts that cannot be told are null, and facts of goals count the goals that run: read from a store filled by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from okrbot.app import open_app
from okrbot.facts import build
from okrbot.model import Backlog, Change, Cycle, Goals, Item, KeyResult, Objective, Page, millis
from okrbot.store.writing import save_goals, save_page

NOW = dt.datetime(2026, 11, 23, 7, 0, tzinfo=dt.UTC)
DAY = 86_400_000
AT = millis(NOW)
CYCLES = (Cycle("Q3", "2026-07-01", "2026-09-30"), Cycle("Q4", "2026-10-01", "2026-12-31"))
BACKLOGS = (Backlog("1", "ONE"), Backlog("2", "TWO"))


def item(id_: str, **fields: Any) -> Item:
    """Return an item of the first backlog, 60 days old, with `fields` instead."""
    values = {"backlog": "1", "created": AT - 60 * DAY, "updated": AT - DAY, "history": True, "title": f"Let shoppers filter by {id_}"}
    return Item(id_, id_, **{**values, **fields})  # type: ignore[arg-type]


def facts(
    folder: Path, table: str, items: list[Item], goals: Goals | None = None, changes: tuple[Change, ...] = ()
) -> dict[str, dict[str, Any]]:
    """Return the rows of one fact table by key, of a store that holds `items` and `goals`."""
    config = folder / "okrbot.toml"
    config.write_text(
        '[okrbot]\nstore = "sqlite:///facts.db"\n[[sources]]\nname = "a"\nkind = "files"\npaths = ["none.csv"]\n'
        '[[products]]\nname = "Shop"\nbacklogs = ["a/*"]\n[okrs.links]\nlabel_prefix = "kr-"\nfield = "Key Result"\n'
    )
    app = open_app(config, clock=lambda: NOW, environment={})
    with app.store() as store:
        with store.begin() as db:
            save_page(db, "a", Page(items=items, changes=changes, backlogs=BACKLOGS))
            save_goals(db, "goals", goals or Goals(), at=AT - 50 * DAY)
        built = build(store, app.config, NOW, processes=1)
        cursor = built.connection.execute(f"select * from {table}")
        names = [column[0] for column in cursor.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        built.close()
    return rows


def goal(id_: str, cycle: str, **fields: Any) -> Goals:
    """Return an objective with one key result, `KR-<id>`."""
    objective = Objective(f"O-{id_}", f"Goal {id_}", cycle=cycle, product="Shop", **fields)
    return Goals(
        cycles=CYCLES, objectives=(objective,), key_results=(KeyResult(f"KR-{id_}", f"O-{id_}", f"Result {id_}", baseline=1, target=2),)
    )


def together(*goals: Goals) -> Goals:
    """Return all of `goals` as one set."""
    return Goals(
        cycles=CYCLES,
        objectives=tuple(o for one in goals for o in one.objectives),
        key_results=tuple(k for one in goals for k in one.key_results),
    )


def epic_with_stories(done: int, open_: int, **last: Any) -> list[Item]:
    """Return an epic in progress with `done` finished stories, one a day, and `open_` others."""
    stories = [
        item(f"S{n}", parent="E", state="done", their_state="Done", started=AT - 40 * DAY, finished=AT - (30 - n) * DAY)
        for n in range(done)
    ]
    if last:
        stories[-1] = stories[-1]._replace(**last)
    stories += [item(f"T{n}", parent="E") for n in range(open_)]
    return [item("E", kind="epic", level=1, state="doing", started=AT - 45 * DAY), *stories]


def test_mostly_done_is_the_day_four_fifths_of_all_stories_were_done(tmp_path: Path) -> None:
    row = facts(tmp_path, "item", epic_with_stories(8, 2))["E"]
    assert row["mostly_done"] == NOW.replace(tzinfo=None) - dt.timedelta(days=23)


def test_one_story_of_ten_is_not_most_of_them(tmp_path: Path) -> None:
    assert facts(tmp_path, "item", epic_with_stories(1, 9))["E"]["mostly_done"] is None


def test_an_item_without_a_rank_says_that_its_place_is_not_known(tmp_path: Path) -> None:
    rows = facts(tmp_path, "item", [item("A", rank="0|a"), item("B")])
    assert (rows["A"]["ranked"], rows["B"]["ranked"]) == (True, False)


def waiting(**fields: Any) -> list[Item]:
    """Return work begun for the lower of two goals in one backlog, and an item for the upper one that waits in the other."""
    return [
        item("LOW", state="doing", started=AT - 3 * DAY, labels=("kr-kr-b",)),
        item("HIGH", backlog="2", labels=("kr-kr-a",), **fields),
    ]


def two_goals() -> Goals:
    goals = together(goal("A", "Q4"), goal("B", "Q4"))
    return Goals(
        goals.cycles,
        goals.objectives,
        tuple(
            k.__class__(k.id, k.objective, k.title, baseline=1, target=2, where=f"okrs.toml:{n}")
            for n, k in enumerate(goals.key_results, 1)
        ),
    )


def test_what_waits_for_a_time_nobody_knows_leaves_the_number_unknown(tmp_path: Path) -> None:
    old = facts(tmp_path, "backlog", waiting(), two_goals())["a/ONE"]
    (tmp_path / "facts.db").unlink()
    fresh = facts(tmp_path, "backlog", waiting(created=AT - DAY), two_goals())["a/ONE"]
    (tmp_path / "facts.db").unlink()
    unknown = facts(tmp_path, "backlog", waiting(created=0), two_goals())["a/ONE"]
    assert [row["low_started"] for row in (old, fresh, unknown)] == [1, 1, 1]
    assert [row["high_waiting"] for row in (old, fresh, unknown)] == [1, 0, None]


def test_without_a_reporter_nobody_says_who_handed_it_in(tmp_path: Path) -> None:
    team = [item(f"I{n}", reporter="ann", assignee="ann") for n in range(9)]
    rows = facts(tmp_path, "item", [*team, item("OUT", reporter="zoe"), item("WHO")])
    assert [rows[key]["from_outside"] for key in ("I1", "OUT", "WHO")] == [False, True, None]


def owned(own: str, objective: str, above: str) -> dict[str, Any]:
    goals = Goals(
        cycles=CYCLES,
        objectives=(
            Objective("TOP", "Top", cycle="Q4", owner=above),
            Objective("O", "Ours", cycle="Q4", parent="TOP", team="Till", owner=objective),
        ),
        key_results=(KeyResult("KR", "O", "Better", baseline=1, target=2, owner=own),),
    )
    return {"goals": goals}


def test_who_wrote_a_teams_key_results_is_only_told_by_their_owners(tmp_path: Path) -> None:
    said = {}
    for owners in (("a", "a", "a"), ("b", "b", "a"), ("", "", "a"), ("b", "a", "")):
        row = facts(tmp_path, "team", [item("I", team="Till")], **owned(*owners))["Till"]
        said[owners] = (row["krs_authored_outside"], row["krs_with_author"])
        (tmp_path / "facts.db").unlink()
    assert said == {("a", "a", "a"): (1, 1), ("b", "b", "a"): (0, 1), ("", "", "a"): (0, 0), ("b", "a", ""): (0, 1)}


def test_a_key_result_of_no_cycle_is_as_old_as_its_creation(tmp_path: Path) -> None:
    bare = Goals(
        objectives=(Objective("O", "Goal"),),
        key_results=(KeyResult("OLD", "O", "Older", created=AT - 40 * DAY), KeyResult("WHEN", "O", "Nobody knows")),
    )
    rows = facts(tmp_path, "key_result", [item("I")], bare)
    assert [rows[key]["cycle_days"] for key in ("OLD", "WHEN")] == [40.0, None]


def test_goals_of_a_past_cycle_are_not_counted_among_those_an_item_names(tmp_path: Path) -> None:
    work = item("A", state="doing", started=AT - DAY, labels=("kr-kr-old", "kr-kr-now", "kr-kr-too"))
    goals = together(goal("old", "Q3"), goal("now", "Q4"), goal("too", "Q4"))
    row = facts(tmp_path, "item", [work], goals)["A"]
    assert (row["objectives_linked"], row["linked"]) == (2, True)


def test_an_objective_has_the_goals_below_it_that_still_stand(tmp_path: Path) -> None:
    above = goal("top", "Q4")
    below = [goal("past", "Q3", parent="O-top"), goal("filed", "Q4", parent="O-top", archived=True), goal("runs", "Q4", parent="O-top")]
    filed = KeyResult("FILED", "O-top", "Put away", archived=True)
    goals = together(above, *below)
    row = facts(tmp_path, "objective", [item("I")], dataclasses.replace(goals, key_results=(*goals.key_results, filed)))["O-top"]
    assert (row["children"], row["key_results"]) == (1, 1)


def test_work_for_goals_of_a_past_cycle_is_no_work_for_the_key_result_above_them(tmp_path: Path) -> None:
    above = goal("top", "Q4")
    work = [item(name, state="doing", started=AT - DAY, labels=(f"kr-kr-{name.lower()}",)) for name in ("PAST", "RUNS")]
    goals = together(above, goal("past", "Q3", parent="KR-top"), goal("runs", "Q4", parent="KR-top"))
    assert facts(tmp_path, "key_result", work, goals)["KR-top"]["items_started_below"] == 1


def test_a_project_is_called_by_its_title_and_an_issue_by_its_key(tmp_path: Path) -> None:
    work = [
        item("82a4dc5354cd", title="Reviews on every product", level=1, kind="epic", state="doing", started=AT - DAY),
        item("SHOP-12", title="Gift cards", state="doing", started=AT - DAY),
    ]
    row = facts(tmp_path, "backlog", work)["a/ONE"]
    assert row["unlinked_examples"] == '"Reviews on every product", SHOP-12'
