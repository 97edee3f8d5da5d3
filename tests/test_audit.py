"""An audit is repeatable, keeps findings over time, and never counts what it could not see as clean."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import sqlalchemy as sa
from conftest import AS_OF, SAMPLE

from okrbot.app import App, open_app
from okrbot.audit.lifecycle import events, fingerprint, stored_findings
from okrbot.audit.output import as_csv, as_data, as_json, safe_cell
from okrbot.audit.waivers import add, end
from okrbot.findings import Audit, Finding
from okrbot.model import Coverage, Item, Page, Problem
from okrbot.pull import pull
from okrbot.render import headline, text_audit
from okrbot.rulebook import read_page
from okrbot.store import tables as t

LATER = AS_OF + dt.timedelta(days=7)


def found(audit: Audit, rule: str) -> dict[str, Finding]:
    return {f.key: f for f in audit.findings if f.rule == rule}


def outcome(audit: Audit, rule: str):
    return next(r for r in audit.rules if r.rule == rule)


def sample(folder: Path) -> App:
    """Return the sample organisation: two sources, two products."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    return open_app(folder / "okrbot.toml", clock=lambda: AS_OF, environment={})


def unlinked(audit: Audit) -> Finding:
    return next(f for f in audit.findings if f.rule == "no_key_result")


def test_the_same_store_and_instant_give_the_same_bytes(organisation: App) -> None:
    with organisation.store() as store:
        first = as_json(organisation.audit(store, as_of=AS_OF))
        second = as_json(organisation.audit(store, as_of=AS_OF))
    assert first == second
    assert json.loads(first)["findings"]


