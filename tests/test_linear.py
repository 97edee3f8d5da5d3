"""A Linear workspace becomes items, changes, links, notes and objectives; what cannot be seen is said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_linear import FAULTS, FakeLinear, Reply
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_site import Row, Site
from shelf import Shelf

import connectors.files
from connectors.linear import Linear, Settings, connect
from connectors.linear.calendar import last_day, period
from connectors.linear.client import authorization
from connectors.linear.reading import Reader
from connectors.linear.rows import rank
from connectors.linear.workspace import Workspace
from okrbot.model import Item, Link, PullRequest, Secret, SourceError, Surroundings

SAMPLE = Path(__file__).parents[1] / "okrbot" / "sample" / "veldmand-linear.json"


@dataclasses.dataclass
class Desk:
    """A workspace, its endpoint, and a store that was pulled from it."""

    site: Site
    fake: FakeLinear
    url: str
    shelf: Shelf

    def linear(self, **more: Any) -> Linear:
        around = Surroundings(folder=Path(), clock=lambda: self.site.now, sleep=lambda seconds: self.site.tick(seconds=seconds))
        return connect(Settings(**{"name": "acme", "token": Secret("lin_api_good"), "url": self.url, **more}), around)

    def pull(self, *, full: bool = False, **more: Any) -> Shelf:
        self.site.tick(minutes=30)
        assert self.shelf.pull(self.linear(**more), self.site.now, full=full)
        return self.shelf

    def item(self, row: Row) -> Item:
        return self.shelf.items[row["id"]]

    def asked(self) -> list[str]:
        names = [name for name, _, _ in self.fake.asked]
        self.fake.asked.clear()
        return names


@pytest.fixture
def desk() -> Iterator[Desk]:
    site = Site()
    fake = FakeLinear(site)
    with fake.serving() as url:
        yield Desk(site, fake, url, Shelf())


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


# --- increments


def test_an_ordinary_pull_reads_what_moved_and_nothing_else(desk: Desk) -> None:
    site = desk.site
    issues = [
        site.issue(site.team("WEB"), "0"),
        *(site.issue(site.tables["teams"][next(iter(site.tables["teams"]))], str(n)) for n in range(1, 400)),
    ]
    desk.pull()
    everything = sum(cost for _, _, cost in desk.fake.asked)
    desk.asked()
    site.tick(hours=1)
    for issue in issues[:4]:
        site.edit(issue, title="Changed")
    desk.pull()
    spent = sum(cost for name, _, cost in desk.fake.asked if name in ("Issues", "Details", "History", "Comments"))
    names = desk.asked()
    assert names.count("Details") == 1
    assert "Issues" not in names
    assert spent < everything / 4
    assert desk.shelf.coverage
    assert desk.shelf.coverage.read == 4
    desk.pull()
    assert "Details" not in desk.asked()  # the overlap speaks of the four again; they are as they were


def test_a_comment_and_a_relation_move_their_own_clocks(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    one, other, third = (site.issue(team, word) for word in ("One", "Other", "Third"))
    relation = site.relate(one, third)
    desk.pull()
    site.tick(hours=2)
    site.comment(one, "Well")
    site.relate(one, other)
    del site.tables["relations"][relation["id"]]
    desk.pull()
    assert [note.body for note in desk.shelf.notes.values()] == ["Well"]
    assert {(link.kind, link.target) for link in desk.shelf.links[one["id"]]} == {("blocks", other["id"])}
    assert desk.shelf.links[third["id"]] == set()


def test_a_team_move_keeps_the_item_and_remembers_the_key(desk: Desk) -> None:
    site = desk.site
    issue = site.issue(site.team("WEB"), "x")
    pay = site.team("PAY")
    desk.pull()
    site.move_to_team(issue, pay)
    desk.pull()
    assert desk.item(issue).key == "PAY-1"
    assert desk.item(issue).backlog == pay["id"]
    assert desk.shelf.aliases == {"WEB-1": issue["id"]}
    assert len(desk.shelf.visible) == 1


def test_archived_trashed_restored_and_deleted(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    archived, trashed, deleted = (site.issue(team, word) for word in ("a", "t", "d"))
    desk.pull()
    site.archive(archived)
    site.archive(trashed, trashed=True)
    site.delete(deleted)
    desk.pull()
    assert desk.item(archived).archived
    assert desk.item(trashed).archived
    assert desk.shelf.hidden == {deleted["id"]}
    assert desk.item(deleted).title == "d"  # kept, only not visible
    site.restore(archived)
    site.restore(trashed)
    desk.pull()
    assert not desk.item(archived).archived
    assert not desk.item(trashed).archived


def test_a_census_of_a_large_workspace_is_taken_once_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.linear.pull.CHEAP_CENSUS", 0)
    site = desk.site
    team = site.team("WEB")
    issues = [site.issue(team, str(number)) for number in range(12)]
    desk.pull()
    site.delete(issues[0])
    desk.asked()
    site.tick(hours=1)
    desk.pull()
    assert desk.asked().count("Census") == 1  # the list of what moved
    assert not desk.shelf.hidden
    site.tick(hours=21)
    desk.pull()
    assert desk.shelf.hidden == {issues[0]["id"]}


def test_a_limit_of_one_kind_of_query_holds_up_that_kind_only(desk: Desk) -> None:
    site = desk.site
    site.issue(site.team("WEB"), "x")
    used_up = {
        "X-RateLimit-Endpoint-Requests-Limit": "60",
        "X-RateLimit-Endpoint-Requests-Remaining": "0",
        "X-RateLimit-Endpoint-Name": "users",
    }
    desk.fake.always = lambda operation, true: Reply(true.status, true.body, {**true.headers, **(used_up if operation == "Users" else {})})
    linear = desk.linear()
    before = site.now
    assert desk.shelf.pull(linear, site.now)
    assert site.now - before < dt.timedelta(seconds=30)
    with pytest.raises(SourceError, match="requests of users") as caught:
        desk.shelf.pull(linear, site.now)
    assert caught.value.code == "quota"


def test_the_progress_bar_reaches_its_end_and_not_more(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    site.project("P", team)
    issues = [site.issue(team, str(number)) for number in range(9)]
    site.tick(minutes=1)
    for change in (0, 3):
        for issue in issues[:change]:
            site.edit(issue, title="Changed")
        site.tick(hours=1)
        request = PullRequest(now=site.now, checkpoint=desk.shelf.checkpoint, known=len(desk.shelf.visible))
        pages = list(desk.linear(page_size=4).pull(request))
        for page in pages:
            desk.shelf.take(page, site.now)
        expected = [page.expected for page in pages if page.expected is not None]
        assert expected[-1] == sum(len(page.items) for page in pages)


def test_a_first_pull_of_archived_items_sees_them(desk: Desk) -> None:
    issue = desk.site.issue(desk.site.team("WEB"), "x")
    desk.site.archive(issue)
    desk.pull()
    assert desk.item(issue).archived


def test_a_changed_filter_reads_everything_again_and_says_so(desk: Desk) -> None:
    site = desk.site
    for key in ("WEB", "PAY"):
        site.issue(site.team(key), key)
    desk.pull(teams=("WEB",))
    assert {item.key for item in desk.shelf.visible.values()} == {"WEB-1"}
    desk.pull(teams=("web", "PAY"))
    assert {item.key for item in desk.shelf.visible.values()} == {"WEB-1", "PAY-1"}
    assert desk.shelf.coverage
    assert [problem.code for problem in desk.shelf.coverage.problems] == ["filter_changed"]
    assert desk.shelf.coverage.complete


def test_a_killed_pull_goes_on_where_it_stopped(desk: Desk) -> None:
    team = desk.site.team("WEB")
    for number in range(30):
        desk.site.issue(team, str(number))
    whole = Shelf()
    assert whole.pull(desk.linear(page_size=5), desk.site.now)
    desk.asked()
    for stop in itertools.count(1):
        desk.shelf = Shelf()
        if desk.shelf.pull(desk.linear(page_size=5), desk.site.now, stop_after=stop):
            break
        at = desk.asked()
        assert desk.shelf.pull(desk.linear(page_size=5), desk.site.now)
        again = desk.asked()
        assert at.count("Issues") + again.count("Issues") <= 7
        assert at.count("Details") + again.count("Details") <= 8  # with those changed in the very second it began
        assert desk.shelf.items == whole.items
        assert desk.shelf.coverage
        assert desk.shelf.coverage.read == 30
    assert stop > 10


def test_a_resume_text_of_nonsense_or_of_another_filter_is_not_followed(desk: Desk) -> None:
    site = desk.site
    for key in ("WEB", "PAY"):
        for number in range(4):
            site.issue(site.team(key) if number == 0 else next(row for row in site.tables["teams"].values() if row["key"] == key), key)
    assert not desk.shelf.pull(desk.linear(page_size=2), site.now, stop_after=3)
    other = Shelf(resume=desk.shelf.resume)
    assert other.pull(desk.linear(teams=("PAY",)), site.now)
    assert len(other.visible) == 4
    for nonsense in ("", "{}", "no such thing", "é"):
        shelf = Shelf(resume=nonsense, checkpoint=nonsense)
        assert shelf.pull(desk.linear(), site.now)
        assert len(shelf.visible) == 8


def test_a_checkpoint_from_the_far_future_finds_nothing_new_and_loses_nothing(desk: Desk) -> None:
    site = desk.site
    issue = site.issue(site.team("WEB"), "x")
    desk.fake.skew = dt.timedelta(days=300)
    desk.pull()
    desk.fake.skew = dt.timedelta()
    site.edit(issue, title="y")
    desk.pull()
    assert desk.item(issue).title == "y"


def test_a_label_made_while_we_read_is_known_by_its_name(desk: Desk) -> None:
    site = desk.site
    issue = site.issue(site.team("WEB"), "x")
    done = []

    def meanwhile() -> None:
        if not done and any(name == "Relations" for name, _, _ in desk.fake.asked):
            done.append(site.edit(issue, labelIds=[site.label("fresh")["id"]]))

    desk.fake.between = meanwhile
    desk.pull()
    assert desk.item(issue).labels == ("fresh",)


# --- what is not seen


def test_a_private_teams_work_is_marked_and_an_outsider_does_not_see_it(desk: Desk) -> None:
    site = desk.site
    public, private = site.team("WEB"), site.team("SEC", private=True)
    open_issue, closed_issue = site.issue(public, "Open"), site.issue(private, "Closed")
    site.relate(open_issue, closed_issue)
    desk.pull()
    assert set(desk.shelf.items) == {open_issue["id"]}
    assert desk.shelf.links[open_issue["id"]] == set()
    private["members"].add(site.bot["id"])
    desk.pull(full=True)
    assert desk.item(closed_issue).restricted
    assert not desk.item(open_issue).restricted
    assert desk.shelf.backlogs[private["id"]].private


def test_an_app_that_sees_granted_teams_only_says_so_in_every_pull(desk: Desk) -> None:
    site = desk.site
    app = site.add("users", name="okrbot app", app=True, guest=False, admin=False, canAccessAnyPublicTeam=False)
    web, pay = site.team("WEB"), site.team("PAY")
    seen, unseen = site.issue(web, "Seen"), site.issue(pay, "Unseen")
    desk.fake.tokens["lin_oauth_app"] = app["id"]
    desk.fake.granted[app["id"]] = {web["id"]}
    desk.pull(token=Secret("lin_oauth_app"))
    assert set(desk.shelf.items) == {seen["id"]}
    assert unseen["id"] not in desk.shelf.items
    assert desk.shelf.coverage
    assert desk.shelf.coverage.complete
    [problem] = desk.shelf.coverage.problems
    assert problem.code == "hidden"
    assert "WEB" in problem.message
    assert desk.linear(token=Secret("lin_oauth_app")).probe().problems[0].code == "hidden"


def test_a_team_asked_for_but_not_seen_makes_the_pull_partial(desk: Desk) -> None:
    desk.site.issue(desk.site.team("WEB"), "x")
    desk.pull(teams=("WEB", "GONE"))
    assert desk.shelf.coverage
    assert not desk.shelf.coverage.complete
    assert desk.shelf.checkpoint is None
    assert desk.shelf.resume == ""
    assert "GONE" in desk.shelf.coverage.problems[0].message
    assert len(desk.shelf.items) == 1


def test_no_team_at_all_stops_the_pull(desk: Desk) -> None:
    desk.site.issue(desk.site.team("WEB"), "x")
    with pytest.raises(SourceError, match="sees no team of GONE") as caught:
        desk.pull(teams=("GONE",))
    assert caught.value.code == "filter"


def test_items_that_all_vanish_are_doubted_and_not_marked_as_gone(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    issues = [site.issue(team, str(number)) for number in range(40)]
    desk.pull()
    for issue in issues[:38]:
        del site.tables["issues"][issue["id"]]
    desk.pull()
    assert desk.shelf.hidden == set()
    assert desk.shelf.coverage
    assert [problem.code for problem in desk.shelf.coverage.problems] == ["shrunk"]
    assert not desk.shelf.coverage.complete
    desk.pull(full=True)
    assert len(desk.shelf.hidden) == 38


def test_a_wrong_key_is_said_in_a_sentence_without_the_key(desk: Desk) -> None:
    desk.site.team("WEB")
    with pytest.raises(SourceError, match="wrong, expired or revoked") as caught:
        desk.pull(token=Secret("lin_api_wrong_and_secret"))
    assert caught.value.code == "token"
    assert "wrong_and_secret" not in str(caught.value)


def test_an_issue_of_another_shape_is_left_out_by_name_and_the_pull_is_partial(desk: Desk) -> None:
    site = desk.site
    team = site.team("WEB")
    good, bad = site.issue(team, "Good"), site.issue(team, "Bad")

    def twist(_: str, true: Reply) -> Reply:
        body = json.loads(true.body)
        for row in body["data"].get("rows", {}).get("nodes", []):
            if row.get("id") == bad["id"] and "title" in row:
                row["estimate"] = {"points": "many"}
        return Reply(true.status, json.dumps(body).encode(), true.headers)

    desk.fake.always = twist
    desk.pull()
    assert set(desk.shelf.items) == {good["id"]}
    assert desk.shelf.coverage
    [problem] = desk.shelf.coverage.problems
    assert (problem.code, problem.where, problem.partial) == ("bad_row", "WEB-2", True)
    desk.fake.always = None
    desk.pull()
    assert set(desk.shelf.visible) == {good["id"], bad["id"]}
    assert desk.shelf.coverage.complete


def test_every_field_may_be_absent_or_null(desk: Desk) -> None:
    """The service may leave out or null what the schema lets it; an item is still an item."""
    site = desk.site
    issue = site.issue(site.team("WEB"), "x")
    site.project("P", next(iter(site.tables["teams"].values())))
    site.initiative("I")
    kept = {"id", "identifier", "key", "type", "nodes", "pageInfo", "hasNextPage", "endCursor", "history", "createdAt", "issueId"}

    def strip(value: Any) -> Any:
        if isinstance(value, list):
            return [strip(one) for one in value]
        if isinstance(value, dict):
            return {name: strip(one) if name in kept else None for name, one in value.items()}
        return value

    def bare(_: str, true: Reply) -> Reply:
        body = json.loads(true.body)
        if "rows" in body["data"]:
            body["data"]["rows"]["nodes"] = strip(body["data"]["rows"]["nodes"])
        return Reply(true.status, json.dumps(body).encode(), true.headers)

    desk.fake.always = bare
    desk.pull()
    item = desk.item(issue)
    assert (item.key, item.title, item.state) == ("WEB-1", "", "todo")


WRONG = [None, 5, -1.5, "soon", "", True, [], [None], {}, {"id": 7}, {"id": "x", "name": None}, "9999-99-99T00:00:00Z", "x" * 5000]


def test_any_field_of_any_shape_gives_an_item_or_a_named_problem_never_a_crash(desk: Desk) -> None:
    """One field of one issue is spoiled in each of many ways, wherever it stands in the answer."""
    site = desk.site
    team, project = site.team("WEB"), site.project("P", next(iter(site.tables["teams"].values())))
    spoiled = site.issue(team, "Spoiled", projectId=project["id"], labelIds=[site.label("Bug")["id"]])
    good = site.issue(team, "Good", parentId=spoiled["id"])
    site.move_to_state(spoiled, "Done")
    space = Workspace(desk.linear().client)
    space.sign_in()
    space.read_tables(0)
    answer = space._client.ask("details", lambda data: json.loads(bytes(data)), first=5, after=None, filter={}, entries=16)
    [node] = [row for row in answer["rows"]["nodes"] if row["id"] == spoiled["id"]]
    [other] = [row for row in answer["rows"]["nodes"] if row["id"] == good["id"]]
    places = list(_places(node))
    assert len(places) > 70
    left_out = 0
    for place, wrong in itertools.product(places, WRONG):
        reader = Reader(desk.linear().client, space, history=True)
        reader._comments = lambda ids: []  # type: ignore[method-assign]
        reader._parent_keys = lambda issues, histories: {}  # type: ignore[method-assign]
        reader._entries = lambda issue: issue.history.nodes if issue.history else []  # type: ignore[method-assign]
        page = reader.whole([msgspec.Raw(json.dumps(row).encode()) for row in (_spoil(node, place, wrong), other)])
        assert "Good" in {item.title for item in page.items}
        assert len(page.items) + len(reader.problems) == 2, (place, wrong)
        assert all(problem.partial and problem.code == "bad_row" for problem in reader.problems)
        left_out += len(reader.problems)
    assert left_out > 300


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _places(below, (*path, key))


def _spoil(row: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    copy = json.loads(json.dumps(row))
    spot = copy
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = wrong
    return copy


def test_half_an_emoji_is_replaced_and_a_whole_one_kept(desk: Desk) -> None:
    site = desk.site
    issue = site.issue(site.team("WEB"), "cut \ud83d, whole \U0001f680, tail \udc00")
    desk.pull()
    assert desk.item(issue).title == "cut \ufffd, whole \U0001f680, tail \ufffd"


def test_an_epic_by_label_stands_above_its_sub_issues(desk: Desk) -> None:
    site = desk.site
    team, kinds = site.team("WEB"), site.label("Type", group=True)
    epic = site.issue(team, "Big", labelIds=[site.label("Epic", parent=kinds)["id"]])
    story = site.issue(team, "Middle", parentId=epic["id"], labelIds=[site.label("feature")["id"]])
    step = site.issue(team, "Small", parentId=story["id"])
    bug = site.issue(team, "Wrong", parentId=story["id"], labelIds=[site.label("Bug")["id"]])
    desk.pull()
    assert [(desk.item(row).kind, desk.item(row).level) for row in (epic, story, step, bug)] == [
        ("epic", 1),
        ("story", 0),
        ("subtask", -1),
        ("bug", -1),
    ]


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
    with caplog.at_level(logging.DEBUG):
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
