"""A later pull of Linear reads what moved, by every clock; what vanished is marked once it is certain."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from fake_linear import Reply
from linear_desk import Desk, open_desk  # noqa: F401 - the fixture
from shelf import Shelf

from okrbot.model import PullRequest, SourceError


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
            desk.shelf.take(page)
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
