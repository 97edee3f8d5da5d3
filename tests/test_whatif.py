"""Merging backlogs is computed on the facts: the before is the audit's own number, and nothing is written."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import sqlalchemy as sa
from conftest import AS_OF

from okrbot.app import App
from okrbot.audit.whatif import Merge, effective, merge
from okrbot.facts import Facts, build
from okrbot.store import tables as t


@pytest.fixture(scope="module")
def facts(audited):
    from okrbot.app import open_app

    app = open_app(audited / "okrbot.toml", secrets=False, clock=lambda: AS_OF)
    with app.store() as store:
        built = build(store, app.config, AS_OF)
        yield built
        built.close()


def numbers(found: Merge) -> dict[str, tuple[float | None, float | None]]:
    return {d.name: (d.before, d.after) for d in found.differences}


def test_the_effective_number_of_lists_is_inverse_simpson() -> None:
    assert effective({"A": 10, "B": 10}) == 2.0
    assert effective({"A": 6, "B": 3, "C": 1}) == pytest.approx(100 / 46, abs=1e-4)
    assert effective({}) is None


def test_the_before_is_the_audits_own_number_and_one_list_is_one(facts: Facts) -> None:
    found = numbers(merge(facts, ["jira/SHOP", "jira/PAY", "linear/WEB"]))
    (before,) = facts.connection.execute("select effective_backlogs from product where key = 'Shop'").fetchone()
    assert found["splinter"] == (pytest.approx(before, abs=1e-4), 1.0)


def test_two_of_three_lists_give_the_hand_computed_number(facts: Facts) -> None:
    rows = facts.connection.execute(
        """select backlog, count(*) from item, work.moment m where product = 'Shop' and level >= 0
           and (state = 'doing' or (state = 'done' and finished > m.now - interval 90 day)) group by backlog"""
    ).fetchall()
    counts = Counter(dict(rows))
    together = [counts["jira/SHOP"] + counts["jira/PAY"], counts["linear/WEB"]]
    expected = sum(together) ** 2 / sum(n * n for n in together)
    assert numbers(merge(facts, ["jira/SHOP", "jira/PAY"]))["splinter"][1] == pytest.approx(expected, abs=1e-4)


def test_duplicates_and_waits_fall_away_only_inside_the_list(facts: Facts) -> None:
    apart, together = (numbers(merge(facts, names)) for names in (["jira/SHOP", "jira/PAY"], ["jira/SHOP", "jira/PAY", "linear/WEB"]))
    assert apart["duplicates"] == (1, 1)
    assert together["duplicates"] == (1, 0)
    before, after = together["dependencies"]
    assert before == apart["dependencies"][0]
    assert after <= apart["dependencies"][1] < before
    assert together["layers, longest"][1] <= together["layers, longest"][0]


def test_the_verb_writes_nothing_and_knows_short_names(organisation: App, run) -> None:
    config = organisation.config.path
    with organisation.store() as store, store.connect() as db:
        before = [
            db.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            for table in (t.findings, t.audits, t.finding_events, t.overrides)
        ]
    told = json.loads(run("whatif", "merge", "SHOP", "linear/WEB", "--format", "json", config=config).output)
    assert told["backlogs"] == ["jira/SHOP", "linear/WEB"]
    assert "Nothing was changed" in run("whatif", "merge", "SHOP", "WEB", config=config).output
    with organisation.store() as store, store.connect() as db:
        assert before == [
            db.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            for table in (t.findings, t.audits, t.finding_events, t.overrides)
        ]


@pytest.mark.parametrize(
    ("names", "told"), [(("SHOP", "PAI"), "Did you mean 'PAY'"), (("SHOP",), "at least two"), (("SHOP", "jira/SHOP"), "at least two")]
)
def test_a_name_that_fits_nothing_is_refused(organisation: App, run, names: tuple[str, ...], told: str) -> None:
    error = run("whatif", "merge", *names, config=organisation.config.path).exception
    assert told in str(getattr(error, "message", error))
