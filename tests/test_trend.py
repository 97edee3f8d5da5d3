"""The trend gives every score of each past week from one load, equal to the audit of that week; what cannot be told is said."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zoneinfo

import pytest
import sqlalchemy as sa
from conftest import AS_OF

from okrbot.app import App
from okrbot.audit.trend import mondays, trend
from okrbot.cli.trend import _csv, _json, _text, sparkline
from okrbot.store import tables as t

AMSTERDAM = zoneinfo.ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def weeks(audited):  # one look back for all tests of this file
    from okrbot.app import open_app

    app = open_app(audited / "okrbot.toml", secrets=False, clock=lambda: AS_OF)
    with app.store() as store:
        return trend(store, app.config, app.rulebook(), mondays(AS_OF, "Europe/Amsterdam", 24)[::4])


def test_weeks_are_mondays_of_the_companys_zone_over_a_change_of_clocks() -> None:
    days = mondays(AS_OF, "Europe/Amsterdam", 8)
    assert [day.weekday() for day in days] == [0] * 8
    assert days[-1] == dt.datetime(2026, 11, 16, 0, 0, tzinfo=AMSTERDAM)
    assert {day.astimezone(dt.UTC).hour for day in days} == {22, 23}
    assert mondays(dt.datetime(2026, 11, 15, 23, 30, tzinfo=dt.UTC), "Europe/Amsterdam", 1)[0].day == 16


def test_a_week_of_the_trend_is_the_audit_of_that_instant(weeks, organisation: App) -> None:
    week = weeks[-1]
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=week.as_of, remember=False)
    for product in audit.products:
        assert week.scores[product.name] == pytest.approx(dict(product.scores)), product.name
        assert week.flagged[product.name] == sum(rule.by_product.get(product.name, (0, 0))[1] for rule in audit.rules)


def test_a_week_before_anything_is_marked_and_never_zero(weeks, organisation: App) -> None:
    with organisation.store() as store:
        early = trend(store, organisation.config, organisation.rulebook(), mondays(AS_OF, "Europe/Amsterdam", 60)[:1])[0]
    assert (early.enough, early.reason, early.scores) == (False, "no item existed yet", {})
    told = json.loads(_json([early, *weeks], ["Shop"]))
    assert told["weeks"][0]["products"] == []
    assert told["weeks"][0]["reason"] == "no item existed yet"
    rows = list(csv.DictReader(io.StringIO(_csv([early, *weeks], ["Shop"]))))
    assert rows[0]["aligned"] == ""
    assert rows[-1]["aligned"]
    text = _text([early, *weeks], ["Shop"])
    assert "·" in text
    assert "not told: no item existed yet" in text


def test_a_week_that_history_does_not_reach_says_so(organisation: App) -> None:
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.update(t.items).values(history=0))
        week = trend(store, organisation.config, organisation.rulebook(), mondays(AS_OF, "Europe/Amsterdam", 12)[:1])[0]
    assert not week.enough
    assert "changed since and have no history" in week.reason


def test_weeks_before_the_goals_were_first_read_say_so(weeks) -> None:
    assert any("goals as first read on 2026-08-03" in note for week in weeks for note in week.notes)
    assert not any("first read" in note for note in weeks[-1].notes)


def test_the_bars_run_from_the_lowest_to_the_highest() -> None:
    assert sparkline([None, 0.0, 0.5, 1.0]) == "·▁▅█"
    assert sparkline([0.3, 0.3]) == "▄▄"
    assert sparkline([None]) == "·"


def test_the_verb_shows_a_table_and_refuses_an_unknown_product(organisation: App, run) -> None:
    config = organisation.config.path
    shown = run("trend", "--weeks", "2", "--product", "Depot", config=config)
    assert shown.exit_code == 0, shown.output
    assert "aligned" in shown.output
    assert "Shop" not in shown.output
    with pytest.raises(Exception, match=r"no product 'Depott'\. Did you mean 'Depot'"):
        raise run("trend", "--product", "Depott", config=config).exception