def test_the_json_fits_its_published_schema(organisation: App) -> None:
    schema = json.loads((Path(__file__).parents[1] / "docs" / "audit.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    with organisation.store() as store:
        jsonschema.validate(as_data(organisation.audit(store, as_of=AS_OF)), schema)


def test_every_rule_says_one_of_four_things_and_findings_fit(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=AS_OF)
    assert {r.outcome for r in audit.rules} <= {"flagged", "clear", "not_checked", "failed"}
    assert not [r for r in audit.rules if r.outcome == "failed"]
    for rule in audit.rules:
        assert rule.flagged == len(found(audit, rule.rule)), rule.rule
        assert (rule.reason is not None) or rule.outcome in ("flagged", "clear")


def test_a_week_later_nothing_is_new_but_what_is(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=LATER)
    assert not audit.first
    old = unlinked(audit)
    assert old.first_seen == AS_OF
    assert not old.is_new


def test_a_finding_that_goes_is_resolved_and_one_that_comes_back_says_so(organisation: App) -> None:
    with organisation.store() as store:
        flagged = unlinked(organisation.audit(store, as_of=AS_OF))
        identity = flagged.subject.split(":", 1)[1].split("/", 1)
        mine = (t.items.c.source == identity[0]) & (t.items.c.id == identity[1])
        with store.begin() as db:
            labels = db.execute(sa.select(t.items.c.labels).where(mine)).scalar()
            db.execute(sa.update(t.items).where(mine).values(labels='["own-bet"]'))
        gone = organisation.audit(store, as_of=LATER)
        assert flagged.key in {f.key for f in gone.resolved if f.rule == "no_key_result"}
        with store.begin() as db:
            db.execute(sa.update(t.items).where(mine).values(labels=labels))
        back = found(organisation.audit(store, as_of=LATER + dt.timedelta(days=7)), "no_key_result")[flagged.key]
        assert (back.state, back.is_new, back.first_seen) == ("returned", True, AS_OF)
        with store.connect() as db:
            assert [what for _, what, _ in events(db, "no_key_result", flagged.subject)] == ["opened", "resolved", "returned"]


def test_a_waived_finding_is_silent_until_its_waiver_ends(organisation: App) -> None:
    with organisation.store() as store:
        flagged = unlinked(organisation.audit(store, as_of=AS_OF))
        with store.begin() as db:
            add(
                db,
                rule="no_key_result",
                subject=flagged.subject,
                who="po",
                why="a promise to a partner",
                now=AS_OF,
                until=AS_OF + dt.timedelta(days=10),
            )
        assert found(organisation.audit(store, as_of=LATER), "no_key_result")[flagged.key].state == "waived"
        after = found(organisation.audit(store, as_of=AS_OF + dt.timedelta(days=14)), "no_key_result")[flagged.key]
        assert (after.state, after.is_new) == ("open", True)


def test_a_waiver_until_it_changes_ends_when_the_finding_says_something_else(organisation: App) -> None:
    with organisation.store() as store:
        flagged = unlinked(organisation.audit(store, as_of=AS_OF))
        with store.begin() as db:
            for mark in (fingerprint(flagged), "another"):
                number = add(
                    db, rule="no_key_result", subject=flagged.subject, who="po", why="fine", now=AS_OF, until=None, fingerprint=mark
                )
        assert found(organisation.audit(store, as_of=LATER), "no_key_result")[flagged.key].state == "open"
        with store.begin() as db:
            assert end(db, number, now=AS_OF)
            assert not end(db, number, now=AS_OF), "a waiver ends once"
        assert found(organisation.audit(store, as_of=LATER), "no_key_result")[flagged.key].state == "waived"


def test_a_waiver_without_a_reason_or_with_a_past_end_is_refused(organisation: App) -> None:
    with organisation.store() as store, store.begin() as db:
        with pytest.raises(ValueError, match="needs a reason"):
            add(db, rule="r", subject="s", who="po", why=" ", now=AS_OF, until=None)
        with pytest.raises(ValueError, match="is past"):
            add(db, rule="r", subject="s", who="po", why="x", now=AS_OF, until=AS_OF)


def test_the_past_is_looked_at_and_not_rewritten(organisation: App) -> None:
    with organisation.store() as store:
        with store.connect() as db:
            before = stored_findings(db)
        past = organisation.audit(store, as_of=AS_OF - dt.timedelta(days=60))
        assert not past.recorded
        with store.connect() as db:
            assert stored_findings(db) == before


class Half:
    """A source that shows one item and then says that more is missing."""

    name = "jira"

    def probe(self):  # pragma: no cover -- not asked here
        raise AssertionError

    def pull(self, request):
        yield Page(items=[Item("x", "X-1", "seen")])
        yield Page(
            coverage=Coverage(expected=9, read=1, complete=False, problems=(Problem("hidden", "eight items cannot be seen", partial=True),))
        )


def test_a_partial_pull_resolves_nothing_and_is_said(organisation: App) -> None:
    with organisation.store() as store:
        result = pull(store, Half(), now=LATER)
        assert result.verdict == "partial"
        with store.begin() as db:
            db.execute(sa.update(t.items).where(t.items.c.source == "jira").values(hidden_since=1))
        audit = organisation.audit(store, as_of=LATER)
        assert not [f for f in audit.resolved if f.source == "jira"]
        assert not audit.complete
        digest = organisation.digests_of(store, audit)[0]
        assert any("jira could not be read completely" in line for line in digest.unseen)


BROKEN = """# A rule that breaks on purpose

It divides what cannot be divided, after an idea of nobody.

```toml
severity = "low"
subject = "item"
```

## What to do
Nothing.

## What the bot asks
Is {key} broken?

## How it is found
```sql
select key, cast(title as integer) as note from item
```

## Examples
| key | title | flagged |
| --- | --- | --- |
| A | 1 | yes |
"""


def test_a_rule_that_breaks_is_failed_and_harms_no_other(organisation: App, tmp_path: Path) -> None:
    path = tmp_path / "breaks.md"
    path.write_text(BROKEN, encoding="utf-8")
    page = read_page(path, family="own")
    from okrbot.audit import audit

    pages = {**organisation.rulebook(), "breaks": page}
    with organisation.store() as store:
        said = audit(store, organisation.config, pages, as_of=AS_OF, ran=AS_OF, remember=False)
    assert outcome(said, "breaks").outcome == "failed"
    assert "Could not convert" in (outcome(said, "breaks").reason or "")
    assert found(said, "no_key_result")


def test_a_rule_whose_data_is_missing_is_not_checked_with_the_reason(organisation: App) -> None:
    bare = dataclasses.replace(organisation, config=dataclasses.replace(organisation.config, products=()))
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.delete(t.key_results))
            db.execute(sa.update(t.items).values(history=0))
        said = bare.audit(store, as_of=LATER, remember=False)
    for rule, page in bare.rulebook().items():
        lacking = {"okrs", "history", "org", "metrics"} & set(page.needs)
        if lacking:
            assert outcome(said, rule).outcome == "not_checked", rule
            assert outcome(said, rule).reason
    assert "clear" not in {outcome(said, rule).outcome for rule in ("no_key_result", "unaligned_backlog")}


def test_an_empty_store_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / "okrbot.toml").write_text("", encoding="utf-8")
    app = open_app(tmp_path / "okrbot.toml", clock=lambda: AS_OF)
    with app.store() as store:
        audit = app.audit(store)
    assert not audit.findings
    assert "clear" in {r.outcome for r in audit.rules} or all(r.outcome == "not_checked" for r in audit.rules)
    assert outcome(audit, "no_key_result").outcome == "not_checked"


