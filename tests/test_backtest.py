"""A rule is tried on past weeks before it is switched on: how often it fires, on what, and what became of that."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from conftest import AS_OF

from okrbot.app import App
from okrbot.audit.backtest import try_rule
from okrbot.audit.trend import mondays
from okrbot.audit.waivers import add
from okrbot.cli.trying import _story

WEEKS = mondays(AS_OF, "Europe/Amsterdam", 6)


def test_the_last_week_says_what_an_audit_says(organisation: App) -> None:
    page = organisation.pages()["no_key_result"]
    with organisation.store() as store:
        trial = try_rule(store, organisation.config, page, (*WEEKS, AS_OF), [{}])[0]
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
    flagged = {f.key for f in audit.findings if f.rule == "no_key_result"}
    assert {s.key for s in trial.subjects if s.fate == "open"} == flagged
    assert trial.weeks[-1].flagged == len(flagged)
    assert sum(trial.fates.values()) == len(trial.subjects)


def test_what_became_of_subjects_is_told(organisation: App) -> None:
    page = organisation.pages()["zombie_work"]
    with organisation.store() as store:
        shown = try_rule(store, organisation.config, page, (*WEEKS, AS_OF), [{"doing_days": 10}])[0]
        open_ = next(s for s in shown.subjects if s.fate == "open")
        identity = _identity(organisation, open_.key)
        with store.begin() as db:
            add(db, rule="zombie_work", subject=identity, who="po", why="a partner waits", now=AS_OF, until=AS_OF + dt.timedelta(days=9))
        again = try_rule(store, organisation.config, page, (*WEEKS, AS_OF), [{"doing_days": 10}])[0]
    assert {s.fate for s in shown.subjects} >= {"open", "fixed"}
    assert next(s for s in again.subjects if s.key == open_.key).fate == "waived"
    assert again.acted_on is not None
    assert shown.acted_on is not None
    assert again.acted_on > shown.acted_on


def _identity(app: App, key: str) -> str:
    import sqlalchemy as sa

    from okrbot.store import tables as t

    with app.store() as store, store.connect() as db:
        source, id_ = db.execute(sa.select(t.items.c.source, t.items.c.id).where(t.items.c.key == key)).one()
    return f"item:{source}/{id_}"


def test_a_sweep_shows_fewer_findings_for_a_looser_setting(organisation: App) -> None:
    page = organisation.pages()["zombie_work"]
    with organisation.store() as store:
        trials = try_rule(store, organisation.config, page, WEEKS[-2:], [{"doing_days": days} for days in (5, 20, 60)])
    counts = [trial.weeks[-1].flagged for trial in trials]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_week_that_cannot_be_told_is_not_counted_as_clear(organisation: App) -> None:
    page = organisation.pages()["no_hypothesis"]
    with organisation.store() as store:
        trial = try_rule(store, organisation.config, page, (AS_OF - dt.timedelta(days=900),), [{}])[0]
    assert (trial.weeks[0].outcome, trial.weeks[0].reason) == ("not_checked", "no item existed yet")
    assert _story(trial, page).endswith("Could not be tried: no item existed yet.")


def test_the_verb_tells_the_story_and_the_curve(organisation: App, run) -> None:
    config = organisation.config.path
    story = run("rules", "try", "no_hypothesis", "--weeks", "2", config=config).output
    assert "still flagged" in story
    assert "no_hypothesis" in story
    curve = run("rules", "try", "zombie_work", "--weeks", "1", "--sweep", "doing_days=5..25:10", config=config).output
    assert [line.split()[0] for line in curve.splitlines()[2:]] == ["5", "15", "25"]
    data = json.loads(
        run("rules", "try", "zombie_work", "--weeks", "1", "--set", "doing_days=30", "--format", "json", config=config).output
    )
    assert data[0]["settings"]["doing_days"] == 30


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("no_hypothsis",), "no rule 'no_hypothsis'. Did you mean 'no_hypothesis'"),
        (("zombie_work", "--set", "doing_dayz=3"), "no setting 'doing_dayz'. Did you mean 'doing_days'"),
        (("zombie_work", "--set", "doing_days=soon"), "must be a number like"),
        (("zombie_work", "--set", "doing_days"), "must read SETTING=VALUE"),
        (("zombie_work", "--sweep", "doing_days=9..3"), "runs nowhere"),
        (("zombie_work", "--sweep", "doing_days=1..900:1"), "are the most"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest_right_one(organisation: App, run, words: tuple[str, ...], told: str) -> None:
    error = run("rules", "try", *words, config=organisation.config.path).exception
    assert told in str(getattr(error, "message", error))


def test_a_new_page_passes_the_check_and_can_be_tried(organisation: App, run) -> None:
    config = organisation.config.path
    folder = organisation.config.folder / "our-rules"
    made = run("rules", "new", "stuck_in_review", config=config)
    assert made.exit_code == 0
    assert "stuck_in_review.md is written" in made.output
    assert run("rules", "check", folder, config=config).return_value == 0
    assert "is there already" in str(run("rules", "new", "stuck_in_review", config=config).exception)
    assert "There is already a rule" in str(run("rules", "new", "no_key_result", config=config).exception)
    config.write_text(config.read_text(encoding="utf-8") + '\n[rules]\nfolders = ["our-rules"]\n', encoding="utf-8")
    tried = run("rules", "try", "stuck_in_review", "--weeks", "2", "--set", "most_days=1", config=config)
    assert tried.exit_code == 0, tried.output
    assert "failed" not in tried.output


def test_a_kept_rule_is_said_to_run(organisation: App, run) -> None:
    assert "was not paused; it will not be" in run("rules", "keep", "zombie_work", config=organisation.config.path).output


def test_the_page_to_start_from_names_no_person_and_asks_one_question(tmp_path: Path) -> None:
    from okrbot.cli.trying import _PAGE
    from okrbot.rulebook import read_page
    from okrbot.rulebook.query import check_page

    path = tmp_path / "draft.md"
    path.write_text(_PAGE.format(title="Draft"), encoding="utf-8")
    page = read_page(path, family="own", shipped=False)
    check_page(page)
    assert page.question.endswith("?")
