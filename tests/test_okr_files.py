"""What the readers of OKR files promise: the whole shape is read, and what cannot be meant is refused with line and remedy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.okr_files import OkrFileError, read
from okrbot.model import Goals

Read = Callable[..., Goals]

WHOLE = """\
[[cycles]]
name = "2026-Q4"
start = 2026-10-01
end = 2026-12-31

[[objectives]]
id = "O1"
title = "Shoppers trust our checkout"
cycle = "2026-Q4"
level = "company"
parent = ""
product = "Shop"
owner = "po@acme.example"

[[objectives.key_results]]
id = "KR1"
title = "Raise checkout completion from 62 % to 70 %"
metric = "checkout completion"
unit = "%"
baseline = 62.0
target = 70
current = 64.5
due = 2026-12-31
kind = "aspirational"
cadence = "weekly"
progress = "metric"
items = ["SHOP-12"]

[[objectives.key_results.check_ins]]
on = 2026-10-19
value = 63.9

[[objectives.key_results.check_ins]]
on = 2026-10-12
value = 63.1
confidence = 6
note = "slow start"

[[objectives]]
id = "O2"
title = "Fewer calls"
cycle = "2026-Q4"
parent = "KR1"
"""


@pytest.fixture
def read_files(tmp_path: Path) -> Read:
    def run(**files: str | bytes) -> Goals:
        names = []
        for key, content in files.items():
            name = key.replace("__", ".")
            names.append(name)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(names, folder=tmp_path, fetch=no_network)

    return run


def no_network(address: str) -> bytes:
    raise AssertionError(f"nothing is to be fetched, not even {address}")


def test_a_whole_file_is_read(read_files: Read) -> None:
    goals = read_files(okrs__toml=WHOLE)
    result = goals.key_results[0]
    assert [cycle.end for cycle in goals.cycles] == ["2026-12-31"]
    assert [(objective.id, objective.parent, objective.where) for objective in goals.objectives] == [
        ("O1", "", "okrs.toml:6"),
        ("O2", "KR1", "okrs.toml:39"),
    ]
    assert (result.baseline, result.target, result.current, result.unit, result.due) == (62.0, 70.0, 64.5, "%", "2026-12-31")
    assert (result.kind, result.cadence, result.progress, result.items, result.where) == (
        "aspirational",
        "weekly",
        "metric",
        ("SHOP-12",),
        "okrs.toml:15",
    )
    assert [(said.on, said.value, said.confidence) for said in goals.check_ins] == [("2026-10-12", 63.1, 6.0), ("2026-10-19", 63.9, None)]


def test_only_ids_titles_and_a_cycle_are_required(read_files: Read) -> None:
    goals = read_files(
        a__toml='[[objectives]]\nid = "O"\ntitle = "T"\ncycle = "2026-Q3"\n[[objectives.key_results]]\nid = "K"\ntitle = "R"\n'
    )
    assert goals.key_results[0].baseline is None
    assert (goals.cycles[0].start, goals.cycles[0].end) == ("2026-07-01", "2026-09-30")


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        ('metric = "checkout completion"', 'metrik = "x"', "okrs.toml:18", 'did you mean "metric"'),
        ('id = "KR1"', "", "okrs.toml:15", "has no id"),
        ('title = "Fewer calls"', "", "okrs.toml:39", "has no title"),
        ('title = "Fewer calls"', 'title = ""', "okrs.toml:41", "has no title"),
        ('cycle = "2026-Q4"\nlevel', "level", "okrs.toml:6", "has no cycle"),
        ('cycle = "2026-Q4"\nparent = "KR1"', 'cycle = "2026-Q5"', "okrs.toml:42", 'did you mean "2026-Q4"'),
        ("baseline = 62.0", 'baseline = "62 %"', "okrs.toml:20", "baseline = 62"),
        ("baseline = 62.0", "baseline = nan", "okrs.toml:20", "no number"),
        ("baseline = 62.0", "baseline = true", "okrs.toml:20", "true or false"),
        ("due = 2026-12-31", "due = 2026-02-30", "okrs.toml:23", "2026-02-30 is a day that does not exist"),
        ("due = 2026-12-31", "due = 2026-13-31", "okrs.toml:23", "2026-13-31 is a day that does not exist"),
        ("due = 2026-12-31", 'due = "31.12.2026"', "okrs.toml:23", "2026-12-31"),
        ('items = ["SHOP-12"]', 'items = "SHOP-12"', "okrs.toml:27", "a list"),
        ('kind = "aspirational"', 'kind = "aspirationnal"', "okrs.toml:24", 'did you mean "aspirational"'),
        ('level = "company"', 'level = "galaxy"', "okrs.toml:10", "company, product, team"),
        ("confidence = 6", "confidence = 60", "okrs.toml:36", "0 to 10"),
        ("on = 2026-10-19\n", "", "okrs.toml:29", "has no on"),
        ('parent = "KR1"', 'parent = "KR2"', "okrs.toml:43", 'did you mean "KR1"'),
        ('parent = ""', 'parent = "O2"', "okrs.toml:11", "circle"),
        ('id = "O2"', 'id = "O1"', "okrs.toml:39", "already used at okrs.toml:6"),
        ('id = "O2"', 'id = "KR1"', "okrs.toml:39", "already used"),
        ("id = \"O2\"", "id = 2", "okrs.toml:40", "a text"),
        ("end = 2026-12-31", "end = 2026-01-31", "okrs.toml:1", "before its start"),
        ("[[cycles]]", "[cycles]", "okrs.toml:1", "[[cycles]]"),
        ('owner = "po@acme.example"', "owner = po@acme", "okrs.toml:13", "no TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_where_it_stands(read_files: Read, before: str, after: str, where: str, said: str) -> None:
    assert before in WHOLE
    with pytest.raises(OkrFileError) as error:
        read_files(okrs__toml=WHOLE.replace(before, after, 1))
    message = str(error.value)
    assert message.startswith(f"{where}: ")
    assert said in message
    assert len(message.splitlines()) <= 3


def test_a_key_result_outside_its_objective_is_shown_its_place(read_files: Read) -> None:
    with pytest.raises(OkrFileError, match=r"a\.toml:1: .*\[\[objectives\.key_results\]\]"):
        read_files(a__toml='[[key_results]]\nid = "K"\ntitle = "R"\n')


def test_texts_in_the_file_do_not_lead_lines_astray(read_files: Read) -> None:
    tricky = '[[objectives]]\nid = "O"\nbody = """\n[[objectives]]\nid = 3\n"""\ntitle = "T"\ncycle = "2026-Q1"\nlevel = "tema"\n'
    with pytest.raises(OkrFileError, match=r'^a\.toml:9: .*did you mean "team"'):
        read_files(a__toml=tricky)


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xfe\x00",
        b"x = [[[",
        b"a = 1" + b"0" * 6000,
        b"\xef\xbb\xbf[[objectives",
        b"x = " + b"[" * 20_000,
        b"   \n",
        b'id = "\x00"',
        b"a = 1\r b = 2",
    ],
)
def test_files_that_are_no_toml_are_one_message(read_files: Read, bad: bytes) -> None:
    with pytest.raises(OkrFileError) as error:
        read_files(a__toml=bad)
    assert str(error.value).startswith("a.toml")


def test_a_byte_order_mark_is_no_error(read_files: Read) -> None:
    assert len(read_files(okrs__toml=b"\xef\xbb\xbf" + WHOLE.encode()).objectives) == 2


# --- sheets ---


def test_a_sheet_has_a_key_result_a_row(read_files: Read) -> None:
    text = (
        "objective_id,objective,cycle,level,product,id,key_result,metric,unit,baseline,target,current,owner,due,kind,items\n"
        'O1,Trust,2026-Q4,company,Shop,KR1,Completion,completion,,62 %,70 %,64.5 %,ann@acme.example,2026-12-31,committed,"SHOP-1, SHOP-2"\n'
        "O1,Trust,2026-Q4,company,Shop,KR2,Returns,,items,1.2k,800,,bob@acme.example,31/12/2026,,\n"
    )
    goals = read_files(a__csv=text)
    first, second = goals.key_results
    assert [objective.id for objective in goals.objectives] == ["O1"]
    assert (first.baseline, first.unit, first.items, first.kind, first.where) == (62.0, "%", ("SHOP-1", "SHOP-2"), "committed", "a.csv:2")
    assert (second.baseline, second.unit, second.due) == (1200.0, "items", "2026-12-31")


@pytest.mark.parametrize(
    "header",
    [
        "Objective,Key Result,Cycle,Baseline,Target,Owner",
        "Ziel,Schlüsselergebnis,Zyklus,Startwert,Zielwert,Verantwortlich",
        "Objectif,Résultat clé,Trimestre,Valeur initiale,Cible,Responsable",
        "Objetivo,Resultado clave,Trimestre,Valor inicial,Meta,Responsable",
        "Objetivo,Resultado chave,Trimestre,Valor inicial,Meta,Responsável",
        "目標,主な成果,四半期,初期値,目標値,担当者",
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheets_are_read_in_six_languages(read_files: Read, header: str, delimiter: str) -> None:
    text = f"{header}\nTrust,Completion,2026-Q4,62 %,70 %,ann\n,Returns,,5,3,ann\n".replace(",", delimiter)
    goals = read_files(a__csv=text)
    assert [(result.title, result.baseline, result.target, result.owner) for result in goals.key_results] == [
        ("Completion", 62.0, 70.0, "ann"),
        ("Returns", 5.0, 3.0, "ann"),
    ]
    assert {result.objective for result in goals.key_results} == {goals.objectives[0].id}


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("62 %", 62.0, "%"), ("1.2k", 1200.0, ""), ("3,5", 3.5, ""), ("€1.2M", 1_200_000.0, "€"), ("1.200,50 €", 1200.5, "€"), ("1,234.56", 1234.56, ""),
        ("-5", -5.0, ""), ("12 min", 12.0, "min"), ("1,5 Mio €", 1_500_000.0, "€"), ("10 000", 10_000.0, ""), ("4.5/5", 4.5, ""), ("n/a", None, ""), ("", None, ""),
        ("$3.4bn", 3.4e9, "$"), ("1,200", 1200.0, ""), ("0.5", 0.5, ""),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(read_files: Read, cell: str, value: float | None, unit: str) -> None:
    goals = read_files(a__csv=f'objective,key_result,cycle,target\nA,B,2026-Q4,"{cell}"\n')
    assert (goals.key_results[0].target, goals.key_results[0].unit) == (value, unit)


def test_the_sheet_itself_tells_a_decimal_comma(read_files: Read) -> None:
    goals = read_files(a__csv="objective;key_result;cycle;baseline;target\nA;B;2026-Q4;3,5;1.200\n")
    assert goals.key_results[0].target == 1200.0


def test_check_ins_come_from_a_further_file_or_from_columns(read_files: Read) -> None:
    results = "objective_id,objective,cycle,id,key_result\nO1,A,2026-Q4,KR1,B\n"
    further = "key_result,on,value,confidence,note\nKR1,19/10/2026,64 %,6,ok\nKR1,12/10/2026,63 %,,\n"
    goals = read_files(a__csv=results, b__csv=further)
    assert [(said.key_result, said.on, said.value, said.confidence, said.note) for said in goals.check_ins] == [
        ("KR1", "2026-10-12", 63.0, None, ""),
        ("KR1", "2026-10-19", 64.0, 6.0, "ok"),
    ]
    dated = read_files(c__csv="objective,key_result,cycle,2026-10-12,2026-10-19\nA,B,2026-Q4,1,2\n")
    assert [(said.on, said.value) for said in dated.check_ins] == [("2026-10-12", 1.0), ("2026-10-19", 2.0)]
    twice = read_files(d__csv="objective,key_result,cycle,on,value,on,value\nA,B,2026-Q4,2026-10-12,1,2026-10-19,2\n")
    assert [said.value for said in twice.check_ins] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("objective,key_result,cycle,targt\nA,B,2026-Q4,3\n", 'a.csv:1: .*did you mean "target"'),
        ("objective,key_result,cycle,target\nA,B,2026-Q4,lots\n", "a.csv:2: target: 'lots' is no number"),
        ("objective,key_result,cycle\nA,B,\n", "a.csv:2: .*no cycle"),
        ("objective,key_result,cycle\n,B,2026-Q4\n", "a.csv:2: .*no objective"),
        ("objective,key_result,cycle\nA,B,2026-Q4\nA,C,2026-Q4\n,D,\n", "a.csv:4: .*no objective"),
        ("objective,key_result,cycle\nA,B,Autumn\n", "a.csv:2: .*declared nowhere"),
        ("objective,key_result,cycle,due\nA,B,2026-Q4,3/4/26\n", "day or month first"),
        ("objective,key_result,cycle,due\nA,B,2026-Q4,2026-02-30\n", "a.csv:2: due"),
        ("objective,id,key_result,cycle\nA,K,B,2026-Q4\nA,K,C,2026-Q4\n", "a.csv:3: .*already used at a.csv:2"),
        ("objective_id,objective,key_result,cycle\nO,A,B,2026-Q4\nO,Z,C,2026-Q4\n", "a.csv:3: .*another id"),
        ("key_result,on,value\nKR9,2026-10-12,3\n", "a.csv:2: .*in no file"),
        ("foo,bar\n1,2\n", "a.csv:1: no column"),
        ("<!DOCTYPE html><html>Sign in</html>", "publish the sheet as CSV"),
        ('objective,key_result,cycle\n"A,B,2026-Q4\n', "a.csv:2: .*not closed"),
    ],
)
def test_a_sheet_is_refused_where_it_cannot_be_meant(read_files: Read, text: str, said: str) -> None:
    with pytest.raises(OkrFileError, match=said):
        read_files(a__csv=text)


def test_columns_of_other_things_are_named_not_refused(read_files: Read) -> None:
    goals = read_files(a__csv="objective,key_result,cycle,Favourite colour\nA,B,2026-Q4,blue\n")
    assert "Favourite colour" in goals.problems[0].message


def test_files_are_one_set(read_files: Read) -> None:
    goals = read_files(
        a__toml='[[objectives]]\nid = "O1"\ntitle = "T"\ncycle = "2026-Q4"\n', b__csv="objective,key_result,cycle,parent\nA,B,2026-Q4,O1\n"
    )
    assert goals.objectives[1].parent == "O1"
    with pytest.raises(OkrFileError, match=r"^a2\.toml:1: .*a\.toml:1"):
        read_files(
            a__toml='[[objectives]]\nid = "O1"\ntitle = "T"\ncycle = "2026-Q4"\n',
            a2__toml='[[objectives]]\nid = "O1"\ntitle = "U"\ncycle = "2026-Q4"\n',
        )


# --- addresses ---


def test_a_published_sheet_is_fetched_once_and_read(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return b"objective,key_result,cycle\nA,B,2026-Q4\n"

    goals = read(["https://sheets.example/pub?output=csv&key=secret"], folder=tmp_path, fetch=fetch, timezone=dt.UTC)
    assert asked == ["https://sheets.example/pub?output=csv&key=secret"]
    assert "secret" not in goals.key_results[0].where
    read(["https://docs.google.com/spreadsheets/d/abc-1/edit#gid=77"], folder=tmp_path, fetch=fetch)
    assert asked[-1] == "https://docs.google.com/spreadsheets/d/abc-1/export?format=csv&gid=77"


@pytest.mark.parametrize(
    "address", ["http://sheets.example/a.csv", "ftp://x/a.csv", "https://user:pw@sheets.example/a.csv", "file:///etc/passwd"]
)
def test_addresses_that_are_not_safe_are_refused_unfetched(tmp_path: Path, address: str) -> None:
    with pytest.raises(OkrFileError) as error:
        read([address], folder=tmp_path, fetch=no_network)
    assert "pw" not in str(error.value)


def test_plain_http_is_for_loopback_and_a_failing_line_is_said(tmp_path: Path) -> None:
    def down(address: str) -> bytes:
        raise ConnectionError(f"cannot reach {address}")

    with pytest.raises(OkrFileError, match="cannot be fetched") as error:
        read(["http://127.0.0.1:9/a.csv?key=secret"], folder=tmp_path, fetch=down)
    assert "secret" not in str(error.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(OkrFileError, match=r"^okrs\.toml: is not in"):
        read(["okrs.toml"], folder=tmp_path, fetch=no_network)
    (tmp_path / "okrs").mkdir()
    with pytest.raises(OkrFileError, match="is a folder"):
        read(["okrs"], folder=tmp_path, fetch=no_network)