def test_no_cell_of_the_csv_is_a_formula(organisation: App) -> None:
    with organisation.store() as store:
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
    nasty = dataclasses.replace(audit.findings[0], title='=HYPERLINK("http://evil")')
    lines = as_csv(dataclasses.replace(audit, findings=(nasty,))).splitlines()
    assert "'=HYPERLINK" in lines[1]
    for start in ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"):
        assert safe_cell(f"{start}1")[0] == "'"
    assert safe_cell("plain") == "plain"


def test_the_same_instant_again_tells_of_the_same_resolutions(organisation: App) -> None:
    with organisation.store() as store:
        flagged = unlinked(organisation.audit(store, as_of=AS_OF))
        source, id_ = flagged.subject.split(":", 1)[1].split("/", 1)
        with store.begin() as db:
            db.execute(sa.update(t.items).where(t.items.c.source == source, t.items.c.id == id_).values(labels='["own-bet"]'))
        first = organisation.audit(store, as_of=LATER)
        assert flagged.key in {f.key for f in first.resolved}
        assert as_json(organisation.audit(store, as_of=LATER)) == as_json(first)


def test_a_rule_that_found_nothing_to_judge_is_not_clear(organisation: App) -> None:
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.delete(t.items))
        audit = organisation.audit(store, as_of=LATER)
    said = outcome(audit, "large_batch")
    assert (said.outcome, said.reason) == ("not_checked", "nothing to judge")
    assert not [r for r in audit.rules if r.outcome == "clear" and not r.checked]
    assert any(f.rule == "no_key_result" for f in audit.resolved)  # what is gone is mended all the same


def test_an_item_of_unknown_age_is_judged_where_it_runs_and_not_told_where_it_waits(organisation: App) -> None:
    with organisation.store() as store:
        before = organisation.audit(store, as_of=AS_OF, remember=False)
        with store.begin() as db:
            db.execute(sa.update(t.items).values(created=0))
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
    for rule in ("no_key_result", "output_only", "no_success_measure"):
        assert outcome(audit, rule).checked, rule
        kept = {key for key, f in found(before, rule).items() if "in progress" in f.note}
        assert kept <= found(audit, rule).keys()
    assert outcome(audit, "no_key_result").unsure > outcome(before, "no_key_result").unsure


