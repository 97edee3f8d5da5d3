"""What the files source promises about JSON: any envelope of Jira and Linear, histories, and damage that costs one record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exports import Pull, Pulled, millis, puller

SHARED = Path(__file__).parents[2] / "shared" / "samples"


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    return puller(tmp_path)


def issue(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(1000 + number),
        "key": f"SHOP-{number}",
        "self": f"https://acme.example/rest/api/2/issue/{1000 + number}",
        "fields": {
            "summary": f"Do thing {number}",
            "issuetype": {"name": "Story", "subtask": False, "hierarchyLevel": 0},
            "project": {"id": "1", "key": "SHOP", "name": "Shop"},
            "status": {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}},
            "created": "2026-02-01T10:00:00.000+0000",
            "updated": "2026-03-01T10:00:00.000+0000",
            **fields,
        },
    }


def page(*issues: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"startAt": 0, "maxResults": 50, "total": len(issues), "issues": list(issues), **more}


FORMS = {
    "search": json.dumps(page(issue(1), issue(2))),
    "jql": json.dumps({"issues": [issue(1), issue(2)], "isLast": True}),
    "array": json.dumps([issue(1), issue(2)], indent=2),
    "ndjson": json.dumps(issue(1)) + "\n" + json.dumps(issue(2)) + "\n",
    "pages as lines": json.dumps(page(issue(1), total=2)) + "\n" + json.dumps(page(issue(2), total=2)) + "\n",
    "pages glued": json.dumps(page(issue(1), total=2), indent=1) + json.dumps(page(issue(2), total=2), indent=1),
    "pages in an array": json.dumps([page(issue(1), total=2), page(issue(2), total=2)]),
    "bom": "\ufeff" + json.dumps(page(issue(1), issue(2))),
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_envelope_gives_the_same_items(pull: Pull, form: str) -> None:
    got = pull({"export.txt": FORMS[form]})
    assert [item.key for item in got.items] == ["SHOP-1", "SHOP-2"]
    assert got.coverage.complete, got.coverage.problems
    first = got.items[0]
    assert (first.id, first.backlog, first.state, first.their_state) == ("1001", "SHOP", "doing", "In Progress")
    assert first.created == millis("2026-02-01T10:00:00+00:00")
    assert first.url == "https://acme.example/browse/SHOP-1"
    assert not first.history


def test_a_single_issue_is_an_export(pull: Pull) -> None:
    assert [item.key for item in pull({"a.json": json.dumps(issue(7), indent=4)}).items] == ["SHOP-7"]


def test_a_search_of_which_pages_are_missing_is_partial(pull: Pull) -> None:
    got = pull({"a.json": json.dumps(page(issue(1), total=120))})
    assert not got.coverage.complete
    assert (got.coverage.expected, got.coverage.read) == (120, 1)
    assert "120" in got.problems("cut")[0]
    assert got.last.census is None
    open_end = pull({"a.json": json.dumps({"issues": [issue(1)], "nextPageToken": "x", "isLast": False})})
    assert not open_end.coverage.complete
    whole = pull({"a.json": json.dumps({"issues": [issue(1)], "nextPageToken": "x"}) + json.dumps({"issues": [issue(2)], "isLast": True})})
    assert whole.coverage.complete


def test_an_empty_answer_is_empty_and_an_error_answer_is_not(pull: Pull) -> None:
    assert pull({"a.json": json.dumps(page())}).coverage.complete
    assert not pull({"a.json": json.dumps({"errorMessages": ["no"], "errors": {}})}).coverage.complete
    assert not pull({"a.json": '{"hello": "world"}'}).coverage.complete


def test_fields_are_found_by_schema_then_name_then_shape(pull: Pull) -> None:
    values = {
        "customfield_1": "SHOP-9",
        "customfield_2": [{"id": 5, "name": "Sprint 5", "state": "active", "boardId": 1, "startDate": "2026-01-01T00:00:00.000Z"}],
        "customfield_3": "0|i00001:",
        "customfield_4": 5.0,
        "customfield_5": {"id": "10", "value": "KR1"},
        "customfield_6": {"id": "t", "name": "Blue"},
    }
    names = {"customfield_4": "Story Points", "customfield_5": "Key Result", "customfield_6": "Squad"}
    schema = {
        "customfield_1": {"custom": "com.pyxis.greenhopper.jira:gh-epic-link"},
        "customfield_6": {"custom": "com.atlassian.teams:rm-teams-custom-field-team"},
    }
    item = pull({"a.json": json.dumps(page(issue(1, **values), names=names, schema=schema))}).items[0]
    assert (item.parent, item.sprints, item.rank, item.estimate, item.team) == ("SHOP-9", ("5",), "0|i00001:", 5.0, "Blue")
    assert item.fields == (("Key Result", "KR1"),)
    bare = pull({"a.json": json.dumps(page(issue(1, **values)))}).items[0]
    assert (bare.parent, bare.sprints, bare.rank) == ("SHOP-9", ("5",), "0|i00001:")


def test_old_sprint_blobs_both_bodies_and_both_kinds_of_people_are_read(pull: Pull) -> None:
    blob = "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=7,rapidViewId=2,state=CLOSED,name=S 7, late,startDate=2026-01-01T00:00:00.000Z,endDate=<null>,completeDate=<null>,sequence=7]"
    adf = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hello "}, {"type": "mention", "attrs": {"text": "@Al"}}]}],
    }
    one = issue(
        1,
        customfield_9=[blob],
        description="h2. Goal\n* *bold* words",
        assignee={"name": "jdoe", "key": "JIRAUSER1", "displayName": "J Doe"},
    )
    two = issue(
        2, description=adf, assignee={"accountId": "5b:1", "displayName": "J Doe", "accountType": "atlassian"}, security={"name": "Board"}
    )
    got = pull({"a.json": json.dumps(page(one, two))}).by_key
    assert (got["SHOP-1"].sprints, got["SHOP-1"].body, got["SHOP-1"].assignee) == (("7",), "Goal\n- bold words", "JIRAUSER1")
    assert (got["SHOP-2"].body, got["SHOP-2"].assignee, got["SHOP-2"].restricted) == ("Hello @Al", "5b:1", True)


def history(**more: Any) -> dict[str, Any]:
    return {
        "startAt": 0,
        "maxResults": 100,
        "total": 2,
        "histories": [
            {"id": "11", "created": "2026-02-03T10:00:00.000+0000", "author": {"accountId": "a", "displayName": "Automation for Jira", "accountType": "app"},
             "items": [{"field": "Status", "fieldId": "status", "from": "3", "fromString": "In Progress", "to": "9", "toString": "Fertiggestellt"},
                       {"field": "resolution", "fieldId": "resolution", "from": None, "to": "1", "toString": "Won't Do"}]},
            {"id": "10", "created": 1769940000, "author": {"accountId": "b", "displayName": "Bo"},
             "items": [{"field": "Link", "from": None, "to": "SHOP-5", "toString": "This issue is blocked by SHOP-5"},
                       {"field": "Key", "from": None, "fromString": "OLD-3", "toString": "SHOP-1", "to": None},
                       {"field": "project", "from": "8", "fromString": "Old", "to": "1", "toString": "Shop"},
                       {"field": "labels", "from": "", "fromString": "b a", "to": "", "toString": "b"},
                       {"field": "Severity", "fieldId": "customfield_77", "fromString": "1", "toString": "2"}]},
        ],
        **more,
    }  # fmt: skip


def test_a_change_log_becomes_changes_in_our_words(pull: Pull) -> None:
    done = {"id": "9", "name": "Fertiggestellt", "statusCategory": {"key": "done"}}
    got = pull({"a.json": json.dumps(page({**issue(1, status=done), "changelog": history()}))})
    assert got.items[0].history
    assert got.coverage.with_history == 1
    told = {change.field: change for change in got.changes}
    assert (told["state"].before, told["state"].after, told["state"].after_text) == ("doing", "cancelled", "Fertiggestellt")
    assert told["state"].author_kind == "bot"
    assert told["link"].after == "blocked_by SHOP-5"
    assert (told["backlog"].before, told["backlog"].after) == ("OLD", "SHOP")
    assert (told["labels"].before, told["labels"].after) == ("a,b", "b")
    assert told["field:Severity"].after_text == "2"
    assert told["link"].at == 1769940000000
    assert [change.at for change in got.changes] == sorted(change.at for change in got.changes)
    assert len({change.id for change in got.changes}) == len(got.changes)
    assert ("1001", "OLD-3") in got.last.aliases


def test_a_cut_change_log_is_no_history(pull: Pull) -> None:
    got = pull({"a.json": json.dumps(page({**issue(1), "changelog": history(total=40)}))})
    assert not got.items[0].history
    assert "SHOP-1" in got.problems("history_missing")[0]


def test_bulk_change_logs_beside_the_issues_are_merged_by_issue(pull: Pull) -> None:
    def piece(number: str, entry: str) -> dict[str, Any]:
        step = {"fieldId": "status", "field": "status", "fromString": "In Progress", "toString": "Done"}
        return {"issueId": number, "changeHistories": [{"id": entry, "created": 1769940000, "items": [step]}]}

    done = {"id": "9", "name": "Done", "statusCategory": {"key": "done"}}
    logs = {"issueChangeLogs": [piece("1001", "a"), piece("9999", "c")]}
    more = {"issueChangeLogs": [piece("1001", "b")]}
    got = pull({"issues.json": json.dumps(page(issue(1, status=done))), "logs.json": json.dumps(logs) + json.dumps(more)})
    assert [name for page in got.pages for name in page.history_of] == ["1001"]
    assert [(change.item, change.before, change.after) for change in got.changes] == [("1001", "doing", "done")] * 2
    assert got.coverage.with_history == 1
    assert got.problems("history_stranger")


# --- damage ---


def test_a_broken_line_costs_one_record(pull: Pull) -> None:
    lines = [json.dumps(issue(number)) for number in range(1, 8)]
    lines[2] = lines[2][:60]
    lines[4] = '{"id": "1", "key": "SHOP-5", "fields": {"summary": "unclosed}}'
    got = pull({"a.ndjson": "\n".join(lines) + "\n"})
    assert {item.key for item in got.items} == {f"SHOP-{n}" for n in (1, 2, 4, 6, 7)}
    assert any("a.ndjson:3:" in message for message in got.problems("bad_row"))
    assert any("a.ndjson:5:" in message for message in got.problems("bad_row"))


def test_a_file_cut_off_keeps_what_is_whole(pull: Pull) -> None:
    text = json.dumps(page(*(issue(number) for number in range(1, 40))))
    got = pull({"a.json": text[: int(len(text) * 0.7)]})
    assert 20 < len(got.items) < 30
    assert not got.coverage.complete


def test_a_broken_record_inside_a_page_costs_itself(pull: Pull) -> None:
    text = json.dumps(page(*(issue(number) for number in range(1, 10))))
    got = pull({"a.json": text.replace('"Do thing 4"', "Do thing 4")})
    assert {item.key for item in got.items} == {f"SHOP-{n}" for n in range(1, 10) if n != 4}
    assert got.problems("bad_row")


@pytest.mark.parametrize(
    "bad",
    [
        '{"a":' * 100_000,
        "[" * 100_000,
        '{"issues": [' + "9" * 6000 + "]}",
        '{"issues": NaN}',
        '{"issues": null}',
        "{",
        "[]",
        "[1, 2]",
        '{"\\ud800": 1}',
    ],
)
def test_hostile_json_is_a_problem_never_a_crash(pull: Pull, bad: str) -> None:
    got = pull({"a.json": bad, "b.json": json.dumps(page(issue(1)))})
    assert len(got.items) == 1


def test_wrong_types_cost_the_value_not_the_issue(pull: Pull) -> None:
    odd: dict[str, Any] = {
        "labels": "x", "components": {"a": 1}, "status": "Open", "created": "soon", "duedate": 5, "issuetype": None, "parent": "SHOP-1", "comment": [1, None],
        "issuelinks": [None, {"type": 3}], "description": 7, "assignee": "me", "priority": ["x"], "fixVersions": [None, 3], "summary": {"a": 1}, "project": [],
    }  # fmt: skip
    for name, value in odd.items():
        got = pull({"a.json": json.dumps(page(issue(1, **{name: value})))})
        assert [item.key for item in got.items] == ["SHOP-1"], name
    lone = pull({"a.json": json.dumps(page(issue(1, summary="a\ud800b\x00c")))}).items[0]
    assert lone.title == "a�b�c"


def test_a_real_data_center_answer_is_read_whole(pull: Pull) -> None:
    path = SHARED / "jira_server_search_titanium_mod.json"
    if not path.exists():
        pytest.skip("the sample is not beside this checkout")
    got: Pulled = pull({"mod.json": path.read_bytes()})
    assert (len(got.items), got.coverage.read, len(got.problems("bad_row"))) == (74, 74, 0)
    assert all(item.title and item.created and item.state for item in got.items)


@pytest.mark.parametrize(("name", "rows"), [("jira_reduced_export_trustyai.csv", 64), ("linear_import_template_garraia.csv", 44)])
def test_real_lists_are_read_whole(pull: Pull, name: str, rows: int) -> None:
    if not (SHARED / name).exists():
        pytest.skip("the sample is not beside this checkout")
    got = pull({name: (SHARED / name).read_bytes()})
    items = [item for item in got.items if item.their_kind != "Project"]
    assert (len(items), got.coverage.read, got.coverage.expected, len(got.problems("bad_row"))) == (rows, rows, rows, 0)
    assert got.coverage.complete


# --- Linear ---


def linear(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"uuid-{number}", "identifier": f"WEB-{number}", "title": f"Thing {number}", "priority": 2, "estimate": 3,
        "createdAt": "2026-02-01T10:00:00.000Z", "updatedAt": "2026-03-01T10:00:00.000Z", "startedAt": "2026-02-02T00:00:00.000Z",
        "state": {"id": "s1", "name": "Building", "type": "started"}, "team": {"id": "t", "key": "WEB", "name": "Website"},
        "labels": {"nodes": [{"id": "l1", "name": "Bug"}]}, "url": f"https://linear.example/issue/WEB-{number}", **more,
    }  # fmt: skip


PROJECT = {
    "id": "p1",
    "name": "Relaunch",
    "slugId": "abc",
    "state": "started",
    "targetDate": "2026-12-31",
    "initiatives": {"nodes": [{"id": "i1", "name": "Grow"}]},
}


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"issues": {"nodes": [linear(1), linear(2)], "pageInfo": {"hasNextPage": False}}}},
        {"data": {"issues": {"edges": [{"cursor": "a", "node": linear(1)}, {"node": linear(2)}]}}},
        {"data": {"team": {"issues": {"nodes": [linear(1), linear(2)]}}}},
        {"issues": [linear(1), linear(2)]},
        [linear(1), linear(2)],
        {"data": {"a": 1, "issue": linear(1)}, "issues": {"nodes": [linear(2)]}},
    ],
)
def test_linear_answers_are_read_in_any_connection(pull: Pull, body: Any) -> None:
    got = pull({"a.json": json.dumps(body)})
    assert [item.key for item in got.items] == ["WEB-1", "WEB-2"]
    item = got.items[0]
    assert (item.id, item.state, item.backlog, item.kind, item.priority, item.labels) == ("uuid-1", "doing", "WEB", "bug", "High", ("Bug",))
    assert got.coverage.complete


def test_linear_projects_are_epics_and_initiatives_objectives(pull: Pull) -> None:
    body = {
        "data": {
            "issues": {"nodes": [linear(1, project=PROJECT), linear(2, parent={"id": "uuid-1", "identifier": "WEB-1"}, project=PROJECT)]}
        }
    }
    got = pull({"a.json": json.dumps(body)})
    project = got.by_key["abc"]
    assert (project.id, project.kind, project.level, project.due, project.goals, project.backlog) == (
        "p1",
        "epic",
        1,
        "2026-12-31",
        ("i1",),
        "WEB",
    )
    assert (got.by_key["WEB-1"].parent, got.by_key["WEB-2"].parent, got.by_key["WEB-1"].project) == ("p1", "uuid-1", "Relaunch")
    assert got.last.goals is not None
    assert [(objective.id, objective.title) for objective in got.last.goals.objectives] == [("i1", "Grow")]
    assert (got.coverage.read, got.coverage.expected, got.coverage.complete) == (3, 3, True)


def test_linear_history_and_relations_become_changes_and_links(pull: Pull) -> None:
    entries = [
        {"id": "h2", "createdAt": "2026-02-05T00:00:00.000Z", "actor": {"id": "u1", "name": "Al"}, "fromStateId": "s0", "toStateId": "s1", "addedLabelIds": ["l1"]},
        {"id": "h1", "createdAt": "2026-02-03T00:00:00.000Z", "botActor": {"id": "b", "name": "GitHub"}, "fromState": {"id": "s0", "name": "Todo", "type": "unstarted"},
         "toState": {"id": "s1", "name": "Building", "type": "started"}, "fromDueDate": None, "toDueDate": "2026-03-01", "fromTitle": "Old", "toTitle": "Thing 1"},
    ]  # fmt: skip
    relations = {"nodes": [{"type": "blocks", "relatedIssue": {"id": "uuid-2", "identifier": "WEB-2"}}]}
    inverse = {
        "nodes": [
            {"type": "blocks", "issue": {"id": "uuid-3", "identifier": "WEB-3"}},
            {"type": "duplicate", "issue": {"id": "uuid-4", "identifier": "WEB-4"}},
        ]
    }
    got = pull(
        {
            "a.json": json.dumps(
                {
                    "data": {
                        "issue": linear(
                            1, history={"nodes": entries}, relations=relations, inverseRelations=inverse, previousIdentifiers=["OLD-1"]
                        )
                    }
                }
            )
        }
    )
    assert got.items[0].history
    told = [(change.field, change.before, change.after, change.author_kind) for change in got.changes]
    assert told == [
        ("state", "todo", "doing", "bot"), ("title", "Old", "Thing 1", "bot"), ("due", "", "2026-03-01", "bot"),
        ("state", "todo", "doing", "human"), ("labels", "", "Bug", "human"),
    ]  # fmt: skip
    assert {(link.kind, link.target_key) for link in got.links} == {
        ("blocks", "WEB-2"),
        ("blocked_by", "WEB-3"),
        ("duplicated_by", "WEB-4"),
    }
    assert got.last.aliases == (("uuid-1", "OLD-1"),)
    cut = pull({"a.json": json.dumps([linear(1, history={"nodes": entries, "pageInfo": {"hasNextPage": True}})])})
    assert not cut.items[0].history
    assert cut.problems("history_missing")


def test_a_csv_and_a_json_of_the_same_issue_are_one_item(pull: Pull) -> None:
    csv = "Summary,Issue key,Status,Updated\nOld words,SHOP-1,To Do,2026-02-01 10:00\nOther,SHOP-2,To Do,2026-02-01 10:00\n"
    got = pull({"a.csv": csv, "b.json": json.dumps(page(issue(1)))})
    assert {(item.id, item.title) for item in got.items} == {("1001", "Do thing 1"), ("SHOP-2", "Other")}
    newer = csv.replace("Old words,SHOP-1,To Do,2026-02-01", "Old words,SHOP-1,To Do,2026-06-01")
    got = pull({"a.csv": newer, "b.json": json.dumps(page(issue(1)))})
    assert {(item.id, item.title) for item in got.items} == {("1001", "Old words"), ("SHOP-2", "Other")}


def test_an_answer_of_ids_only_is_partial_and_names_the_remedy(pull: Pull) -> None:
    got = pull({"a.json": '{"issues":[{"id":"10002"},{"key":"SHOP-4","fields":null}],"isLast":true}'})
    assert not got.items
    assert (got.coverage.complete, got.coverage.expected) == (False, 2)
    assert "2 issues of the answer hold ids only: save it with the fields (fields=*all)" in got.problems("no_fields")[0]


def test_a_broken_line_costs_only_itself(pull: Pull) -> None:
    lines = [json.dumps({"key": f"SHOP-{n}", "fields": {"summary": "x"}}) for n in range(1, 8)]
    lines[1] = '{"key":"SHOP-2","fields":{"summary":"y}}'
    lines[4] = '{"key":"SHOP-5","fields":{"summary":"z"}'
    got = pull({"a.jsonl": "\n".join(lines)})
    assert set(got.by_key) == {"SHOP-1", "SHOP-3", "SHOP-4", "SHOP-6", "SHOP-7"}
    assert [problem.where for problem in got.coverage.problems if problem.code == "bad_row"] == ["a.jsonl:2", "a.jsonl:5"]
    assert got.coverage.expected == 7


def test_broken_members_of_a_list_are_one_problem_each(pull: Pull) -> None:
    text = """[{"key":"SHOP-1","fields":{"summary":"x"}},
{"key":"SHOP-2","fields":{"summary":"y","parent":{"id":"9","key":"SHOP-9","fields":{"summary":"p"}},}},
{"key":"SHOP-3","fields":{"summary":"z"}},
{"key":"SHOP-4","fields":{"summary":z"}},
{"key":"SHOP-5","fields":{"summary":"z"}}]"""
    got = pull({"a.json": text})
    assert set(got.by_key) == {"SHOP-1", "SHOP-3", "SHOP-5"}
    assert [problem.where for problem in got.coverage.problems if problem.code == "bad_row"] == ["a.json:2", "a.json:4"]
    assert not [told for told in got.problems("bad_row") if "the file ends" in told]
    assert got.coverage.expected == 5


def test_a_file_cut_inside_a_record_says_so_once(pull: Pull) -> None:
    text = json.dumps({"total": 3, "issues": [issue(1), issue(2), issue(3)]})
    got = pull({"a.json": text[: text.index("Do thing 3")]})
    assert len(got.problems("bad_row")) == 1
    assert (len(got.items), got.coverage.expected) == (2, 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"errorMessages":["The value X does not exist for the field project."],"warningMessages":[]}', "The value X does not exist"),
        ('{"errors":[{"message":"Authentication required"}]}', "Authentication required"),
    ],
)
def test_a_saved_error_is_told_in_the_trackers_own_words(pull: Pull, text: str, told: str) -> None:
    got = pull({"a.json": text})
    assert told in got.problems("error_answer")[0]
    assert not got.problems("unknown_file")
    assert not got.coverage.complete


def test_an_honest_empty_answer_is_complete(pull: Pull) -> None:
    got = pull({"a.json": '{"issues":[]}'})
    assert got.coverage.complete
    assert got.coverage.read == 0


def test_a_summary_that_is_no_text_is_named(pull: Pull) -> None:
    got = pull({"a.json": json.dumps(page(issue(1, summary=["a", "b"]), issue(2)))})
    assert "line 1, SHOP-1: the summary is no text" in got.problems("no_title")[0]
    assert len(got.items) == 2


def test_an_answer_without_summaries_says_so(pull: Pull) -> None:
    got = pull({"a.json": json.dumps([{"key": "SHOP-1", "fields": {"status": {"name": "Done"}}}])})
    assert "no item has a title" in got.problems("no_title")[0]


def test_a_last_line_that_is_cut_is_one_lost_record(pull: Pull) -> None:
    got = pull({"a.jsonl": json.dumps(issue(1)) + '\n{"id":"1002","key":"SHOP-2",'})
    assert (len(got.items), got.coverage.expected, got.coverage.complete) == (1, 2, False)
    assert got.problems("bad_row") == ["a.jsonl:2: the file ends inside a record; it was left out"]


def test_a_cut_line_does_not_swallow_the_next_one(pull: Pull) -> None:
    got = pull({"a.jsonl": json.dumps(issue(1)) + '\n{"broken": \n' + json.dumps(issue(3)) + "\n"})
    assert set(got.by_key) == {"SHOP-1", "SHOP-3"}
    assert got.problems("bad_row") == ["a.jsonl:2: the line ends inside a record; it was left out"]
    assert got.coverage.expected == 3


def test_an_answer_without_statuses_says_that_all_was_read_as_todo(pull: Pull) -> None:
    bare = [{"key": f"SHOP-{n}", "fields": {"summary": "Pay later"}} for n in (1, 2)]
    told = pull({"a.json": json.dumps(bare)}).problems("no_status")
    assert "no item has a status: every item was read as todo" in told[0]
    resolved = [{"key": "SHOP-1", "fields": {"summary": "Pay later", "resolutiondate": "2026-11-02T10:00:00.000+0000"}}]
    assert not pull({"a.json": json.dumps(resolved)}).problems("no_status")
    linear = {"data": {"issues": {"nodes": [{"id": "a1", "identifier": "WEB-1", "title": "Search"}]}}}
    assert pull({"a.json": json.dumps(linear)}).problems("no_status")


def test_status_words_that_nothing_explains_are_listed_with_counts(pull: Pull) -> None:
    def of(name: str, **more: object) -> dict[str, object]:
        return {"summary": "Pay later", "status": {"name": name, **more}}

    fields = [
        of("Zorblax"),
        of("Zorblax", statusCategory={"key": "undefined"}),
        of("Quux", statusCategory={"key": "indeterminate"}),
        of("In Progress"),
        {**of("Frobnicated"), "resolution": {"name": "Done"}},
    ]
    got = pull({"a.json": json.dumps([{"key": f"SHOP-{n}", "fields": one} for n, one in enumerate(fields, 1)])})
    assert len(got.problems("unknown_status")) == 1
    assert "read as todo: 'Zorblax' (2); " in got.problems("unknown_status")[0]
    nodes = [
        {"id": "a1", "identifier": "WEB-1", "title": "A", "state": {"name": "Zorblax"}},
        {"id": "a2", "identifier": "WEB-2", "title": "B", "state": {"name": "Zorblax", "type": "started"}},
    ]
    got = pull({"a.json": json.dumps({"data": {"issues": {"nodes": nodes}}})})
    assert "'Zorblax' (1)" in got.problems("unknown_status")[0]
