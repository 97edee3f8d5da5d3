"""Jira: what its answers say in our words: fields by type, parents, links, sprints, history, comments, goals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_jira import Clock, FakeJira, Site, adf, jira_time, ms
from shelf import Shelf
from spec_check import every_request_is_described  # noqa: F401 - autouse
from test_jira import FIELDS, KINDS, connector

from connectors.jira.atlassian_goals import last_day
from connectors.jira.jql import both, bracketed, is_closed, quote, without_order
from connectors.jira.links import kind_in_sentence, kind_of_phrase
from connectors.jira.values import as_number, as_text
from okrbot.model import Item, PullRequest

MORE_FIELDS = [
    *FIELDS,
    {"id": "customfield_10001", "name": "Équipe", "custom": True, "schema": {"custom": "com.atlassian.teams:rm-teams-custom-field-team"}},
    {
        "id": "customfield_10002",
        "name": "Goals",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:goals"},
    },
    {
        "id": "customfield_10003",
        "name": "Start date",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"},
    },
    {
        "id": "customfield_10051",
        "name": "key result",
        "custom": True,
        "schema": {"custom": "com.atlassian.jira.plugin.system.customfieldtypes:select"},
    },
]
SPRINT = {
    "id": 7,
    "name": "Sprint, one [draft]=x",
    "state": "active",
    "boardId": 500,
    "startDate": "2026-10-26T08:00:00.000Z",
    "endDate": "2026-11-09T08:00:00.000Z",
    "goal": "Fewer drops",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Site:
    site = Site({"fields": MORE_FIELDS}, clock)
    site.sprints["7"] = {key: value for key, value in SPRINT.items() if key != "boardId"} | {"originBoardId": 500}
    return site


@pytest.fixture
def read(site: Site, clock: Clock) -> Iterator[Callable[..., Shelf]]:
    """Pull a site once and return what was stored."""
    opened: list[FakeJira] = []

    def make(*, cloud: bool = True, prepare: Callable[[FakeJira], None] | None = None, **settings: Any) -> Shelf:
        fake = FakeJira(site, cloud=cloud, clock=clock).__enter__()
        opened.append(fake)
        if prepare:
            prepare(fake)
        return Shelf().take_all(connector(fake, **settings).pull(PullRequest(now=clock())))

    yield make
    for fake in opened:
        fake.__exit__()


@KINDS
def test_fields_are_found_by_type_whatever_they_are_called(site: Site, read: Callable[..., Shelf], cloud: bool) -> None:
    site.project("SHOP")
    site.boards = [{"id": 500, "name": "Board", "type": "scrum", "location": {"projectId": 20000, "projectKey": "SHOP"}}]
    epic = site.create("SHOP", "Checkout", type_="Epic", level=1)
    id_ = site.create(
        "SHOP", "Guest checkout", status="In Progress", parent={"id": epic, "key": "SHOP-1"}, duedate="2026-12-01", labels=["kr-1", "web"],
        components=[{"id": "1", "name": "app"}], fixVersions=[{"id": "2", "name": "5.1"}], assignee={"accountId": "557058:ben", "displayName": "Ben"},
        customfield_10020=[SPRINT], customfield_10019="0|i0001:", customfield_10016=3.0, customfield_10050=None, customfield_10051={"id": "9", "value": "KR 2"},
        customfield_10001={"id": "t-1", "name": "Checkout crew"}, customfield_10002=[{"id": "ari:cloud:townsquare::goal/1"}], customfield_10003="2026-11-01",
    )  # fmt: skip
    store = read(cloud=cloud)
    item = store.items[id_]
    assert (item.kind, item.level, item.state, item.their_state) == ("story", 0, "doing", "In Progress")
    assert item.parent in (epic, "SHOP-1")
    assert (store.items[epic].kind, store.items[epic].level) == ("epic", 1)
    assert (item.due, item.start, item.labels, item.components, item.versions) == (
        "2026-12-01",
        "2026-11-01",
        ("kr-1", "web"),
        ("app",),
        ("5.1",),
    )
    assert (item.sprints, item.rank, item.estimate, item.team) == (("7",), "0|i0001:", 3.0, "Checkout crew")
    assert item.goals == ("ari:cloud:townsquare::goal/1",)
    assert item.fields == (("Key Result", "KR 2"),)
    assert (item.assignee, item.backlog, item.body) == ("557058:ben", "20000", "About Guest checkout.")
    (sprint,) = store.sprints.values()
    assert (sprint.id, sprint.name, sprint.state, sprint.goal, sprint.backlog) == (
        "7",
        "Sprint, one [draft]=x",
        "active",
        "Fewer drops",
        "20000",
    )


@KINDS
def test_every_level_of_the_hierarchy_is_kept(site: Site, read: Callable[..., Shelf], cloud: bool) -> None:
    top = site.create("SHOP", "Grow", type_="Initiative", level=2)
    epic = site.create("SHOP", "Checkout", type_="Epic", level=1, parent={"id": top, "key": "SHOP-1"})
    story = site.create("SHOP", "Guest", parent={"id": epic, "key": "SHOP-2"})
    task = site.create("SHOP", "Button", type_="Sub-task", level=-1, parent={"id": story, "key": "SHOP-3"})
    items = read(cloud=cloud).items
    assert [(items[id_].level, items[id_].kind) for id_ in (top, epic, story, task)] == [
        (2, "initiative"),
        (1, "epic"),
        (0, "story"),
        (-1, "subtask"),
    ]
    keys = {item.key: item.id for item in items.values()}
    assert [keys.get(items[id_].parent, items[id_].parent) for id_ in (epic, story, task)] == [top, epic, story]


@pytest.mark.parametrize(
    ("status", "resolution", "state"),
    [
        ("Done", "Done", "done"),
        ("Done", "Won't Do", "cancelled"),
        ("Done", "Duplicate", "cancelled"),
        ("In Review", None, "doing"),
        ("To Do", None, "todo"),
    ],
)
def test_a_status_and_its_resolution_become_a_state(
    site: Site, read: Callable[..., Shelf], status: str, resolution: str | None, state: str
) -> None:
    moment = "2026-10-30T10:00:00.000+0000" if resolution else None
    id_ = site.create("SHOP", "One", status=status, resolution={"name": resolution} if resolution else None, resolutiondate=moment)
    item = read().items[id_]
    assert item.state == state
    assert item.finished == (ms(moment) if moment else 0)


def test_links_are_named_from_the_issue_that_has_them(site: Site, read: Callable[..., Shelf]) -> None:
    blocks = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    first = site.create("SHOP", "One")
    second = site.create(
        "SHOP", "Two",
        issuelinks=[
            {"id": "1", "type": blocks, "inwardIssue": {"id": first, "key": "SHOP-1"}},
            {"id": "2", "type": {"name": "Gantt", "inward": "has to be done after", "outward": "has to be done before"}, "outwardIssue": {"id": first, "key": "SHOP-1"}},
        ],
    )  # fmt: skip
    links = read().links[second]
    assert {(link.kind, link.target, link.target_key) for link in links} == {
        ("blocked_by", first, "SHOP-1"),
        ("has to be done before", first, "SHOP-1"),
    }
    assert len(links) == 2


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("blocks", "blocks"),
        ("wird blockiert von", "blocked_by"),
        ("est bloqué par", "blocked_by"),
        ("Duplicates", "duplicates"),
        ("relates to", "relates"),
        ("implements", "implements"),
    ],
)
def test_link_phrases_are_known_in_several_languages(phrase: str, kind: str) -> None:
    assert kind_of_phrase(phrase) == kind


@KINDS
def test_history_is_told_in_our_words(site: Site, read: Callable[..., Shelf], clock: Clock, cloud: bool) -> None:
    id_ = site.create("SHOP", "One")
    entries: list[dict[str, Any]] = [
        {
            "field": "status",
            "fieldId": "status",
            "from": site.status("To Do")["id"],
            "fromString": "To Do",
            "to": site.status("Done")["id"],
            "toString": "Done",
        },
        {"field": "resolution", "fieldId": "resolution", "from": None, "fromString": None, "to": "5", "toString": "Won't Do"},
        {"field": "summary", "fieldId": "summary", "from": None, "fromString": "Old", "to": None, "toString": "One"},
        {"field": "labels", "fieldId": "labels", "from": "", "fromString": "b a", "to": "", "toString": "a"},
        {
            "field": "duedate",
            "fieldId": "duedate",
            "from": "2026-11-01",
            "fromString": "2026-11-01 00:00:00.0",
            "to": None,
            "toString": None,
        },
        {"field": "assignee", "fieldId": "assignee", "from": "557058:ann", "fromString": "Ann", "to": "557058:ben", "toString": "Ben"},
        {"field": "Sprint", "fieldId": "customfield_10020", "from": "6", "fromString": "Six", "to": "6, 7", "toString": "Six, Seven"},
        {"field": "Link", "from": None, "fromString": None, "to": "SHOP-9", "toString": "This issue is blocked by SHOP-9"},
        {"field": "project", "fieldId": "project", "from": "1", "fromString": "A", "to": "2", "toString": "B"},
        {"field": "Story points", "fieldId": "customfield_10016", "from": None, "fromString": "3", "to": None, "toString": "5"},
        {"field": "Flagged", "fieldId": "customfield_999", "from": "", "fromString": "", "to": "[1]", "toString": "Impediment"},
    ]
    moment = ms(clock()) - 60_000
    bot = {"accountId": "557058:auto", "displayName": "Automation for Jira", "accountType": "app"}
    site.issues[id_]["histories"] = [{"id": "1", "author": bot, "created": jira_time(moment), "items": entries}]
    site._index(id_, 0)
    store = read(cloud=cloud)
    changes = sorted(store.changes_of(id_).values(), key=lambda change: int(change.id.split(".")[1]))
    assert [(change.field, change.before, change.after) for change in changes] == [
        ("state", "todo", "cancelled"),
        ("resolution", "", "Won't Do"),
        ("title", "Old", "One"),
        ("labels", "a,b", "a"),
        ("due", "2026-11-01", ""),
        ("assignee", "557058:ann", "557058:ben"),
        ("sprint", "6", "6,7"),
        ("link", "", "blocked_by SHOP-9"),
        ("backlog", "1", "2"),
        ("estimate", "3", "5"),
        ("field:Flagged", "", "[1]"),
    ]
    assert {change.at for change in changes} == {moment}
    assert {change.author_kind for change in changes} == {"bot"}
    assert not any("Ann" in str(text) or "Ben" in str(text) for change in changes for text in change)
    assert store.items[id_].history


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("This issue blocks A-1", "blocks"),
        ("Dieser Vorgang wird blockiert von A-1", "blocked_by"),
        ("This issue implements A-1", "implements"),
        ("", "relates"),
    ],
)
def test_a_sentence_of_history_names_the_link(sentence: str, kind: str) -> None:
    assert kind_in_sentence(sentence) == kind


def test_long_histories_come_whole_by_either_way(site: Site, read: Callable[..., Shelf], clock: Clock) -> None:
    ids = [site.create("SHOP", f"Work {number}") for number in range(3)]
    for number in range(130):
        clock.forward(seconds=1)
        site.edit(ids[number % 2], summary=f"Edit {number}")

    def cut(fake: FakeJira) -> None:
        fake.api.bulk_cut = 17

    def refuse(fake: FakeJira) -> None:
        fake.api.denied["/changelog/bulkfetch"] = 404

    for prepare in (cut, refuse):
        store = read(prepare=prepare)
        assert [len(store.changes_of(id_)) for id_ in ids] == [65, 65, 0]
        assert all(store.items[id_].history for id_ in ids)


def test_history_that_cannot_be_had_whole_is_said(site: Site, read: Callable[..., Shelf], clock: Clock) -> None:
    id_ = site.create("SHOP", "One")
    for number in range(5):
        clock.forward(seconds=1)
        site.edit(id_, summary=f"Edit {number}")

    def cut(fake: FakeJira) -> None:
        fake.api.inline_cut = 2

    store = read(cloud=False, prepare=cut)
    assert not store.items[id_].history
    assert store.coverage is not None
    assert (store.coverage.with_history, [problem.code for problem in store.coverage.problems]) == (0, ["history_missing"])


@KINDS
def test_comments_come_whole_and_may_be_left_out(site: Site, read: Callable[..., Shelf], cloud: bool) -> None:
    id_ = site.create("SHOP", "One")
    ann = {"accountId": "557058:ann", "displayName": "Ann", "accountType": "atlassian"}
    bodies = [adf(f"Saw {number}") if cloud else f"Saw {number}" for number in range(60)]
    site.comments[id_] = [
        {"id": str(number), "author": ann, "body": body, "created": "2026-10-30T10:00:00.000+0000"} for number, body in enumerate(bodies)
    ]
    site.edit(id_, silent=True, comment={"comments": site.comments[id_][:20], "total": 60, "maxResults": 20, "startAt": 0})
    store = read(cloud=cloud)
    assert len(store.notes_of(id_)) == 60
    assert (store.notes_of(id_)["59"].body, store.notes_of(id_)["59"].author, store.notes_of(id_)["59"].author_kind) == (
        "Saw 59",
        "557058:ann",
        "human",
    )
    assert read(cloud=cloud, comments=False).notes == {}


def test_restricted_issues_and_private_projects_are_marked(site: Site, read: Callable[..., Shelf]) -> None:
    open_, closed = site.create("SHOP", "One"), site.create("SHOP", "Two", security={"id": "1", "name": "Board"})
    inside = site.create("PAY", "Three")
    site.projects["PAY"]["isPrivate"] = True
    items = read().items
    assert [items[id_].restricted for id_ in (open_, closed, inside)] == [False, True, True]


def test_an_issue_without_updated_is_read_all_the_same(site: Site, read: Callable[..., Shelf]) -> None:
    ids = [site.create("SHOP", f"Work {number}") for number in range(3)]
    store = read(prepare=lambda fake: fake.fault("no_updated", "/search/jql", times=99, after=2))
    assert sorted(store.items) == sorted(ids)
    assert {item.updated for item in store.items.values()} == {0}


def test_half_an_emoji_spoils_one_text_and_not_the_page(site: Site, read: Callable[..., Shelf]) -> None:
    cut, whole = site.create("SHOP", "Half \ud83d"), site.create("SHOP", "Whole \U0001f600\x00")

    def raw(fake: FakeJira) -> None:
        inner = fake.api.answer

        def answer(asked: Any) -> Any:
            said = inner(asked)
            said.body = json.dumps(said.body)  # as services write it: half a pair as \ud83d
            return said

        fake.api.answer = answer  # type: ignore[method-assign]

    store = read(prepare=raw)
    assert store.items[cut].title == "Half \ufffd"
    assert store.items[whole].title == "Whole \U0001f600\ufffd"


def test_odd_fields_quarantine_the_field_and_odd_issues_the_issue(site: Site, read: Callable[..., Shelf]) -> None:
    odd = site.create("SHOP", "Odd")
    site.indexed[odd]["fields"] = site.issues[odd]["fields"] | {
        "labels": [1, {"a": 2}],
        "duedate": 5,
        "priority": "High",
        "customfield_10019": {"x": 1},
    }
    fine = site.create("SHOP", "Fine", labels=["a"])
    store = read()
    assert (store.items[odd].title, store.items[odd].labels) == ("Odd", ())
    assert store.items[fine].labels == ("a",)
    assert store.coverage is not None
    assert store.coverage.complete
    assert {problem.message.split(" of ")[0] for problem in store.coverage.problems} == {
        f"the field {name}" for name in ("labels", "duedate", "priority", "customfield_10019")
    }


GOAL_FIELDS = [
    {"id": "customfield_20001", "name": "Baseline", "custom": True, "schema": {"custom": "float"}},
    {"id": "customfield_20002", "name": "Zielwert", "custom": True, "schema": {"custom": "float"}},
    {"id": "customfield_20003", "name": "Current value", "custom": True, "schema": {"custom": "float"}},
    {"id": "customfield_20004", "name": "Unit", "custom": True, "schema": {"custom": "textfield"}},
    {"id": "customfield_20005", "name": "Quarter", "custom": True, "schema": {"custom": "select"}},
    {"id": "customfield_20006", "name": "RAG status", "custom": True, "schema": {"custom": "select"}},
]


@KINDS
@pytest.mark.parametrize(("upper", "lower"), [("Objective", "Key Result"), ("Ziel", "Schlüsselergebnis"), ("Objectif", "Résultat clé")])
def test_issues_made_for_okrs_are_goals(site: Site, read: Callable[..., Shelf], upper: str, lower: str, cloud: bool) -> None:
    site.fields += GOAL_FIELDS
    quarter = {"id": "1", "value": "2026-Q4"}
    top = site.create(
        "OKR",
        "Shoppers trust us",
        type_=upper,
        level=2,
        customfield_20005=quarter,
        assignee={"accountId": "557058:eva", "displayName": "Eva"},
    )
    key_result = site.create(
        "OKR", "Completion from 62 to 70", type_=lower, level=1, parent={"id": top, "key": "OKR-1"}, customfield_20001=62.0, customfield_20002="70", customfield_20003=64.5,
        customfield_20004="%", customfield_20006={"value": "Amber"}, duedate="2026-12-31",
    )  # fmt: skip
    goals = read(cloud=cloud).goals
    assert goals is not None
    (objective,), (result,) = goals.objectives, goals.key_results
    assert (objective.id, objective.title, objective.cycle, objective.owner) == (top, "Shoppers trust us", "2026-Q4", "557058:eva")
    assert (result.id, result.objective, result.baseline, result.target, result.current) == (key_result, top, 62.0, 70.0, 64.5)
    assert (result.unit, result.status, result.due, result.where) == ("%", "at_risk", "2026-12-31", "OKR-2")


def test_atlassian_goals_are_read_page_by_page_and_their_absence_is_said(site: Site, read: Callable[..., Shelf]) -> None:
    site.create("SHOP", "One")
    site.goals = [
        {"id": f"ari:goal/{number}", "key": f"G-{number}", "name": f"Goal {number}", "targetDate": {"label": "Oct-Dec 2026"}, "status": {"value": "AT_RISK"},
         "parentGoal": {"id": "ari:goal/0"} if number else None, "owner": {"accountId": "557058:eva"}}
        for number in range(120)
    ]  # fmt: skip
    store = read()
    assert store.goals is not None
    assert len(store.goals.objectives) == 120
    assert (store.goals.objectives[5].parent, store.goals.objectives[5].status, store.goals.objectives[5].where) == (
        "ari:goal/0",
        "at_risk",
        "G-5",
    )

    def closed(fake: FakeJira) -> None:
        fake.api.denied["/gateway"] = 403

    store = read(prepare=closed)
    assert store.coverage is not None
    assert ([problem.code for problem in store.coverage.problems], store.coverage.complete) == (["goals_hidden"], True)


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("Oct-Dec 2026", "2026-12-31"),
        ("Q3 2026", "2026-09-30"),
        ("February 2028", "2028-02-29"),
        ("15 Nov 2026", "2026-11-15"),
        ("2026-11-15", "2026-11-15"),
        ("2027", "2027-12-31"),
        ("soon", ""),
    ],
)
def test_a_target_label_means_its_last_day(label: str, day: str) -> None:
    assert last_day(label) == day


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (3.0, "3"), (2.5, "2.5"), (True, "yes"), (" a ", "a"), ({"value": "A", "child": {"value": "B"}}, "A / B"), ([{"value": "A"}, {"name": "B"}], "A, B"),
        ({"accountId": "557058:x", "displayName": "Ann"}, "557058:x"), (adf("Two\nlines"), "Two\nlines"), ({}, ""), ([], ""), ({"id": "9"}, "9"),
    ],
)  # fmt: skip
def test_any_value_of_a_field_has_a_text(value: Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("70 %", 70.0),
        ("1,5", 1.5),
        ("12,000", 12000.0),
        ("1,234.5", 1234.5),
        ({"value": "3"}, 3.0),
        ("many", None),
        (None, None),
        (True, None),
        (float("nan"), None),
    ],
)
def test_numbers_are_read_as_people_write_them(value: Any, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("project = A ORDER BY rank", "(project = A)"),
        ('summary ~ "order by x" OR a = 1 order  BY b DESC, c', '(summary ~ "order by x" OR a = 1)'),
        ("ORDER BY created", ""),
        ("", ""),
        ("a = 1 OR b = 2", "(a = 1 OR b = 2)"),
        ("summary ~ 'it\\'s order by' AND x = 1", "(summary ~ 'it\\'s order by' AND x = 1)"),
        ("labels = border by = 1", "(labels = border by = 1)"),
    ],
)
def test_a_users_filter_is_cut_and_bracketed(given: str, kept: str) -> None:
    assert bracketed(given) == kept
    assert is_closed(without_order(given))


def test_names_cannot_leave_their_quotes() -> None:
    assert quote('a" OR project = "X') == '"a\\" OR project = \\"X"'
    assert quote("back\\slash") == '"back\\\\slash"'
    with pytest.raises(ValueError, match="control"):
        quote("a\nb")
    assert both("", "a = 1", "", "b = 2") == "a = 1 AND b = 2"
    for open_ in ("a = 1)", "(a = 1", 'a = "x', "a = 'x"):
        assert not is_closed(open_)


def test_a_genuine_answer_of_a_server_is_read_whole() -> None:
    sample = Path(__file__).parents[2] / "shared" / "samples" / "jira_server_search_titanium_mod.json"
    if not sample.exists():
        pytest.skip("the folder of genuine samples is not beside this checkout")
    from connectors.jira.fields import FieldMap
    from connectors.jira.rows import Reader

    found = Reader(FieldMap(), site="https://jira.example", cloud=False).read(sample.read_bytes())
    assert len(found.items) == found.read == 74
    assert found.problems == []
    first: Item = found.items[0]
    assert (first.key, first.kind, first.state, first.components) == ("MOD-1866", "bug", "done", ("Facebook",))
    assert len({note.id for note in found.notes}) == len(found.notes) > 50