def test_a_past_that_no_history_tells_is_not_invented(organisation: App) -> None:
    past = AS_OF - dt.timedelta(days=60)
    with organisation.store() as store:
        assert any(r.outcome == "flagged" for r in organisation.audit(store, as_of=past, remember=False).rules)
        with store.begin() as db:
            db.execute(sa.delete(t.changes))
            db.execute(sa.update(t.items).values(history=0, created=1, updated=int(AS_OF.timestamp() * 1000) - 1000))
        audit = organisation.audit(store, as_of=past)
        now = organisation.audit(store, as_of=AS_OF, remember=False)
    assert {r.outcome for r in audit.rules} == {"not_checked"}
    assert not audit.findings
    assert not audit.recorded
    assert "the past cannot be told" in as_data(audit)["problems"][0]
    assert any(r.outcome == "flagged" for r in now.rules)


@pytest.mark.parametrize(
    "verb", [("audit", "--no-pull", "--fail-on", "high"), ("report",), ("whatif", "merge", "SHOP", "PAY")], ids=lambda verb: verb[0]
)
def test_a_past_that_cannot_be_told_does_not_end_like_a_clean_one(organisation: App, run, verb: tuple[str, ...], tmp_path: Path) -> None:
    with organisation.store() as store, store.begin() as db:
        db.execute(sa.delete(t.changes))
        db.execute(sa.update(t.items).values(history=0, created=1, updated=int(AS_OF.timestamp() * 1000) - 1000))
    past = (AS_OF - dt.timedelta(days=60)).date().isoformat()
    said = run(*verb, "--as-of", past, "--output", tmp_path / "out", config=organisation.config.path)
    assert said.return_value == 3
    assert "the past cannot be told" in said.stderr


def test_a_source_read_in_part_cannot_prove_that_something_is_absent(organisation: App) -> None:
    with organisation.store() as store:
        assert outcome(organisation.audit(store, as_of=AS_OF, remember=False), "key_result_without_bet").outcome != "not_checked"
        with store.begin() as db:
            db.execute(sa.update(t.pulls).values(verdict="partial"))
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
    for rule in ("key_result_without_bet", "homeless_goal"):
        said = outcome(audit, rule)
        assert said.outcome == "not_checked"
        assert "could not be read completely" in (said.reason or "")
    assert outcome(audit, "no_key_result").outcome == "flagged"


def test_a_source_read_in_part_blinds_only_the_products_whose_backlogs_it_holds(tmp_path: Path) -> None:
    app = sample(tmp_path)
    with app.store() as store:
        app.pull(store)
        whole = app.audit(store, as_of=AS_OF)
        with store.begin() as db:
            # Linear holds a backlog of Shop and one of Depot, Jira one of each as well
            db.execute(sa.update(t.pulls).where(t.pulls.c.source == "linear").values(verdict="partial"))
        first, second = app.config.products
        apart = dataclasses.replace(second, backlogs=tuple(b for b in second.backlogs if not b.startswith("linear/")))
        app = dataclasses.replace(app, config=dataclasses.replace(app.config, products=(first, apart)))
        audit = app.audit(store, as_of=LATER)
    said = outcome(audit, "key_result_without_bet")
    assert said.outcome == "flagged"
    assert said.by_product[second.name][0]
    assert not said.by_product[first.name][0]
    assert f"of {first.name} could not be judged: linear could not be read completely" in (said.reason or "")
    assert {f.product for f in audit.findings if f.rule == said.rule} == {second.name}
    hidden = {f.subject for f in whole.findings if f.rule == said.rule and f.product == first.name}
    assert hidden
    assert not hidden & {f.subject for f in audit.resolved}  # not seen is not mended


def test_a_source_of_goals_read_in_part_concerns_every_product(tmp_path: Path) -> None:
    app = sample(tmp_path)
    with app.store() as store:
        app.pull(store)
        with store.begin() as db:
            row = dict(db.execute(sa.select(t.pulls).limit(1)).mappings().one())
            db.execute(sa.insert(t.pulls).values(**{**row, "id": 999, "source": "goals", "verdict": "partial"}))
        audit = app.audit(store, as_of=AS_OF, remember=False)
    said = outcome(audit, "homeless_goal")
    assert (said.outcome, said.reason) == ("not_checked", "goals could not be read completely, so what is not seen may still be there")


