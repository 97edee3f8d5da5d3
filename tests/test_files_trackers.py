"""What the files source promises about boards and lists of other tools: titles, states, parents and what it could not tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from exports import Pull, millis, puller


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    return puller(tmp_path)


def test_a_trello_board_is_read_with_its_lists_as_states(pull: Pull) -> None:
    text = (
        "Card ID,Card Name,Card URL,Labels,Due Date,Last Activity Date,List ID,List Name,Board ID,Board Name,Archived\n"
        "5f,Login,https://board.example/c/aa,growth,2026-11-20T10:00:00.000Z,2026-11-19T10:00:00.000Z,l1,Doing,b1,Shop board,false\n"
        "60,Checkout,https://board.example/c/bb,,,2026-11-19T10:00:00.000Z,l2,Done,b1,Shop board,true\n"
    )
    got = pull({"trello.csv": text})
    login, checkout = got.items
    assert (login.key, login.title, login.state, login.their_state) == ("5f", "Login", "doing", "Doing")
    assert (login.backlog, login.url, login.due) == ("Shop board", "https://board.example/c/aa", "2026-11-20")
    assert (checkout.state, checkout.archived, login.archived) == ("done", True, False)
    assert (got.coverage.read, got.coverage.expected) == (2, 2)


def test_an_asana_project_is_read_with_sections_and_parents_by_name(pull: Pull) -> None:
    text = (
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Due Date,Tags,Notes,Projects,Parent task\n"
        "1201,2026-10-01,,2026-11-01,Guest checkout,In progress,Ann,2026-12-31,growth,notes,Shop,\n"
        "1202,2026-10-01,2026-11-02,2026-11-02,Pay button,Done,Ann,,,,Shop,Guest checkout\n"
        "1203,2026-10-01,2026-11-03,2026-11-02,Pay b,Backlog,Ann,,,,Shop,\n"
    )
    got = pull({"asana.csv": text}).by_key
    assert [got[key].state for key in ("1201", "1202", "1203")] == ["doing", "done", "done"]
    assert got["1202"].parent == "1201"
    assert got["1203"].finished == millis("2026-11-03T00:00+00:00")


def test_an_azure_query_is_read_with_its_own_words(pull: Pull) -> None:
    text = (
        "ID,Work Item Type,Title,Assigned To,State,Tags,Area Path,Iteration Path,Created Date,Changed Date,Parent\n"
        "101,Feature,Guest checkout,Ann,Active,growth; web,Shop\\Web,Shop,10/1/2026 9:00:00 AM,11/19/2026 7:31:00 PM,\n"
        "102,User Story,Pay button,,New,,Shop\\Web,Shop\\S1,10/1/2026 9:00:00 AM,11/19/2026 7:31:00 PM,101\n"
        "103,Bug,Crash,,Resolved,,Shop\\Web,Shop\\S1,10/13/2026 9:00:00 AM,11/19/2026 7:31:00 PM,101\n"
        "104,Feature,Old,,Removed,,Shop\\Web,Shop\\S1,10/13/2026 9:00:00 AM,11/19/2026 7:31:00 PM,\n"
        "105,Product Backlog Item,Old2,,Committed,,Shop\\Web,Shop\\S1,10/13/2026 9:00:00 AM,11/19/2026 7:31:00 PM,101\n"
    )
    got = pull({"az.csv": text}).by_key
    assert [got[str(n)].state for n in range(101, 106)] == ["doing", "todo", "doing", "cancelled", "doing"]
    assert [(got[key].kind, got[key].level) for key in ("101", "104")] == [("epic", 1), ("story", 0)]
    assert (got["102"].parent, got["102"].backlog, got["102"].team, got["102"].sprints) == ("101", "Web", "Web", ("Web/S1",))
    assert got["101"].sprints == ()
    assert got["103"].updated == millis("2026-11-19T19:31+00:00")


def test_a_tree_of_titles_gives_titles_and_parents(pull: Pull) -> None:
    text = "ID,Work Item Type,Title 1,Title 2,Title 3,State\n201,Epic,Top,,,Active\n202,Feature,,Mid,,New\n203,User Story,,,Leaf,Closed\n204,Feature,,Mid 2,,New\n"
    got = pull({"tree.csv": text}).by_key
    assert [(item.title, item.parent) for item in got.values()] == [("Top", ""), ("Mid", "201"), ("Leaf", "202"), ("Mid 2", "201")]


def test_a_list_whose_names_are_single_words_has_titles(pull: Pull) -> None:
    got = pull({"m.csv": "Name,Owner,Status,Due date,Item ID\nGate,Ann,Working on it,2026-12-31,881\nHall,Bob,Stuck,2026-12-31,882\n"})
    assert [(item.key, item.title, item.state) for item in got.items] == [("881", "Gate", "doing"), ("882", "Hall", "doing")]


def test_issues_of_a_code_host_are_read(pull: Pull) -> None:
    text = "number,title,state,labels,created_at,closed_at,html_url\n12,Crash on start,open,bug,2026-10-01T10:00:00Z,,https://code.example/a/b/issues/12\n13,Add export,closed,enhancement,2026-10-01T10:00:00Z,2026-11-01T10:00:00Z,\n"
    got = pull({"gh.csv": text}).by_key
    assert (got["12"].kind, got["12"].state, got["12"].url) == ("bug", "todo", "https://code.example/a/b/issues/12")
    assert (got["13"].state, got["13"].finished) == ("done", millis("2026-11-01T10:00+00:00"))


def test_without_a_header_status_words_are_the_status_and_not_the_title(pull: Pull) -> None:
    got = pull({"l.csv": "SHOP-1,Build login,In Progress\nSHOP-2,Pay,Done\nSHOP-3,Crash,To Do\n"})
    assert [(item.title, item.state) for item in got.items] == [("Build login", "doing"), ("Pay", "done"), ("Crash", "todo")]
    assert got.problems("guessed_columns")


def test_unknown_status_words_are_listed_with_counts(pull: Pull) -> None:
    got = pull({"a.csv": "Key,Title,Status\nA-1,One thing,Zorblax\nA-2,Two,Zorblax\nA-3,Three,Done\n"})
    assert [item.state for item in got.items] == ["todo", "todo", "done"]
    assert "read as todo: 'Zorblax' (2)" in got.problems("unknown_status")[0]
    assert got.coverage.complete


def test_a_file_without_status_or_titles_says_so(pull: Pull) -> None:
    assert "no status column" in pull({"a.csv": "Key,Title\nA-1,Foo\nA-2,Bar\n"}).problems("no_status")[0]
    assert "no item has a title" in pull({"a.csv": "Key,Status\nA-1,Done\nA-2,To Do\n"}).problems("no_title")[0]
