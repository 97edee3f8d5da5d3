"""What the files source promises about Linear's CSV, its importer's template and home-made lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from exports import Pull, millis, puller

WIDE = [
    '"ID"',
    '"Team"',
    '"Title"',
    '"Description"',
    '"Status"',
    '"Estimate"',
    '"Priority"',
    '"Project ID"',
    '"Project"',
    '"Creator"',
    '"Assignee"',
    '"Labels"',
    '"Cycle Number"',
    '"Cycle Name"',
    '"Cycle Start"',
    '"Cycle End"',
    '"Created"',
    '"Updated"',
    '"Started"',
    '"Triaged"',
    '"Completed"',
    '"Canceled"',
    '"Archived"',
    '"Due Date"',
    '"Parent issue"',
    '"Initiatives"',
    '"Project Milestone ID"',
    '"Project Milestone"',
    '"SLA Status"',
    '"UUID"',
    '"Time in status (minutes)"',
    '"Related to"',
    '"Blocked by"',
    '"Duplicate of"',
]
CELLS = {
    "ID": "WEB-12", "Team": "Website", "Title": "Rebuild pages", "Description": "Some **bold** text", "Status": "In Progress", "Estimate": "3",
    "Priority": "High", "Project": "Relaunch", "Creator": "ann@acme.example", "Assignee": "bob@acme.example", "Labels": "Bug, needs seo",
    "Cycle Number": "7", "Cycle Start": "2026-11-16T00:00:00.000Z", "Cycle End": "2026-11-30T00:00:00.000Z",
    "Created": "Wed May 13 2026 11:21:41 GMT+0000 (GMT+00:00)", "Updated": "2026-07-01T11:51:28.123Z", "Started": "2026-05-14T09:00:00.000Z",
    "Due Date": "Thu Jun 25 2026 00:00:00 GMT+0000 (GMT+00:00)", "Parent issue": "WEB-2", "Initiatives": "Grow, Trust",
    "Project Milestone": "Launch", "UUID": "u-1", "Related to": "WEB-3, WEB-4", "Blocked by": "WEB-5", "Duplicate of": "",
}  # fmt: skip
NAMES = [name.strip('"') for name in WIDE]


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    return puller(tmp_path)


def table(names: list[str], *rows: dict[str, str]) -> str:
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)


@pytest.mark.parametrize("width", [25, 29, 30, 34])
def test_linear_is_read_in_every_width(pull: Pull, width: int) -> None:
    names = NAMES if width == 34 else [*NAMES[:29], "Roadmaps"][:width]
    got = pull({"a.csv": table(names, CELLS)})
    item = got.items[0]
    assert item.key == "WEB-12"
    assert item.id == ("u-1" if width == 34 else "WEB-12")
    assert (item.backlog, item.project, item.parent, item.kind) == ("WEB", "Relaunch", "WEB-2", "bug")
    assert item.labels == ("Bug", "needs seo")
    assert (item.created, item.updated) == (millis("2026-05-13T11:21:41+00:00"), millis("2026-07-01T11:51:28.123+00:00"))
    assert item.started == millis("2026-05-14T09:00:00+00:00")
    assert (item.due, item.body, item.estimate, item.state) == ("2026-06-25", "Some bold text", 3.0, "doing")
    assert "bob" not in repr(item)
    assert got.last.backlogs is not None
    assert [(backlog.key, backlog.name, backlog.kind) for backlog in got.last.backlogs] == [("WEB", "Website", "team")]
    assert got.last.sprints is not None
    assert [(sprint.id, sprint.name, sprint.state) for sprint in got.last.sprints] == [("WEB/cycle-7", "Cycle 7", "active")]
    assert not got.problems("timezone")
    if width > 25:
        assert item.goals == ("Grow", "Trust")
        assert item.versions == (("Launch",))
        assert got.last.goals is not None
        assert [objective.title for objective in got.last.goals.objectives] == ["Grow", "Trust"]
    if width == 34:
        assert {(link.kind, link.target) for link in got.links} == {("relates", "WEB-3"), ("relates", "WEB-4"), ("blocked_by", "WEB-5")}


def test_linear_states_come_from_status_and_dates(pull: Pull) -> None:
    rows = [
        {"ID": "W-1", "Team": "W", "Title": "a", "Status": "Shipped to moon", "Completed": "2026-01-02T00:00:00.000Z"},
        {"ID": "W-2", "Team": "W", "Title": "b", "Status": "Canceled", "Canceled": "2026-01-03T00:00:00.000Z"},
        {"ID": "W-3", "Team": "W", "Title": "c", "Status": "Backlog"},
        {"ID": "W-4", "Team": "W", "Title": "d", "Status": "Done", "Archived": "2026-01-03T00:00:00.000Z"},
    ]
    got = pull({"a.csv": table(NAMES, *rows)}).by_key
    assert [got[key].state for key in ("W-1", "W-2", "W-3", "W-4")] == ["done", "cancelled", "todo", "done"]
    assert got["W-1"].finished == millis("2026-01-02T00:00:00+00:00")
    assert got["W-2"].finished == millis("2026-01-03T00:00:00+00:00")
    assert got["W-4"].archived


def test_a_row_without_its_last_field_is_a_row(pull: Pull) -> None:
    text = table(NAMES[:30], CELLS, {"ID": "WEB-13", "Team": "Website", "Title": "x"})
    got = pull({"a.csv": text.rstrip("\n").rsplit(',"', 1)[0] + "\n"})
    assert set(got.by_key) == {"WEB-12", "WEB-13", "Relaunch"}
    assert got.coverage.complete


def test_a_project_that_is_only_named_becomes_the_unit_over_its_issues(pull: Pull) -> None:
    open_ = {
        "ID": "WEB-13",
        "Team": "Website",
        "Title": "x",
        "Status": "In Progress",
        "Project": "Gifts",
        "Created": "2026-02-01T10:00:00.000Z",
    }
    done = {**open_, "ID": "WEB-14", "Status": "Done", "Created": "2026-01-01T10:00:00.000Z", "Completed": "2026-01-09T10:00:00.000Z"}
    child = {**open_, "ID": "WEB-15", "Parent issue": "WEB-13"}
    got = pull({"a.csv": table(NAMES[:30], open_, done, child)})
    project = got.by_key["Gifts"]
    assert (project.kind, project.level, project.their_kind, project.state) == ("epic", 1, "Project", "doing")
    assert project.created == got.by_key["WEB-14"].created
    assert [got.by_key[key].parent for key in ("WEB-13", "WEB-14", "WEB-15")] == [project.id, project.id, "WEB-13"]
    assert got.coverage.read == 3, "a project without a row of its own is no row that was read"
    ended = pull({"a.csv": table(NAMES[:30], done)}).by_key["Gifts"]
    assert (ended.state, ended.finished) == ("done", got.by_key["WEB-14"].finished)


def test_the_importers_template_has_no_keys_and_ids_that_stay(pull: Pull) -> None:
    names = ["Title", "Description", "Priority", "Status", "Labels", "Estimate", "Project", "Project Milestone"]
    one = {"Title": "First", "Status": "Backlog", "Labels": "area:web,type:feature", "Project": "Console", "Project Milestone": "Phase 1"}
    two = {"Title": "Second", "Status": "Done"}
    first = pull({"plan.csv": table(names, one, two, two)})
    assert len({item.id for item in first.items if item.level < 1}) == 3
    assert first.items[0].project == "Console"
    assert (first.items[0].kind, first.items[1].kind) == ("story", "story")
    assert {item.backlog for item in first.items} == {"plan"}
    assert first.problems("no_key")
    again = pull({"plan.csv": table(names, {"Title": "Zero"}, one, two, two)})
    assert {item.id for item in first.items} < {item.id for item in again.items}
    assert {item.backlog for item in pull({"plan.csv": table(names, one)}, backlog="Console team").items} == {"Console team"}


@pytest.mark.parametrize(
    ("header", "cells", "kind", "state"),
    [
        ("Issue,Title,Type,Activity Type,Resolved Date,Project", "AB-1,Fix it,Bug,New,2026-03-26,AB", "bug", "done"),
        ("Key;Name;Status", "AB-1;Fix it now;In Progress", "other", "doing"),
        ("Ticket,Summary,State,Type", "AB-1,Fix it,Done,Task", "task", "done"),
        ("Schlüssel;Titel;Status;Typ", "AB-1;Fix it;Erledigt;Fehler", "bug", "done"),
        ("Clé;Titre;Statut;Type", "AB-1;Fix it;En cours;Récit", "story", "doing"),
        ("Clave;Título;Estado;Tipo", "AB-1;Fix it;En curso;Historia", "story", "doing"),
        ("Chave;Título;Situação;Tipo", "AB-1;Fix it;Concluído;Tarefa", "task", "done"),
        ("キー,タイトル,状態,種別", "AB-1,Fix it,進行中,バグ", "bug", "doing"),
        ("sep=;\nID;User Story;Status", "AB-1;Fix it now;To Do", "other", "todo"),
        ("My backlog export\n\nKey\tTitle\tStatus", "AB-1\tFix it\tTo Do", "other", "todo"),
    ],
)
def test_home_made_lists_are_read_by_sensible_headers(pull: Pull, header: str, cells: str, kind: str, state: str) -> None:
    got = pull({"a.csv": f"{header}\n{cells}\n"})
    item = got.items[0]
    assert item.key == "AB-1"
    assert item.title.startswith("Fix it")
    assert (item.kind, item.state, item.backlog) == (kind, state, "AB")
    assert got.coverage.complete


def test_further_columns_of_a_home_made_list_are_fields(pull: Pull) -> None:
    item = pull({"a.csv": "Key,Title,Status,Key Result,OKR Link\nAB-1,Fix it,To Do,KR1,O1/KR1\n"}).items[0]
    assert item.fields == (("Key Result", "KR1"), ("OKR Link", "O1/KR1"))


def test_plain_numbers_are_keys_of_their_own_list_only(pull: Pull) -> None:
    got = pull(
        {"a.csv": "ID,Title,Status\n1,First thing,To Do\n2,Other,Done\n", "b.csv": "ID,Title,Status\n1,Another thing,To Do\n2,More,Done\n"}
    )
    assert len({item.id for item in got.items}) == 4
    assert not got.problems("duplicate")


def test_an_epic_named_by_its_title_is_the_parent(pull: Pull) -> None:
    text = "Key,Title,Type,Status,Epic\nAB-1,Checkout relaunch,Epic,To Do,\nAB-2,Fix it,Story,To Do,Checkout relaunch\nAB-3,Else,Story,To Do,Unknown one\n"
    got = pull({"a.csv": text}).by_key
    assert (got["AB-2"].parent, got["AB-3"].parent) == ("AB-1", "")


def test_a_title_with_a_comma_and_no_quotes_is_refused_not_shifted(pull: Pull) -> None:
    got = pull({"a.csv": "Key,Title,Status,Created\nAB-1,Fix a, b and c,To Do,2026-01-02\nAB-2,Fine,Done,2026-01-02\n"})
    assert set(got.by_key) == {"AB-2"}
    assert "a.csv:2" in got.problems("bad_row")[0]
