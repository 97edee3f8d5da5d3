"""Promises of work classes and of the trackers' words: types, levels, states and automation accounts in many languages."""

from __future__ import annotations

import pytest

from okrbot.wording.workclass import ClassSettings, ClassVerdict, classify
from okrbot.words import is_bot, kind_of, level_of, state_of


def classed(their_kind: str, title: str = "", **more: object) -> ClassVerdict:
    given: dict[str, object] = {"kind": kind_of(their_kind), "labels": (), "components": (), "project": ""}
    return classify(their_kind=their_kind, title=title, **{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("their_kind", "work_class"),
    [
        ("Bug", "ktlo"),
        ("Fehler", "ktlo"),
        ("Bogue", "ktlo"),
        ("Erro", "ktlo"),
        ("バグ", "ktlo"),
        ("[System] Incident", "ktlo"),
        ("Störung", "ktlo"),
        ("[System] Service request", "ktlo"),
        ("Änderung", "ktlo"),
        ("Solicitud de servicio", "ktlo"),
        ("Documentation", "ktlo"),
        ("Story", "value"),
        ("Récit", "value"),
        ("Historia", "value"),
        ("História", "value"),
        ("Verbetering", "value"),
        ("Neue Funktion", "value"),
        ("エピック", "value"),
        ("Spike", "discovery"),
        ("調査", "discovery"),
        ("Hypothèse", "discovery"),
        ("Technical Debt", "enabling"),
        ("Technische Schuld", "enabling"),
        ("Enabler Story", "enabling"),
    ],
)
def test_a_telling_type_decides_in_any_language(their_kind: str, work_class: str) -> None:
    verdict = classed(their_kind, "Checkout")
    assert (verdict.work_class, verdict.by) == (work_class, "type")
    assert their_kind in verdict.reason


@pytest.mark.parametrize(
    ("labels", "work_class"),
    [
        (("tech-debt",), "enabling"),
        (("Tech_Debt",), "enabling"),
        (("kind/bug",), "ktlo"),
        (("type:feature",), "value"),
        (("security",), "ktlo"),
        (("priority/high", "spike"), "discovery"),
        (("feature", "security"), "ktlo"),
        (("area:checkout", "research"), "discovery"),
        (("dependencies", "javascript"), "ktlo"),
    ],
)
def test_labels_decide_a_generic_type(labels: tuple[str, ...], work_class: str) -> None:
    verdict = classed("Task", "Checkout", labels=labels)
    assert (verdict.work_class, verdict.by) == (work_class, "label")


@pytest.mark.parametrize(
    ("their_kind", "title", "work_class"),
    [
        ("Task", "Add export button", "value"),
        ("Task", "Users can't find the invoice", "value"),
        ("Task", "Refactor OrderService", "enabling"),
        ("Task", "Write unit tests for the importer", "enabling"),
        ("Task", "Bump lodash from 4.17.20 to 4.17.21", "ktlo"),
        ("Task", "Login fails with 500", "ktlo"),
        ("Task", "Investigate why trial users leave", "discovery"),
        ("Task", "Prototype of the new basket", "discovery"),
        ("Tâche", "Mettre à jour les dépendances", "ktlo"),
        ("Aufgabe", "Herausfinden, warum Nutzer abspringen", "discovery"),
        ("Tarea", "Añadir filtro por fecha", "value"),
        ("", "Dark mode", "value"),
    ],
)
def test_a_generic_type_is_decided_by_its_text(their_kind: str, title: str, work_class: str) -> None:
    verdict = classed(their_kind, title)
    assert (verdict.work_class, verdict.by) == (work_class, "text")
    assert verdict.reason


def test_a_story_that_is_plainly_upkeep_is_not_value() -> None:
    assert classed("Story", "Upgrade Spring Boot to 3.2").work_class == "ktlo"
    assert classed("Story", "Dark mode") == ClassVerdict("value", 0.85, "type “Story”", "type")


def test_where_work_sits_decides_only_what_nothing_else_does() -> None:
    assert classed("Task", "", components=("Infrastructure",)).by == "component"
    assert classed("Task", "", labels=("area:infra",)).work_class == "enabling"
    assert classed("Task", "", project="Service Desk") == ClassVerdict("ktlo", 0.65, "project “Service Desk”", "project")
    assert classed("Task", "Add export button", components=("Infrastructure",)).work_class == "value"


def test_a_sub_task_asks_for_its_parent() -> None:
    for name in ("Sub-task", "Sous-tâche", "サブタスク"):
        assert classed(name, "Write tests").by == "parent"
    assert classed("Sub-task", "x", labels=("bug",)).by == "label"


def test_nothing_known_is_unknown() -> None:
    assert classed("Vorgang", "") == ClassVerdict("unknown", 0.0, "neither type, labels nor text say what it is for", "none")


def test_settings_win_over_everything_and_take_wildcards_in_any_case() -> None:
    settings = ClassSettings(
        types={"bug": "value"}, labels={"TEAM-*": "enabling"}, components={"Ledger": "ktlo"}, projects={"lab*": "discovery"}
    )
    assert classed("Bug", "x", settings=settings) == ClassVerdict("value", 1.0, "your settings say that type “Bug” is value", "type")
    assert classed("Story", "x", labels=("team-blue",), settings=settings).work_class == "enabling"
    assert classed("Story", "x", components=("ledger",), settings=settings).by == "component"
    assert classed("Story", "x", project="Labs Berlin", settings=settings).work_class == "discovery"
    assert classed("Spike", "x", settings=settings).work_class == "discovery"


def test_a_class_that_does_not_exist_is_refused_with_the_key() -> None:
    with pytest.raises(ValueError, match=r"labels\.infra: 'platform' is no work class; write one of value, discovery"):
        ClassSettings(labels={"infra": "platform"})


@pytest.mark.parametrize(
    ("name", "level", "kind"),
    [
        ("Epic", 1, "epic"),
        ("Feature", 1, "epic"),
        ("Feature", None, "story"),
        ("Initiative", None, "initiative"),
        ("Anything", 2, "initiative"),
        ("Anything", -1, "subtask"),
        ("Unteraufgabe", None, "subtask"),
        ("Sous-tâche", None, "subtask"),
        ("Subtarea", None, "subtask"),
        ("Sub-tarefa", None, "subtask"),
        ("Deeltaak", None, "subtask"),
        ("Tâche", 0, "task"),
        ("Taak", 0, "task"),
        ("タスク", 0, "task"),
        ("ストーリー", 0, "story"),
        ("Epos", None, "epic"),
        ("Épica", None, "epic"),
        ("🐞 Bug (customer)", 0, "bug"),
        ("Bug", 1, "bug"),
        ("Experiment", 1, "hypothesis"),
        ("Grumble", None, "other"),
        ("", None, "other"),
    ],
)
def test_types_are_read_in_the_language_they_are_shown_in(name: str, level: int | None, kind: str) -> None:
    assert kind_of(name, level) == kind


def test_levels_order_the_kinds() -> None:
    assert [level_of(kind) for kind in ("initiative", "epic", "story", "bug", "other", "subtask")] == [2, 1, 0, 0, 0, -1]


@pytest.mark.parametrize(
    ("name", "category", "resolution", "state"),
    [
        ("To Do", "new", "", "todo"),
        ("En cours", "", "", "doing"),
        ("In Arbeit", "", "", "doing"),
        ("Erledigt", "", "", "done"),
        ("En curso", "", "", "doing"),
        ("Concluído", "", "", "done"),
        ("Te doen", "", "", "todo"),
        ("完了", "", "", "done"),
        ("進行中", "", "", "doing"),
        ("Won’t do", "done", "", "cancelled"),
        ("Duplicate", "", "", "cancelled"),
        ("Annulé", "Terminé", "", "cancelled"),
        ("Closed", "done", "Won't Fix", "cancelled"),
        ("Closed", "done", "Cannot Reproduce", "cancelled"),
        ("Fermé", "done", "Doublon", "cancelled"),
        ("Closed", "done", "Fixed", "done"),
        ("Closed", "", "not_planned", "cancelled"),
        ("Reopened", "new", "Fixed", "todo"),
        ("Rejected", "indeterminate", "", "doing"),
        ("Rejected", "done", "", "cancelled"),
        ("Made-up", "indeterminate", "", "doing"),
        ("Made-up", "started", "", "doing"),
        ("Made-up", "triage", "", "todo"),
        ("Made-up", "canceled", "", "cancelled"),
        ("Made-up", "Zu erledigen", "", "todo"),
        ("Made-up", "undefined", "Done", "done"),
        ("Made-up", "", "Unresolved", "todo"),
        ("Ready for QA", "", "", "doing"),
        ("Selected for Development", "new", "", "todo"),
        ("", "", "", "todo"),
    ],
)
def test_statuses_become_our_four_states(name: str, category: str, resolution: str, state: str) -> None:
    assert state_of(name, category, resolution) == state


@pytest.mark.parametrize(
    "name",
    [
        "Automation for Jira",
        "dependabot[bot]",
        "ReleaseBot",
        "release-bot",
        "svc-jira",
        "GitHub",
        "GitLab for Jira Cloud",
        "renovate",
        "merge bot",
        "okrbot",
        "Slack",
        "Service Account CI",
    ],
)
def test_automation_accounts_are_bots(name: str) -> None:
    assert is_bot(name)


@pytest.mark.parametrize("name", ["Emma Talbot", "Jo Abbot", "Botond Kiss", "Bob", "", "Claudia Linearo", "Roberta Botelho", "Cabot"])
def test_people_are_no_bots(name: str) -> None:
    assert not is_bot(name)


def test_an_account_type_decides_before_the_name() -> None:
    assert is_bot("Anna", "app")
    assert not is_bot("Anna", "atlassian")
