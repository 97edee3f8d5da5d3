"""A Linear workspace becomes items, changes, links, notes and objectives; the connector says who it is and refuses what cannot be."""

from __future__ import annotations

import datetime as dt
import json
import logging
import pickle
from pathlib import Path

import pytest
from fake_linear import FakeLinear
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_desk import Desk, open_desk  # noqa: F401 - the fixture
from linear_faults import FAULTS
from linear_site import Site
from shelf import Shelf

import connectors.files
from connectors.linear.calendar import last_day, period
from connectors.linear.client import authorization
from connectors.linear.rows import rank
from okrbot.model import Link, Secret, SourceError, Surroundings

SAMPLE = Path(__file__).parents[1] / "okrbot" / "sample" / "veldmand-linear.json"


# --- items


def test_an_issue_is_an_item_with_trackers_words_beside_ours(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    person, bug = site.add("users", name="Ann", app=False), site.label("Bug")
    cycle = site.add(
        "cycles", number=4, name=None, startsAt="2026-03-02T00:00:00Z", endsAt="2026-03-16T00:00:00Z", completedAt=None, teamId=team["id"]
    )
    issue = site.issue(
        team, "Cart is empty", description="It **must** not be.", priorityLabel="Urgent", estimate=3.0, dueDate="2026-04-01",
        labelIds=[bug["id"]], assigneeId=person["id"], cycleId=cycle["id"], sortOrder=-12.5,
    )  # fmt: skip
    site.move_to_state(issue, "In Progress")
    desk.pull()
    item = desk.item(issue)
    assert (item.key, item.kind, item.their_kind, item.level) == ("WEB-1", "bug", "Issue", 0)
    assert (item.state, item.their_state) == ("doing", "In Progress")
    assert item.body == "It must not be."
    assert (item.priority, item.estimate, item.due, item.labels) == ("Urgent", 3.0, "2026-04-01", ("Bug",))
    assert (item.backlog, item.team, item.sprints) == (team["id"], "Team WEB", (cycle["id"],))
    assert (item.assignee, item.reporter) == (person["id"], site.bot["id"])
    assert item.started > item.created > 0
    assert item.finished == 0
    assert item.history
    assert desk.shelf.sprints[cycle["id"]].name == "Cycle 4"
    assert desk.shelf.sprints[cycle["id"]].state == "active"


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Triage", "todo"),
        ("Backlog", "todo"),
        ("Todo", "todo"),
        ("In Progress", "doing"),
        ("Done", "done"),
        ("Canceled", "cancelled"),
        ("Duplicate", "cancelled"),
    ],
)
def test_states_go_by_their_type(name: str, ours: str, desk: Desk) -> None:
    issue = desk.site.issue(desk.site.team("WEB"), "x")
    desk.site.move_to_state(issue, name)
    desk.pull()
    item = desk.item(issue)
    assert item.state == ours
    assert bool(item.finished) == (ours in ("done", "cancelled"))


