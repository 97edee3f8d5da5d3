"""What status words promise: a word that says "not yet" is never read as done."""

from __future__ import annotations

import pytest

from okrbot.words import is_known_state, state_of


@pytest.mark.parametrize(
    "status",
    [
        "Not done",
        "Not Done Yet",
        "Incomplete",
        "Unresolved",
        "Not started",
        "To be done",
        "To be completed",
        "Unfinished",
        "Not completed",
        "noch nicht erledigt",
        "Nicht fertig",
        "Non terminé",
        "Pas terminé",
        "no terminado",
        "Sin terminar",
        "não concluído",
        "nog niet klaar",
        "non completato",
        "не готово",
        "未完了",
        "未完成",
        "미완료",
    ],
)
def test_not_done_is_todo(status: str) -> None:
    assert state_of(status) == "todo"
    assert is_known_state(status)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Almost done", "doing"),
        ("Pre-production", "doing"),
        ("To be released", "doing"),
        ("Done", "done"),
        ("No longer needed", "cancelled"),
        ("Not planned", "cancelled"),
        ("Closed - not planned", "cancelled"),
        ("erledigt", "done"),
        ("完了", "done"),
    ],
)
def test_other_words_keep_their_meaning(status: str, state: str) -> None:
    assert state_of(status) == state


def test_the_trackers_category_stands_above_the_words() -> None:
    assert state_of("Not done", "done") == "done"
    assert state_of("Incomplete", "done") == "cancelled"
    assert state_of("Done", "", "Incomplete") == "cancelled"


def test_a_made_up_word_is_known_to_be_unknown() -> None:
    assert not is_known_state("Zorblax")
    assert state_of("Zorblax") == "todo"
