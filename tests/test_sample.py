"""The bundled sample is what its generator writes, and holds what it promises."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
import tomllib
from pathlib import Path

import pytest
from organisation import CLEAN, PLANTED, build, csv_tables, resolved, sites
from organisation.autumn import AUTUMN
from organisation.company import is_project
from organisation.files import bundle
from organisation.people import BACKLOGS, PEOPLE
from organisation.summer import SUMMER

SAMPLE = Path(__file__).parents[1] / "okrbot" / "sample"
NOW = dt.datetime(2026, 11, 16, 7, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return bundle(build())


def test_the_bundled_files_are_what_the_generator_writes(files: dict[str, str]) -> None:
    there = {path.name for path in SAMPLE.iterdir() if path.suffix in (".json", ".toml")}
    assert there == set(files), "run: python -m tests.organisation --write okrbot/sample"
    for name, text in files.items():
        assert (SAMPLE / name).read_text(encoding="utf-8") == text, (
            f"{name} is stale; run: python -m tests.organisation --write okrbot/sample"
        )


def test_the_sample_stays_small_enough_for_a_wheel(files: dict[str, str]) -> None:
    assert sum(len(text.encode()) for text in files.values()) < 1_500_000


def test_there_are_about_four_hundred_items_in_five_backlogs() -> None:
    company = build()
    assert 380 <= len(company.items) <= 460
    assert {item.backlog for item in company.items.values()} == set(BACKLOGS)
    assert all(len(company.of(key)) >= 30 for key in BACKLOGS)


def test_every_life_runs_forwards_and_ends_before_the_audit() -> None:
    for item in build().items.values():
        instants = [item.created, *(event.at for event in item.events)]
        assert instants == sorted(instants), item.ref
        assert item.updated < NOW, item.ref
        states = [event for event in item.events if event.field == "state"]
        for first, second in itertools.pairwise(states):
            assert first.after == second.before, item.ref
        if states:
            assert states[-1].after == item.state, item.ref
        else:
            assert item.state == "t", item.ref


def test_every_changelog_ends_at_what_the_issue_shows(files: dict[str, str]) -> None:
    for issue in json.loads(files["veldmand-jira.json"])["issues"]:
        newest: dict[str, str] = {}
        for history in reversed(issue["changelog"]["histories"]):
            for change in history["items"]:
                newest[change["fieldId"]] = change["toString"]
        if "status" in newest:
            assert newest["status"] == issue["fields"]["status"]["name"], issue["key"]
        if "Key" in newest:
            assert newest["Key"] == issue["key"]
        if "assignee" in newest:
            assert newest["assignee"] == issue["fields"]["assignee"]["displayName"], issue["key"]


def test_every_status_in_a_changelog_is_the_present_status_of_some_issue(files: dict[str, str]) -> None:
    issues = json.loads(files["veldmand-jira.json"])["issues"]
    shown = {issue["fields"]["status"]["id"] for issue in issues}
    told = {
        change[side]
        for issue in issues
        for history in issue["changelog"]["histories"]
        for change in history["items"]
        if change["fieldId"] == "status"
        for side in ("from", "to")
    }
    assert told <= shown


def test_keys_and_ids_are_unique_and_parents_exist(files: dict[str, str]) -> None:
    issues = json.loads(files["veldmand-jira.json"])["issues"]
    keys = [issue["key"] for issue in issues]
    assert len(set(keys)) == len(keys)
    assert len({issue["id"] for issue in issues}) == len(issues)
    assert all(issue["fields"]["parent"]["key"] in keys for issue in issues if "parent" in issue["fields"])
    nodes = json.loads(files["veldmand-linear.json"])["data"]["issues"]["nodes"]
    known = {node["id"] for node in nodes}
    assert len(known) == len(nodes)
    assert all(node["parent"]["id"] in known for node in nodes if node["parent"])


def test_every_key_result_that_work_names_exists() -> None:
    known = {result.id for aim in (*SUMMER, *AUTUMN) for result in aim.results}
    named = {name for item in build().items.values() for name in item.key_results}
    assert named <= known


def test_goals_form_a_tree_and_owners_work_here(files: dict[str, str]) -> None:
    goals = tomllib.loads(files["okrs.toml"])
    ids = [aim["id"] for aim in goals["objectives"]] + [
        result["id"] for aim in goals["objectives"] for result in aim.get("key_results", [])
    ]
    assert len(ids) == len(set(ids))
    assert all(aim.get("parent", ids[0]) in ids for aim in goals["objectives"])
    assert {aim["owner"] for aim in goals["objectives"]} <= {person.mail for person in PEOPLE.values()}


def test_earlier_goals_differ_where_goalposts_moved_or_a_goal_vanished(files: dict[str, str]) -> None:
    def results(name: str) -> dict[str, dict[str, object]]:
        return {result["id"]: result for aim in tomllib.loads(files[name])["objectives"] for result in aim.get("key_results", [])}

    now = results("okrs.toml")
    assert (results("okrs-2026-08-03.toml")["settled-q3"]["target"], now["settled-q3"]["target"]) == (95.0, 86.0)
    october = results("okrs-2026-10-05.toml")
    assert set(october) - set(now) == {"gift-boxes-q4"}
    assert (october["mobile-pay-q4"]["target"], now["mobile-pay-q4"]["target"]) == (60.0, 50.0)


def test_every_planted_and_clean_subject_exists() -> None:
    company = build()
    goals = {aim.id for aim in (*SUMMER, *AUTUMN)}
    known = {
        "item": {item.key for item in company.items.values()},
        "key_result": {result.id for aim in (*SUMMER, *AUTUMN) for result in aim.results},
        "objective": goals,
        "backlog": set(BACKLOGS),
        "team": {item.team for item in company.items.values()},
        "product": {backlog.product for backlog in BACKLOGS.values()},
    }
    for plant in resolved((*PLANTED, *CLEAN), company):
        assert set(plant.subjects) <= known[plant.kind], plant


def test_no_subject_is_planted_and_clean_for_one_rule() -> None:
    planted = {(plant.rule, subject) for plant in PLANTED for subject in plant.subjects}
    clean = {(plant.rule, subject) for plant in CLEAN for subject in plant.subjects}
    assert not planted & clean


def test_the_csv_forms_hold_every_item_once_and_no_row_is_wider_than_its_header() -> None:
    company = build()
    tables = {"jira": csv_tables.jira(company), "linear": csv_tables.linear(company)}
    keys: list[str] = []
    for tracker, text in tables.items():
        header, *rows = csv.reader(io.StringIO(text))
        assert {len(row) for row in rows} == {len(header)}
        keys += [row[header.index("Issue key" if tracker == "jira" else "ID")] for row in rows]
    assert sorted(keys) == sorted(item.key for item in company.items.values() if not is_project(item))


def test_the_sites_tell_the_same_story_in_each_trackers_words() -> None:
    company = build()
    cloud, center = sites.jira_cloud(company), sites.jira_data_center(company)
    assert [issue["key"] for issue in cloud["issues"]] == [issue["key"] for issue in center["issues"]]
    for ours, theirs in zip(cloud["issues"], center["issues"], strict=True):
        parent = ours["fields"].get("parent", {}).get("key")
        told = theirs["fields"].get(sites.EPIC_LINK) or theirs["fields"].get("parent", {}).get("key")
        assert told == parent
        assert len(ours["changelog"]["histories"]) == len(theirs["changelog"]["histories"])
        assert not any("accountId" in str(entry) for entry in theirs["changelog"]["histories"])


def test_nothing_that_is_not_ours_is_in_the_sample(files: dict[str, str]) -> None:
    mails = {word for text in files.values() for word in text.replace('"', " ").split() if "@" in word and "." in word and "[" not in word}
    assert all(mail.endswith("@veldmand.example") for mail in mails), mails
