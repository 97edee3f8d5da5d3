"""Promises of the network that reads a text as a whole."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from okrbot import reader
from okrbot.app import App
from okrbot.reader import pieces
from okrbot.store import tables as t

LEVELS = ("key_result", "objective")


def test_words_are_cut_into_known_pieces_that_make_them_up_again() -> None:
    named = {number: piece for piece, number in pieces.vocabulary().items()}
    for word in ("onboarding", "kundenzufriedenheit", "réabonnement", "99", "%"):
        (plain,) = pieces.words(word)
        assert "".join(named[number].removeprefix("##") for number in pieces.cut(plain)) == plain


def test_signs_stand_alone_and_accents_and_capitals_are_dropped() -> None:
    assert pieces.words("Größe: 30 %→50%") == ["große", ":", "30", "%", "→", "50", "%"]
    assert pieces.words("l'Équipe\u200b d’Achat") == ["l", "'", "equipe", "d", "’", "achat"]


def test_a_word_without_pieces_is_unknown_and_not_an_error() -> None:
    unknown = pieces.vocabulary()[pieces.UNKNOWN]
    assert pieces.cut("ꙮꙮ") == (unknown,)
    assert pieces.cut("a" * 5_000) == (unknown,)


def test_a_long_text_is_read_up_to_the_last_piece_that_fits() -> None:
    numbers = pieces.numbers("grow " * 10_000)
    assert len(numbers) == pieces.LONGEST
    assert (numbers[0], numbers[-1]) == (pieces.vocabulary()[pieces.BEGIN], pieces.vocabulary()[pieces.END])


def test_the_vocabulary_has_every_piece_once() -> None:
    lines = [line for line in (reader.HERE / "pieces.txt").read_text(encoding="utf-8").split("\n") if line]
    assert len(lines) == len(set(lines)) == len(pieces.vocabulary())
    assert {pieces.UNKNOWN, pieces.BEGIN, pieces.END} <= set(lines)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", ["", " ", "x", "ship " * 5_000, "<script>\x00\ud7ff%s", "日本語のテキスト", "Publish 12 articles"])
def test_any_text_gets_chances_that_sum_to_one(text: str, level: str) -> None:
    chances = reader.goal(text, level)
    assert sum(chances) == pytest.approx(1.0, abs=1e-5)
    assert all(0.0 <= chance <= 1.0 for chance in chances)


def test_the_same_text_gets_the_same_chances_again() -> None:
    assert len({reader.goal("Partners send their own invoices, 40 of 60", "key_result") for _ in range(20)}) == 1


def test_two_judges_together_are_surer_where_they_agree_and_less_sure_where_they_do_not() -> None:
    agreed, torn = reader.together((0.6, 0.3, 0.1), (0.7, 0.1, 0.2)), reader.together((0.8, 0.1, 0.1), (0.1, 0.8, 0.1))
    assert agreed[0] > 0.65
    assert torn[0] == pytest.approx(torn[1])
    for chances in (agreed, torn, reader.together((1.0, 0.0), (0.0, 1.0))):
        assert sum(chances) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "ship " * 5_000, "<script>\x00%s", "日本語", "Login ist langsam"])
def test_any_title_gets_chances_and_any_two_titles_the_same_answer_in_either_order(text: str) -> None:
    assert sum(reader.item(text)) == pytest.approx(1.0, abs=1e-5)
    assert reader.same_work(text, "Dark mode for the reports") == reader.same_work("Dark mode for the reports", text)


def test_a_text_the_words_are_sure_of_opens_no_network() -> None:
    program = (
        "import sys\n"
        "from okrbot.wording import judge\n"
        "print(judge('Publish 12 blog articles', level='key_result').kind, 'onnxruntime' in sys.modules)\n"
        "judge('Zero-friction checkout', level='objective')\n"
        "print('onnxruntime' in sys.modules)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert said == ["output", "False", "True"]


def test_another_word_in_a_room_is_another_judge(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    words = tmp_path / "lists" / "words.txt"
    words.write_text("launch", encoding="utf-8")
    first = reader.mark("items", tmp_path)
    assert reader.mark("items", tmp_path) == first
    assert reader.mark("pairs", tmp_path) != first
    words.write_text("launch, build", encoding="utf-8")
    assert reader.mark("items", tmp_path) != first


@pytest.mark.parametrize("kept", ["item_text@", "twins@"])
def test_what_another_judge_said_is_dropped_and_judged_again(organisation: App, kept: str) -> None:
    task = t.judgements.c.task
    with organisation.store() as store:
        with store.begin() as db:
            rows = db.execute(sa.select(t.judgements.c.text_hash, t.judgements.c.verdict).where(task.startswith(kept))).all()
            before = {row.text_hash: row.verdict for row in rows}
            db.execute(sa.update(t.judgements).where(task.startswith(kept)).values(task=kept + "an older one", verdict="{}"))
        organisation.audit(store, as_of=dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC))
        with store.connect() as db:
            after = db.execute(sa.select(t.judgements.c.text_hash, t.judgements.c.verdict, task).where(task.startswith(kept))).all()
    assert before
    assert {hash_: verdict for hash_, verdict, _ in after} == before
    assert not any("older" in name for *_, name in after)