def test_a_product_without_history_is_not_judged_by_what_needs_it(tmp_path: Path) -> None:
    app = sample(tmp_path)
    with app.store() as store:
        app.pull(store)
        first, second = app.config.products
        with store.begin() as db:
            ids = {b.split("/")[1] for b in first.backlogs}
            backlogs = [id_ for id_, key in db.execute(sa.select(t.backlogs.c.id, t.backlogs.c.key)) if key in ids]
            db.execute(sa.update(t.items).where(t.items.c.backlog.in_(backlogs)).values(history=0))
        audit = app.audit(store, as_of=AS_OF, remember=False)
    said = outcome(audit, "frozen_key_result")
    assert not said.by_product[first.name][0]
    assert said.by_product[second.name][0]
    assert f"no source gave the history of the items of {first.name}" in (said.reason or "")


def test_names_that_meet_nothing_are_told_with_the_nearest(organisation: App) -> None:
    first, second = organisation.config.products
    key = first.backlogs[0]
    wrong = dataclasses.replace(first, backlogs=(key[:-1] + "PX", *first.backlogs[1:]))
    config = dataclasses.replace(organisation.config, products=(wrong, second))
    with organisation.store() as store:
        assert not [p for p in organisation.audit(store, as_of=AS_OF, remember=False).problems if "no backlog" in p or "no product" in p]
        with store.begin() as db:
            db.execute(sa.update(t.key_results).values(items='["NOWHERE-1"]'))
        audit = dataclasses.replace(organisation, config=config).audit(store, as_of=AS_OF, remember=False)
    assert any(f"there is no backlog {key[:-1]}PX. Did you mean {key}?" in line for line in audit.problems)
    assert any(f"the backlog {key} belongs to no product" in line for line in audit.problems)
    assert any("names the item NOWHERE-1, and there is none" in line for line in audit.problems)


def test_a_goal_without_a_product_is_the_only_products(organisation: App) -> None:
    (first, second) = organisation.config.products
    only = dataclasses.replace(first, backlogs=(*first.backlogs, *second.backlogs))
    one = dataclasses.replace(organisation, config=dataclasses.replace(organisation.config, products=(only,), teams=()))
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.update(t.objectives).values(product="", team=""))
        audit = one.audit(store, as_of=AS_OF, remember=False)
    goals = [f for f in audit.findings if f.subject_kind in ("key_result", "objective")]
    assert goals
    assert {f.product for f in goals} == {only.name}
    assert "of no product" not in text_audit(audit)
    assert audit.products[0].findings == len([f for f in audit.findings if f.state != "waived"])


def test_the_text_groups_what_was_not_judged_by_reason_and_counts_goals_of_no_product(organisation: App) -> None:
    with organisation.store() as store:
        with store.begin() as db:
            db.execute(sa.update(t.objectives).values(product="", team=""))
            db.execute(sa.delete(t.changes))
            db.execute(sa.update(t.items).values(history=0))
        audit = organisation.audit(store, as_of=AS_OF, remember=False)
        digest = organisation.digests_of(store, audit)[0]
        with store.begin() as db:
            db.execute(sa.delete(t.key_results))
        goalless = organisation.digests(store, as_of=AS_OF)[0]
    text = text_audit(audit)
    goals = sum(1 for f in audit.findings if not f.product and f.subject_kind in ("key_result", "objective"))
    assert goals
    assert f"Goals of no product: {goals} finding" in text
    assert text.count("no source gave the history of its items") == 1
    assert "[rival_product_owners]" in text.split("Not clean, because not seen")[1]
    assert "could be judged" not in headline(digest)
    assert "no key result runs" in headline(goalless)
