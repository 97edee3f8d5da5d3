"""What Linear does not show, or shows in a shape nobody can read, is said and never taken for nothing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from fake_linear import Reply
from linear_desk import Desk, open_desk  # noqa: F401 - the fixture

from connectors.linear.reading import Reader
from connectors.linear.workspace import Workspace
from okrbot.model import Secret, SourceError


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
    assert not desk.shelf.resume
    assert "GONE" in desk.shelf.coverage.problems[0].message
    assert len(desk.shelf.items) == 1


def test_no_team_at_all_stops_the_pull(desk: Desk) -> None:
    desk.site.issue(desk.site.team("WEB"), "x")
    with pytest.raises(SourceError, match="sees no team of GONE") as caught:
        desk.pull(teams=("GONE",))
    assert caught.value.code == "filter"


@pytest.mark.parametrize(("known", "lost"), [(40, 38), (24, 18)])
def test_items_that_all_vanish_are_doubted_and_not_marked_as_gone(desk: Desk, known: int, lost: int) -> None:
    site = desk.site
    team = site.team("WEB")
    issues = [site.issue(team, str(number)) for number in range(known)]
    desk.pull()
    for issue in issues[:lost]:
        del site.tables["issues"][issue["id"]]
    desk.pull()
    assert desk.shelf.hidden == set()
    assert desk.shelf.coverage
    assert [problem.code for problem in desk.shelf.coverage.problems] == ["shrunk"]
    assert not desk.shelf.coverage.complete
    desk.pull(full=True)
    assert len(desk.shelf.hidden) == lost


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


@pytest.mark.parametrize("closed", ["milestones", "project_updates", "relations", "comments", "cycles", "project_relations"])
def test_a_table_the_plan_does_not_show_is_named_and_the_rest_is_read(desk: Desk, closed: str) -> None:
    issue = desk.site.issue(desk.site.team("WEB"), "Here")
    desk.site.project("Shop", desk.site.team("APP"))
    said = json.dumps({"errors": [{"message": "No", "extensions": {"code": "FEATURE_NOT_ACCESSIBLE", "type": "feature not accessible"}}]})
    names = {closed.title().replace("_", "")}
    desk.fake.always = lambda name, true: Reply(400, said.encode(), dict(true.headers)) if name in names else true
    desk.pull()
    assert issue["id"] in desk.shelf.items
    assert desk.shelf.coverage
    assert closed in [problem.where for problem in desk.shelf.coverage.problems]
    assert desk.shelf.coverage.complete == (closed != "comments")


def test_teams_without_a_single_issue_are_no_clean_backlog(desk: Desk) -> None:
    desk.site.team("WEB")
    desk.pull()
    assert desk.shelf.coverage
    assert not desk.shelf.coverage.complete
    assert "1 team and no issue" in desk.shelf.coverage.problems[0].message
    assert any("1 team and no issue" in problem.message for problem in desk.linear().probe().problems)


def test_a_team_that_is_no_longer_granted_is_named_and_nothing_of_it_goes(desk: Desk) -> None:
    site = desk.site
    web, app = site.team("WEB"), site.team("APP")
    for number in range(9):
        site.issue(web, str(number))
    lost = site.issue(app, "x")
    desk.pull()
    del site.tables["issues"][lost["id"]], site.tables["teams"][app["id"]]
    desk.pull()
    assert desk.shelf.coverage
    assert [(problem.where, problem.partial) for problem in desk.shelf.coverage.problems] == [("APP", True)]
    assert desk.shelf.hidden == set()
    desk.pull(full=True)
    assert desk.shelf.hidden == {lost["id"]}
    assert desk.shelf.coverage.complete
