"""`okrbot judge`: any CSV a person may have, answers in order, and what people say about a text counts from then on."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import AS_OF

from okrbot.app import App
from okrbot.cli import cli
from okrbot.facts import build

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("OKRBOT_CONFIG", raising=False)


def judged(content: str | bytes, tmp_path: Path, *more: str) -> list[dict[str, object]]:
    file = tmp_path / "texts.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    result = CliRunner().invoke(cli, ["judge", "--file", str(file), "--format", "json", *more], standalone_mode=False)
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def texts(rows: list[dict[str, object]]) -> list[object]:
    return [row["text"] for row in rows]


def test_one_object_a_text_in_order_with_the_contracts_keys(tmp_path: Path) -> None:
    rows = judged(
        "text,level\nPublish 12 articles,key_result\nBuild a customer portal,objective\nFix the login,item\nPublish 12 articles,key_result\n",
        tmp_path,
    )
    assert texts(rows) == ["Publish 12 articles", "Build a customer portal", "Fix the login", "Publish 12 articles"]
    assert [row["level"] for row in rows] == ["key_result", "objective", "item", "key_result"]
    for row in rows:
        assert {"text", "level", "kind", "confidence", "because"} <= row.keys()
        assert isinstance(row["because"], list)
        assert 0 <= float(str(row["confidence"])) <= 1
    assert rows[0] == rows[3]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('text\n"two\nlines"\nnext\n', ["two\nlines", "next"]),
        ('text\r\n"two\r\nlines"\r\nnext\r\n', ["two\r\nlines", "next"]),
        ("\ufefftext\nReach NPS 60\n", ["Reach NPS 60"]),
        ('\ufeff"text","level"\n"Reach, then keep, NPS 60",key_result\n', ["Reach, then keep, NPS 60"]),
        ("id,TEXT ,note\n1,Reach NPS 60,x\n2,,y\n3\n", ["Reach NPS 60", "", ""]),
        ("text;level\nReach NPS 60, then 70;key_result\n", ["Reach NPS 60, then 70"]),
        ("text\tlevel\nReach NPS 60\tobjective\n", ["Reach NPS 60"]),
        ('text\n""\n" "\n–\n🚀\n', ["", " ", "–", "🚀"]),
        ('text\n"he said ""yes"" to 5 %"\n', ['he said "yes" to 5 %']),
        ("text\nwith\u2028a line separator\x0band\x85more\n", ["with\u2028a line separator\x0band\x85more"]),
        ("text\n", []),
    ],
)
def test_texts_come_back_as_they_were_written(tmp_path: Path, content: str, wanted: list[str]) -> None:
    assert texts(judged(content, tmp_path)) == wanted


def test_a_spreadsheets_unicode_text_is_read(tmp_path: Path) -> None:
    assert texts(judged("text\tlevel\nReach NPS 60\tkr\n".encode("utf-16"), tmp_path)) == ["Reach NPS 60"]


def test_a_text_without_words_is_unclear(tmp_path: Path) -> None:
    for level in ("key_result", "objective", "item"):
        rows = judged('text\n""\n" "\n???\n🚀\n', tmp_path, "--level", level)
        assert [row["kind"] for row in rows] == ["unclear"] * 4
        assert {row["level"] for row in rows} == {level}


def test_a_level_in_the_file_goes_before_the_option(tmp_path: Path) -> None:
    rows = judged("text,level\na goal,Key Result\na goal,\na goal,objective\n", tmp_path, "--level", "item")
    assert [row["level"] for row in rows] == ["key_result", "item", "objective"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("title,level\na,item\n", r"texts\.csv:1: has no column 'text'\. It has: title, level"),
        ("", r"texts\.csv:1: has no column 'text'"),
        ('text,level\n"a\nb",item\nc,story\n', r"texts\.csv:4: level 'story' is not known\. Write one of key_result"),
        (b"text\nGr\xf6\xdfe\n", r"is not UTF-8 text\. Save it"),
    ],
)
def test_a_file_that_cannot_be_read_names_place_and_remedy(tmp_path: Path, content: str | bytes, said: str) -> None:
    file = tmp_path / "texts.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    result = CliRunner().invoke(cli, ["judge", "--file", str(file)], standalone_mode=False)
    assert result.stdout == ""
    assert re.search(said, str(result.exception)), result.exception


def test_standard_input_is_a_file_too() -> None:
    result = CliRunner().invoke(
        cli, ["judge", "--file", "-", "--format", "json"], input='text\n"a\nb"\nReach NPS 60\n', standalone_mode=False
    )
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["a\nb", "Reach NPS 60"]


def test_a_huge_text_is_answered(tmp_path: Path) -> None:
    for level in ("key_result", "objective", "item"):
        rows = judged("text\n" + "reach 60 % " * 100_000 + "\nnext\n", tmp_path, "--level", level)
        assert len(rows) == 2
    assert len(judged("text\n" + "reach 60 % " * 100_000 + "\n", tmp_path)) == 1


def test_five_thousand_rows_are_answered_in_order(tmp_path: Path) -> None:
    with (Path(__file__).parent / "corpus" / "goals_train.csv").open(encoding="utf-8", newline="") as file:
        source = [row["text"] for row in csv.DictReader(file)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text"])
    writer.writerows([f"{source[n % len(source)]} {n}"] for n in range(5_000))
    assert len(judged(out.getvalue(), tmp_path)) == 5_000


def test_a_nasty_text_stays_a_text(run: Run) -> None:
    result = run("judge", "Reach \x1b[31m60\x1b[0m % \ud83d sign-ups")
    assert result.exception is None
    assert "\x1b" not in result.stdout


# --- what people say --------------------------------------------------------------------------------------------------

TITLE = "Publish 12 articles"


def kind_of(run: Run, text: str, config: Path, level: str = "key_result") -> str:
    return str(json.loads(run("judge", text, "--level", level, "--format", "json", config=config).stdout)["kind"])


def test_a_taught_verdict_counts_until_it_is_taken_back(organisation: App, run: Run) -> None:
    config = organisation.config.path
    assert kind_of(run, TITLE, config) == "output"
    said = run("judge", "--teach", "outcome", "--why", "our readers write them", TITLE, config=config)
    assert "From now on this key result is outcome" in said.stdout
    assert kind_of(run, TITLE, config) == "outcome"
    assert kind_of(run, f"  {TITLE} ", config) == "outcome"
    assert kind_of(run, TITLE, config, level="objective") == "output"  # said of a key result, not of an objective
    text_form = run("judge", TITLE, "--level", "key_result", config=config).stdout
    assert "[the built-in judge says output]" in text_form
    run("judge", "--teach", "outcome_unmeasured", "--why", "thought again", TITLE, config=config)
    assert kind_of(run, TITLE, config) == "outcome_unmeasured"
    assert "Taken back" in run("judge", "--forget", TITLE, config=config).stdout
    assert kind_of(run, TITLE, config) == "output"
    assert "Nobody said anything" in str(run("judge", "--forget", TITLE, config=config).exception)


def test_what_people_said_is_given_back_as_csv(organisation: App, run: Run, tmp_path: Path) -> None:
    config = organisation.config.path
    run("judge", "--teach", "outcome", "--why", "=cmd()", TITLE, config=config)
    run("judge", "--teach", "problem", "--why", "says what hurts, nothing more", "=1+1 is wrong", config=config)
    file = tmp_path / "said.csv"
    run("judge", "--export", file, config=config)
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert rows == [
        ["text", "level", "kind", "why"],
        [TITLE, "key_result", "outcome", "'=cmd()"],
        ["'=1+1 is wrong", "item", "problem", "says what hurts, nothing more"],
    ]
    assert run("judge", "--export", config=config).stdout.startswith("text,level,kind,why\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--teach", "great", "--why", "x", TITLE), "'great' is no verdict"),
        (("--teach", "bug", "--level", "objective", "--why", "x", TITLE), "no verdict on objective"),
        (("--teach", "outcome", TITLE), "needs --why"),
        (("--teach", "outcome", "--why", "x"), "needs a TEXT"),
        (("--teach", "outcome", "--why", "x", "--forget", TITLE), "exclude each other"),
        (("--why", "x", TITLE), "belong to --teach"),
    ],
)
def test_a_wrong_word_is_explained(organisation: App, run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in str(run("judge", *words, config=organisation.config.path).exception)


def test_a_persons_word_reaches_key_results_objectives_and_items_in_the_facts(organisation: App, run: Run) -> None:
    config = organisation.config.path
    with organisation.store() as store:
        facts = build(store, organisation.config, AS_OF)
        key_result = facts.connection.execute(
            "select title from key_result where active and text_kind = 'outcome' order by key limit 1"
        ).fetchall()[0][0]
        objective = facts.connection.execute(
            "select title from objective where active and text_kind = 'qualitative' order by key limit 1"
        ).fetchall()[0][0]
        open_item = "select title from item where text_kind = 'solution' and state in ('todo', 'doing') order by key limit 1"
        item = facts.connection.execute(open_item).fetchall()[0][0]  # what was done long ago is not judged any more
        facts.close()
    for text, level, kind in ((key_result, "key_result", "output"), (objective, "objective", "has_metric"), (item, "item", "problem")):
        run("judge", "--teach", kind, "--level", level, "--why", "we know better", text, config=config)
    with organisation.store() as store:
        facts = build(store, organisation.config, dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        found = [
            facts.connection.execute(f"select distinct text_kind, text_confidence from {table} where title = ?", [title]).fetchall()
            for table, title in (("key_result", key_result), ("objective", objective), ("item", item))
        ]
        facts.close()
    assert [rows[0] for rows in found] == [("output", 1.0), ("has_metric", 1.0), ("problem", 1.0)]


def test_judging_needs_no_configuration_and_no_store(run: Run, tmp_path: Path) -> None:
    assert run("judge", TITLE, "--format", "json").exit_code == 0
    bare = tmp_path / "bare.toml"
    bare.write_text('[okrbot]\nstore = "sqlite:///nowhere.db"\n', encoding="utf-8")
    assert run("judge", TITLE, config=bare).exit_code == 0
    assert not (tmp_path / "nowhere.db").exists()