def test_projects_stand_above_issues_and_sub_issues_below(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    project = site.project("Checkout", team, targetDate="2026-05-10", targetDateResolution="quarter")
    issue = site.issue(team, "Pay", projectId=project["id"])
    below = site.issue(team, "Button", parentId=issue["id"], projectId=project["id"])
    site.initiative("Trust", project)
    desk.pull()
    epic = desk.item(project)
    assert (epic.kind, epic.their_kind, epic.level, epic.key, epic.title) == ("epic", "Project", 1, project["slugId"], "Checkout")
    assert (epic.backlog, epic.due, epic.state) == (team["id"], "2026-06-30", "doing")
    assert (desk.item(issue).parent, desk.item(issue).level, desk.item(issue).project) == (project["id"], 0, "Checkout")
    assert (desk.item(below).parent, desk.item(below).level, desk.item(below).kind) == (issue["id"], -1, "subtask")
    goals = desk.shelf.goals
    assert goals
    assert epic.goals == (goals.objectives[0].id,)


def test_a_label_group_reads_like_a_field(desk: Desk) -> None:
    site = desk.site
    group = site.label("Key Result", group=True)
    child = site.label("kr-conversion", parent=group)
    issue = site.issue(site.team("WEB"), "x", labelIds=[child["id"]])
    desk.pull()
    assert ("Key Result", "kr-conversion") in desk.item(issue).fields


def test_an_agent_is_named_as_delegate_and_its_acts_are_a_bots(desk: Desk) -> None:
    site = desk.site
    agent = site.add("users", name="Coder", app=True)
    issue = site.issue(site.team("WEB"), "x", delegateId=agent["id"])
    site.move_to_state(issue, "In Progress", by=agent["id"])
    entry = site.edit(issue, title="y")
    assert entry is not None
    entry["actorId"], entry["botActor"] = None, {"id": "gh", "type": "github"}
    robot = site.add("users", name="Renovate Bot", app=False)
    site.edit(issue, estimate=2.0, by=robot["id"])
    site.comment(issue, "I did", userId=agent["id"])
    site.comment(issue, "Thanks", userId=site.add("users", name="Ann", app=False)["id"])
    desk.pull()
    assert ("Delegate", agent["id"]) in desk.item(issue).fields
    assert {change.author_kind for change in desk.shelf.changes.values()} == {"bot"}
    assert {note.body: note.author_kind for note in desk.shelf.notes.values()} == {"I did": "bot", "Thanks": "human"}


def test_relations_are_seen_from_both_ends_and_a_jira_twin_is_a_mirror(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    one, other = site.issue(team, "One"), site.issue(team, "Other")
    one["syncedWith"] = [
        {"id": "10023", "service": "jira", "metadata": {"__typename": "ExternalEntityInfoJiraMetadata", "issueKey": "SHOP-7"}}
    ]
    site.relate(one, other, "blocks")
    site.relate(other, one, "duplicate")
    desk.pull()
    seen = {(link.kind, link.target_key) for link in desk.shelf.links[one["id"]]}
    assert seen == {("blocks", "WEB-2"), ("duplicated_by", "WEB-2"), ("mirrors", "SHOP-7")}
    assert {(link.kind, link.target) for link in desk.shelf.links[other["id"]]} == {("blocked_by", one["id"]), ("duplicates", one["id"])}
    assert Link(item=one["id"], kind="mirrors", target="SHOP-7", their_kind="jira", target_key="SHOP-7") in desk.shelf.links[one["id"]]


def test_initiatives_are_objectives_under_each_other_with_the_health_people_said(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    top = site.initiative(
        "Trust", targetDate="2026-12-31", targetDateResolution="year", status="Active", health="atRisk", leadTeamId=team["id"]
    )
    middle = site.initiative("Checkout", parent=top, targetDate="2026-12-31", targetDateResolution="quarter", status="Completed")
    low = site.initiative("Button", parent=middle)
    for health in ("onTrack", "onTrack", "atRisk"):
        site.add("initiative_updates", initiativeId=top["id"], body=f"It is {health}", health=health, userId=site.bot["id"])
    goals = desk.pull().goals
    assert goals
    by_id = {one.id: one for one in goals.objectives}
    assert [by_id[row["id"]].level for row in (top, middle, low)] == ["company", "product", "team"]
    assert [by_id[row["id"]].parent for row in (top, middle, low)] == ["", top["id"], middle["id"]]
    assert [by_id[row["id"]].status for row in (top, middle, low)] == ["at_risk", "done", ""]
    assert [by_id[row["id"]].cycle for row in (top, middle, low)] == ["2026", "2026-Q4", ""]
    assert by_id[top["id"]].team == "Team WEB"
    assert [(change.before, change.after) for change in goals.changes] == [("", "on_track"), ("on_track", "at_risk")]
    assert {note.health for note in desk.shelf.notes.values() if note.subject == top["id"]} == {"on_track", "at_risk"}


def test_project_updates_are_notes_with_health_and_new_ones_come_with_an_increment(desk: Desk) -> None:
    site = desk.site
    project = site.project("Checkout", site.team("WEB"), health="offTrack")
    site.add("project_updates", projectId=project["id"], body="Fine", health="onTrack", userId=site.bot["id"])
    desk.pull()
    site.add("project_updates", projectId=project["id"], body="Not fine", health="offTrack", userId=site.bot["id"])
    desk.pull()
    notes = [note for note in desk.shelf.notes.values() if note.subject == project["id"]]
    assert {(note.kind, note.health, note.body) for note in notes} == {("update", "on_track", "Fine"), ("update", "off_track", "Not fine")}


def test_a_plan_without_initiatives_is_named_and_the_rest_is_read(desk: Desk) -> None:
    desk.site.issue(desk.site.team("WEB"), "x")
    spoil = FAULTS["403"]
    desk.fake.always = lambda operation, true: spoil(operation, true) if operation == "Initiatives" else true
    shelf = desk.pull()
    assert shelf.goals is None
    assert shelf.coverage
    assert shelf.coverage.complete
    assert [problem.where for problem in shelf.coverage.problems] == ["initiatives"]
    assert len(shelf.items) == 1


# --- history


def test_history_is_told_in_our_words(desk: Desk) -> None:
    site = desk.site
    team, other = site.team("WEB"), site.team("PAY")
    project, labels = site.project("Checkout", team), [site.label(name) for name in ("alpha", "beta")]
    issue, parent = site.issue(team, "Pay"), site.issue(team, "Above")
    site.edit(issue, projectId=project["id"])
    site.edit(issue, labelIds=[labels[1]["id"]])
    site.edit(issue, labelIds=[labels[0]["id"], labels[1]["id"]])
    site.edit(issue, labelIds=[labels[0]["id"]])
    site.edit(issue, parentId=parent["id"])
    site.edit(issue, priority=1.0)
    site.edit(issue, dueDate="2026-04-01")
    site.edit(issue, estimate=5.0)
    site.edit(issue, description="New")
    site.move_to_state(issue, "In Progress")
    site.move_to_team(issue, other)
    site.archive(issue)
    entry = site.edit(issue, title="Paid")
    assert entry is not None
    entry["relationChanges"] = [
        {"identifier": "WEB-2", "type": "ax"},
        {"identifier": "WEB-2", "type": "rb"},
        {"identifier": "WEB-9", "type": "zz"},
    ]
    desk.pull()
    rows = sorted((change for change in desk.shelf.changes.values() if change.item == issue["id"]), key=lambda row: (row.at, row.id))
    told = [(row.field, row.before, row.after) for row in rows]
    assert ("parent", "", project["id"]) in told
    assert ("parent", project["id"], parent["id"]) in told
    assert [one for one in told if one[0] == "labels"] == [
        ("labels", "", "beta"),
        ("labels", "beta", "alpha,beta"),
        ("labels", "alpha,beta", "alpha"),
    ]
    assert ("priority", "", "Urgent") in told
    assert ("due", "", "2026-04-01") in told
    assert ("estimate", "", "5") in told
    assert ("body", "", "changed") in told
    assert ("state", "todo", "doing") in told
    assert ("backlog", team["id"], other["id"]) in told
    assert ("team", "Team WEB", "Team PAY") in told
    assert ("key", "WEB-1", "PAY-1") in told
    assert ("archived", "false", "true") in told
    assert ("title", "Pay", "Paid") in told
    assert {one[1:] for one in told if one[0] == "link"} == {("", "blocks WEB-2"), ("blocked_by WEB-2", ""), ("", "zz WEB-9")}
    parents = [(row.before_text, row.after_text) for row in rows if row.field == "parent"]
    assert parents == [("", project["slugId"]), (project["slugId"], "WEB-2")]
    assert len({row.id for row in rows}) == len(rows)


def test_a_long_history_is_read_to_its_end(desk: Desk) -> None:
    issue = desk.site.issue(desk.site.team("WEB"), "x")
    for number in range(300):
        desk.site.edit(issue, title=f"x {number}")
    desk.pull()
    assert len(desk.shelf.changes) == 300
    assert desk.asked().count("History") == 3


def test_reading_twice_stores_once(desk: Desk) -> None:
    issue = desk.site.issue(desk.site.team("WEB"), "x")
    desk.site.move_to_state(issue, "Done")
    before = dict(desk.pull().changes)
    assert before == desk.pull(full=True).changes


# --- probing and settings


def test_probe_says_who_what_and_how_much_and_changes_nothing(desk: Desk) -> None:
    team = desk.site.team("WEB")
    for number in range(5):
        desk.site.issue(team, str(number))
    found = desk.linear().probe()
    assert found.account == "okrbot in Acme"
    assert found.timezone == "Europe/Paris"
    assert [backlog.key for backlog in found.backlogs] == ["WEB"]
    assert len(found.samples) == 3
    assert "requests an hour" in found.limits
    assert desk.asked() == ["Who", "Teams", "Identifiers"]


def test_connecting_sends_nothing_and_refuses_what_cannot_be(desk: Desk) -> None:
    desk.linear()
    assert desk.fake.asked == []
    for more, text in (
        ({"url": "http://linear.example/graphql"}, "url: .*https"),
        ({"token": None}, "token: is empty"),
        ({"token": Secret("lin api")}, "token: holds a blank"),
        ({"teams": ("W-1",)}, "teams: 'W-1' is no team key"),
        ({"page_size": 251}, "page_size: 251 is out of range"),
    ):
        with pytest.raises(ValueError, match=text):
            desk.linear(**more)


def test_the_address_may_be_a_bare_host(desk: Desk) -> None:
    desk.site.team("WEB")
    assert desk.linear(url=desk.url.removesuffix("/graphql")).probe().account == "okrbot in Acme"


def test_keys_are_sent_as_they_are_and_oauth_tokens_as_bearer() -> None:
    assert authorization("lin_api_x") == "lin_api_x"
    assert authorization("lin_oauth_x") == "Bearer lin_oauth_x"


def test_no_secret_is_in_what_the_connector_shows_of_itself(desk: Desk) -> None:
    connector = desk.linear()
    shown = f"{connector!r} {connector.client!r} {vars(connector)} {desk.linear()._settings!r}"
    assert "lin_api_good" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(connector._settings)


def test_no_secret_is_in_the_log_however_loud_it_is(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.site.issue(desk.site.team("WEB"), "x")
    # the line's own loggers by name: some other test of this process may have made them quiet
    with (
        caplog.at_level(logging.DEBUG),
        caplog.at_level(logging.DEBUG, "urllib3"),
        caplog.at_level(logging.DEBUG, "urllib3.connectionpool"),
    ):
        desk.pull()
        with pytest.raises(SourceError):
            desk.pull(token=Secret("lin_api_wrong_and_secret"))
    assert caplog.text
    assert "lin_api_" not in caplog.text


def test_the_sample_organisation_is_pulled_whole() -> None:
    answer = json.loads(SAMPLE.read_text(encoding="utf-8"))
    site = Site.from_answer(answer, now=dt.datetime(2026, 11, 16, 7, tzinfo=dt.UTC))
    fake, shelf = FakeLinear(site), Shelf()
    with fake.serving() as url:
        assert Desk(site, fake, url, shelf).pull().coverage
    nodes = answer["data"]["issues"]["nodes"]
    assert {item.key for item in shelf.items.values() if item.level < 1} == {node["identifier"] for node in nodes}
    entries = {entry["id"] for node in nodes for entry in node["history"]["nodes"]}
    assert {change.id.split(":")[0] for change in shelf.changes.values()} == entries
    assert shelf.goals
    assert len(shelf.goals.objectives) == len(answer["data"]["initiatives"]["nodes"])
    assert not fake.refused
    saved = Shelf()
    around = Surroundings(folder=SAMPLE.parent, clock=lambda: site.now, sleep=site.tick)
    assert saved.pull(connectors.files.connect(connectors.files.Settings(name="saved", paths=(SAMPLE.name,)), around), site.now)
    same = [
        "key",
        "title",
        "state",
        "their_state",
        "parent",
        "created",
        "updated",
        "started",
        "finished",
        "due",
        "start",
        "labels",
        "versions",
        "sprints",
        "goals",
        "estimate",
        "priority",
        "assignee",
    ]
    for id_, item in shelf.items.items():
        assert {name: getattr(item, name) for name in same} == {name: getattr(saved.items[id_], name) for name in same}
    facts = [
        {(row.item, row.at, row.field, row.before, row.after) for row in one.changes.values() if row.field != "link"}
        for one in (shelf, saved)
    ]
    assert facts[0] == facts[1], "the same history, read from a server or from a file"


# --- small parts


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_ranks_sort_as_their_numbers_do(numbers: list[float]) -> None:
    assert [rank(number) for number in sorted(numbers)] == sorted(rank(number) for number in numbers)


@pytest.mark.parametrize(
    ("day", "resolution", "start", "end", "name"),
    [
        ("2026-05-10", None, 0, "2026-05-10", None),
        ("2026-02-10", "month", 0, "2026-02-28", None),
        ("2026-05-10", "quarter", 0, "2026-06-30", "2026-Q2"),
        ("2026-12-31", "halfYear", 0, "2026-12-31", "2026-H2"),
        ("2026-01-01", "year", 0, "2026-12-31", "2026"),
        ("2026-05-10", "quarter", 3, "2026-06-30", "2027-Q1"),  # a fiscal year from April to March ends in 2027
        ("2026-02-10", "quarter", 3, "2026-03-31", "2026-Q4"),
        ("2026-02-10", "year", 3, "2026-03-31", "2026"),
        (None, "quarter", 0, "", None),
        ("soon", "quarter", 0, "", None),
    ],
)
def test_a_target_of_a_period_is_over_on_its_last_day(
    day: str | None, resolution: str | None, start: int, end: str, name: str | None
) -> None:
    assert last_day(day, resolution, start) == end
    found = period(day, resolution, start)
    assert (found.name if found else None) == name
    assert not found or found.start <= (day or "") <= found.end == end
