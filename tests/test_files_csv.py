"""What the files source promises about Jira CSV: every trap of real exports ends in right data or a loud problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exports import NOW, Pull, millis, puller, surroundings

from connectors import files
from okrbot.model import PullRequest, SourceError


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    return puller(tmp_path)


HEAD = "Summary,Issue key,Issue id,Issue Type,Status,Project key,Created,Updated\n"


def row(number: int, title: str = "Do it", created: str = "2026-02-01 10:00", updated: str = "2026-03-01 10:00") -> str:
    return f"{title},SHOP-{number},{1000 + number},Story,To Do,SHOP,{created},{updated}\n"


# --- encodings and layouts ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_separator_and_line_ends_are_found(pull: Pull, encoding: str, delimiter: str, end: str) -> None:
    text = (HEAD + row(1, "Größe prüfen – café")).replace(",", delimiter).replace("\n", end)
    got = pull({"a.csv": text.encode(encoding)})
    assert got.items[0].title == "Größe prüfen – café"
    assert got.items[0].id == "1001"
    assert got.coverage.complete


def test_repeated_columns_become_lists_and_custom_fields_are_kept(pull: Pull) -> None:
    text = (
        "Summary,Issue key,Issue id,Status,Labels,Labels,Labels,Component/s,Component/s,Fix Version/s,Sprint,Sprint,"
        "Custom field (Key Result),Custom field (Key Result),Custom field (Story Points),Custom field (Rank),Custom field (Team),Security Level\n"
        'A,SHOP-1,1,To Do,x,,y,Web,App,1.0,Sprint 1,Sprint 2,KR1,KR2,"3,5",0|i0001:,Blue,Board only\n'
    )
    item = pull({"a.csv": text}).items[0]
    assert item.labels == ("x", "y")
    assert item.components == ("Web", "App")
    assert item.versions == ("1.0",)
    assert item.sprints == ("SHOP/Sprint 1", "SHOP/Sprint 2")
    assert item.fields == (("Key Result", "KR1, KR2"),)
    assert (item.estimate, item.rank, item.team) == (3.5, "0|i0001:", "Blue")
    assert item.restricted


def test_parents_are_read_in_three_spellings(pull: Pull) -> None:
    text = (
        "Summary,Issue key,Issue id,Status,Parent,Parent key,Custom field (Epic Link)\n"
        "a,SHOP-1,1,To Do,900,,\nb,SHOP-2,2,To Do,,SHOP-9,\nc,SHOP-3,3,To Do,,,SHOP-8\nd,SHOP-4,4,To Do,900,SHOP-9,SHOP-8\n"
    )
    got = pull({"a.csv": text}).by_key
    assert [got[f"SHOP-{n}"].parent for n in (1, 2, 3, 4)] == ["900", "SHOP-9", "SHOP-8", "SHOP-9"]


def test_links_and_comments_are_read_from_their_cells(pull: Pull) -> None:
    text = (
        "Summary,Issue key,Issue id,Status,Created,Inward issue link (Blocks),Outward issue link (Blocks),Outward issue link (Polaris datapoint),Comment,Comment\n"
        'a,SHOP-1,1,To Do,13/Feb/26 9:05 AM,SHOP-2,SHOP-3,SHOP-4,13/Feb/26 9:10 AM;5b10ac8d:77;First; with semicolons,"just\ntext"\n'
    )
    got = pull({"a.csv": text})
    assert {(link.kind, link.target) for link in got.links} == {
        ("blocked_by", "SHOP-2"),
        ("blocks", "SHOP-3"),
        ("polaris datapoint", "SHOP-4"),
    }
    first, second = got.notes
    assert (first.body, first.author, first.at) == ("First; with semicolons", "5b10ac8d:77", millis("2026-02-13T09:10+00:00"))
    assert (second.body, second.at) == ("just\ntext", 0)


LOCALISED = {
    "de": "Zusammenfassung,Vorgangsschlüssel,Vorgangs-ID,Vorgangstyp,Status,Projektschlüssel,Priorität,Erstellt,Fälligkeitsdatum,Stichwörter,Stichwörter,Benutzerdefinierte Felder (Rank),Ausgehende Vorgangsverknüpfung (Blocks),Übergeordnet",
    "fr": "Résumé,Clé de ticket,ID de ticket,Type de ticket,État,Clé de projet,Priorité,Création,Date d'échéance,Étiquettes,Étiquettes,Champs personnalisés (Rank),Lien du ticket sortant (Blocks),Parent",
    "es": "Resumen,Clave de incidencia,ID de la incidencia,Tipo de Incidencia,Estado,Clave del proyecto,Prioridad,Creada,Fecha de vencimiento,Etiquetas,Etiquetas,Campo personalizado (Rank),Enlace de incidencia saliente (Blocks),Principal",
    "pt": "Resumo,Chave da item,ID da item,Tipo de item,Status,Chave do projeto,Prioridade,Criado,Data limite,Categorias,Categorias,Campo personalizado (Rank),Link de saída do item (Blocks),Pai",
    "ja": "要約,課題キー,課題 ID,課題タイプ,ステータス,プロジェクト キー,優先度,作成日,期限,ラベル,ラベル,カスタム フィールド (Rank),外向き課題リンク (Blocks),親",
}


@pytest.mark.parametrize("language", sorted(LOCALISED))
def test_headers_are_known_in_six_languages(pull: Pull, language: str) -> None:
    cells = "Do it,SHOP-1,1001,Bug,To Do,SHOP,High,13/02/26 09:05,14/02/26 00:00,x,y,0|i0001:,SHOP-7,900\n"
    got = pull({"a.csv": LOCALISED[language] + "\n" + cells})
    item = got.items[0]
    assert (item.id, item.key, item.title, item.kind, item.backlog, item.priority) == ("1001", "SHOP-1", "Do it", "bug", "SHOP", "High")
    assert (item.created, item.due) == (millis("2026-02-13T09:05+00:00"), "2026-02-14")
    assert (item.labels, item.rank, item.parent, item.fields) == (("x", "y"), "0|i0001:", "900", ())
    assert [(link.kind, link.target) for link in got.links] == [("blocks", "SHOP-7")]


def test_a_language_without_table_is_read_by_the_shape_of_its_values(pull: Pull) -> None:
    text = "Özet;Anahtar;No;Tür;Durum;Oluşturuldu;Özel alan (Rank);Özel alan (Foo);Inbound bağ (Blocks)\n" + "".join(
        f"iş {n} yapılacak şey;AB-{n};{100 + n};{'Bug' if n % 2 else 'Story'};{'To Do' if n % 3 else 'Done'};{n + 10}/02/26;0|i000{n}:;foo{n};\n"
        for n in range(1, 9)
    )
    got = pull({"a.csv": text})
    item = got.by_key["AB-3"]
    assert (item.id, item.kind, item.state, item.rank, item.title) == ("103", "bug", "done", "0|i0003:", "iş 3 yapılacak şey")
    assert got.problems("guessed_columns")


# --- dates ---


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["19/Feb/26 7:31 PM"], "2026-02-19T19:31"),
        (["19/Feb/26 19:31"], "2026-02-19T19:31"),
        (["2026-02-19 19:31"], "2026-02-19T19:31"),
        (["2026-02-19 19:31:44"], "2026-02-19T19:31:44"),
        (["19/Feb/2026 7:31 PM"], "2026-02-19T19:31"),
        (["Feb/19/26 19:31"], "2026-02-19T19:31"),
        (["19/Feb/26"], "2026-02-19T00:00"),
        (["6/21/2025 16:14"], "2025-06-21T16:14"),
        (["3/4/2025 16:14", "21/4/2025 9:00"], "2025-04-03T16:14"),
        (["3/4/2025 16:14", "4/21/2025 9:00"], "2025-03-04T16:14"),
        (["19/févr./26 7:31 PM"], "2026-02-19T19:31"),
        (["06 abr 2026, 0:36"], "2026-04-06T00:36"),
        (["04/mar./25 2:30 p. m."], "2025-03-04T14:30"),
        (["4. März 2025, 14:30 Uhr"], "2025-03-04T14:30"),
        (["19/dez/25 12:05 AM"], "2025-12-19T00:05"),
        (["2025年3月4日 午後3:04"], "2025-03-04T15:04"),
        (["19/2月/26 10:00"], "2026-02-19T10:00"),
        (["23.10.2024 11:02"], "2024-10-23T11:02"),
        (["2026-02-19T19:31:44.123Z"], "2026-02-19T19:31:44.123"),
        (["45736.5", "45737"], "2025-03-20T12:00"),
    ],
)
def test_every_known_date_layout_is_read(pull: Pull, cells: list[str], first: str) -> None:
    body = "".join(row(number, created=f'"{cell}"', updated="") for number, cell in enumerate(cells, 1))
    assert pull({"a.csv": HEAD + body}).by_key["SHOP-1"].created == millis(first + "+00:00")


def test_day_or_month_first_is_refused_unless_the_file_or_the_setting_tells(pull: Pull) -> None:
    text = HEAD + row(1, created="3/4/25 10:00", updated="") + row(2, created="5/6/25 10:00", updated="")
    got = pull({"a.csv": text})
    assert [item.created for item in got.items] == [0, 0]
    assert len(got.problems("ambiguous_date")) == 1
    assert "created" in got.problems("ambiguous_date")[0]
    assert "day_first" in got.problems("ambiguous_date")[0]
    assert pull({"a.csv": text}, day_first=True).items[0].created == millis("2025-04-03T10:00+00:00")
    assert pull({"a.csv": text}, day_first=False).items[0].created == millis("2025-03-04T10:00+00:00")
    settled = HEAD + row(1, created="3/4/25 10:00", updated="13/4/25 10:00")
    assert pull({"a.csv": settled}).items[0].created == millis("2025-04-03T10:00+00:00")


def test_times_are_read_in_the_exporters_zone_and_due_dates_are_days(pull: Pull) -> None:
    text = "Summary,Issue key,Issue id,Status,Created,Due date\nA,SHOP-1,1,To Do,19/Jul/26 12:30 AM,20/Jul/26 12:00 AM\n"
    here = pull({"a.csv": text}, timezone="Europe/Paris")
    assert here.items[0].created == millis("2026-07-19T00:30+02:00")
    assert here.items[0].due == "2026-07-20"
    assert not here.problems("timezone")
    assert pull({"a.csv": text}).problems("timezone")


def test_one_bad_date_costs_one_cell_not_the_row(pull: Pull) -> None:
    got = pull({"a.csv": HEAD + row(1) + row(2, created="soon") + row(3)})
    assert [bool(item.created) for item in got.items] == [True, False, True]
    assert "line 3" in got.problems("bad_date")[0]
    assert got.coverage.complete


# --- states ---


def test_states_come_from_category_status_and_resolution(pull: Pull) -> None:
    text = (
        "Summary,Issue key,Issue id,Status,Status Category,Resolution,Resolved\n"
        "a,S-1,1,Weird,Done,,2026-01-02\nb,S-2,2,Closed,Done,Won't Do,2026-01-02\nc,S-3,3,Bananas,In Progress,,\nd,S-4,4,Erledigt,Erledigt,,\n"
    )
    got = pull({"a.csv": text}).by_key
    assert [got[f"S-{n}"].state for n in (1, 2, 3, 4)] == ["done", "cancelled", "doing", "done"]
    assert got["S-1"].finished == millis("2026-01-02T00:00+00:00")


# --- damage ---


def test_an_unclosed_quote_costs_one_row_and_names_its_line(pull: Pull) -> None:
    text = HEAD + row(1) + '"Broken,SHOP-2,1002,Story,To Do,SHOP,,\n' + "".join(row(number) for number in range(3, 60))
    got = pull({"a.csv": text})
    assert len(got.items) == 58
    assert "SHOP-2" not in got.by_key
    assert got.problems("bad_row") == ["a.csv:3: a quotation mark is not closed; the row was left out"]
    assert not got.coverage.complete
    assert (got.coverage.read, got.coverage.expected) == (58, 59)
    assert got.last.census is None
    assert got.last.checkpoint is None


def test_two_unclosed_quotes_do_not_pair_over_good_rows(pull: Pull) -> None:
    lines = [row(number) for number in range(1, 30)]
    lines[4] = '"Broken,SHOP-5,1005,Story,To Do,SHOP,,\n'
    lines[20] = 'Broken",SHOP-21,1021,Story,"To Do,SHOP,,\n'
    got = pull({"a.csv": HEAD + "".join(lines)})
    assert {item.key for item in got.items} >= {f"SHOP-{n}" for n in range(1, 30) if n not in (5, 21)}
    assert any("a.csv:6:" in message for message in got.problems("bad_row"))


def test_line_breaks_inside_cells_are_no_damage_and_lines_stay_right(pull: Pull) -> None:
    text = HEAD + row(1, '"one\ntwo\nSHOP-9,three"') + row(2) + "garbage without key,,,,,,,\n"
    got = pull({"a.csv": text})
    assert got.by_key["SHOP-1"].title == "one two SHOP-9,three"
    assert len(got.items) == 2
    assert got.problems("bad_row")[0].startswith("a.csv:6:")


def test_wider_rows_keep_what_is_provably_in_place(pull: Pull) -> None:
    text = (
        HEAD.replace("\n", ",Labels\n")
        + row(1).replace("\n", ",x\n")
        + row(2).replace("\n", ",x,extra,more\n")
        + row(3, "a, b").replace("\n", ",x\n")
    )
    got = pull({"a.csv": text})
    assert set(got.by_key) == {"SHOP-1", "SHOP-2"}
    assert got.by_key["SHOP-2"].updated == millis("2026-03-01T10:00+00:00")
    assert got.by_key["SHOP-2"].labels == ()
    assert "a.csv:3" in got.problems("wide_row")[0]
    assert "a.csv:4" in got.problems("bad_row")[0]


def test_short_rows_blank_rows_footers_and_repeated_headers_are_told_apart(pull: Pull) -> None:
    text = (
        HEAD.replace("\n", ",Labels\n")
        + row(1)
        + "\n,,,,,,,,\n"
        + HEAD
        + row(2)
        + "cut off,SHOP-3\n"
        + row(4)
        + "Generated at 22/Nov/26,,,,\nTotal: 3\n"
    )
    got = pull({"a.csv": text})
    assert set(got.by_key) == {"SHOP-1", "SHOP-2", "SHOP-4"}
    assert {problem.code for problem in got.coverage.problems} == {"bad_row", "short_row", "footer"}
    assert len(got.problems("footer")) == 2
    assert len(got.problems("bad_row")) == 1
    assert "a.csv:7" in got.problems("bad_row")[0]


def test_a_file_cut_in_its_last_row_is_partial(pull: Pull) -> None:
    got = pull({"a.csv": HEAD + row(1) + row(2).rstrip("\n")[:-25]})
    assert got.by_key["SHOP-2"].title == "Do it"
    assert not got.coverage.complete
    assert "ends inside" in got.problems("short_row")[0]


def test_huge_cells_nul_bytes_and_lone_carriage_returns_are_read(pull: Pull) -> None:
    text = (
        HEAD.replace("\n", ",Description\n")
        + row(1).replace("\n", "," + "x" * 200_000 + "\n")
        + row(2, "nul\x00here").replace("\n", ',"a\rb"\n')
    )
    got = pull({"a.csv": text})
    assert len(got.by_key["SHOP-1"].body) == 200_000
    assert got.by_key["SHOP-2"].title == "nul�here"
    assert got.by_key["SHOP-2"].body == "a\nb"
    assert got.coverage.complete


@pytest.mark.parametrize(("rows", "cut"), [(999, False), (1000, True), (1001, False)])
def test_exactly_a_thousand_rows_are_said_to_be_cut(pull: Pull, rows: int, cut: bool) -> None:
    got = pull({"a.csv": HEAD + "".join(row(number) for number in range(rows))})
    assert bool(got.problems("cut")) is cut
    assert len(got.items) == rows
    assert [len(page.items) for page in got.pages][:2] == [500, rows - 500 if rows < 1001 else 500]


def test_many_bad_rows_are_listed_up_to_a_cap_and_counted(pull: Pull) -> None:
    got = pull({"a.csv": HEAD + row(1) + "no key here,,,,,,,\n" * 100})
    assert len(got.items) == 1
    assert len(got.problems("bad_row")) == 21
    assert "80 more" in got.problems("bad_row")[-1]
    assert got.coverage.expected == 101


# --- several files ---


def test_the_newest_of_doubles_wins_within_and_over_files(pull: Pull) -> None:
    old, new = row(1, "Old", updated="2026-03-01 10:00"), row(1, "New", updated="2026-04-01 10:00")
    within = pull({"a.csv": HEAD + new + row(2) + old})
    assert within.by_key["SHOP-1"].title == "New"
    assert len(within.items) == 2
    over = pull({"b/1.csv": HEAD + new, "b/2.csv": HEAD + old + row(3)}, paths=("b/*.csv",))
    assert over.by_key["SHOP-1"].title == "New"
    assert over.last.census == frozenset({"1001", "1003"})
    assert "SHOP-1" in over.problems("duplicate")[0]


def test_a_moved_issue_keeps_its_id_and_remembers_its_key(pull: Pull) -> None:
    moved = "Do it,PAY-7,1001,Story,To Do,PAY,2026-02-01 10:00,2026-05-01 10:00\n"
    got = pull({"a.csv": HEAD + row(1), "b.csv": HEAD + moved})
    assert [(item.id, item.key) for item in got.items] == [("1001", "PAY-7")]
    assert got.last.aliases == (("1001", "SHOP-1"),)


def test_unreadable_files_are_named_with_the_remedy_and_the_others_are_read(pull: Pull) -> None:
    got = pull(
        {
            "good.csv": HEAD + row(1),
            "empty.csv": b"",
            "book.csv": b"PK\x03\x04rest",
            "page.csv": "<!DOCTYPE html><html>Log in</html>",
            "odd.csv": "a,b\n1,2\n",
            "okr.csv": "Objective,Key Result,Baseline,Target\na,b,1,2\n",
            "noise.csv": bytes(range(256)) * 20,
        }
    )
    assert len(got.items) == 1
    assert not got.coverage.complete
    said = {problem.where: problem.message for problem in got.coverage.problems if problem.partial}
    assert set(said) == {"empty.csv", "book.csv", "page.csv", "odd.csv", "okr.csv", "noise.csv"}
    assert "save it as CSV" in said["book.csv"]
    assert "[okrs]" in said["okr.csv"]


def test_a_missing_pattern_is_said_and_no_file_at_all_stops_the_source(pull: Pull, tmp_path: Path) -> None:
    got = pull({"a.csv": HEAD + row(1)}, paths=("a.csv", "b/*.csv"))
    assert "b/*.csv" in got.problems("missing_file")[0]
    assert not got.coverage.complete
    source = files.connect(files.Settings(name="x", paths=("nothing/*.csv",)), surroundings(tmp_path))
    with pytest.raises(SourceError, match="no file matches"):
        list(source.pull(PullRequest(now=NOW)))


def test_an_unchanged_set_is_skipped_and_a_changed_one_is_read(pull: Pull) -> None:
    first = pull({"a.csv": HEAD + row(1)})
    again = pull({"a.csv": HEAD + row(1)}, request=PullRequest(now=NOW, checkpoint=first.last.checkpoint))
    assert not again.items
    assert again.last.census is None
    assert (again.coverage.read, again.coverage.complete, again.coverage.problems) == (1, True, first.coverage.problems)
    assert again.last.checkpoint == first.last.checkpoint
    assert pull({"a.csv": HEAD + row(1)}, request=PullRequest(now=NOW, checkpoint=first.last.checkpoint, full=True)).items
    assert pull({"a.csv": HEAD + row(2)}, request=PullRequest(now=NOW, checkpoint=first.last.checkpoint)).items
    assert pull({"a.csv": HEAD + row(2)}, request=PullRequest(now=NOW, checkpoint="{}")).items
    zone = pull({"a.csv": HEAD + row(2)}, timezone="Asia/Tokyo", request=PullRequest(now=NOW, checkpoint=first.last.checkpoint))
    assert zone.items


def test_links_to_the_tracker_need_the_setting(pull: Pull) -> None:
    assert pull({"a.csv": HEAD + row(1)}, url="https://acme.example/").items[0].url == "https://acme.example/browse/SHOP-1"
    assert pull({"a.csv": HEAD + row(1)}).items[0].url == ""


def test_people_are_opaque(pull: Pull) -> None:
    text = "Summary,Issue key,Issue id,Status,Assignee,Assignee Id,Reporter\nA,S-1,1,To Do,Ada Love,5b10:1,Bob Roy\n"
    item = pull({"a.csv": text}).items[0]
    assert item.assignee == "5b10:1"
    assert item.reporter.startswith("person-")
    assert "Bob" not in repr(item)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"paths": ()}, "paths:"),
        ({"timezone": "Mars/Base"}, "timezone:"),
        ({"url": "acme"}, "url:"),
        ({"encoding": "klingon"}, "encoding:"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        files.connect(files.Settings(**{"name": "x", "paths": ("a.csv",), **settings}), surroundings(tmp_path))


def test_probe_tells_what_is_there(pull: Pull, tmp_path: Path) -> None:
    pull({"a.csv": HEAD + row(1)})
    found = files.connect(files.Settings(name="x", paths=("*.csv",)), surroundings(tmp_path)).probe()
    assert found.samples == ("SHOP-1",)
    assert [backlog.key for backlog in found.backlogs] == ["SHOP"]
    assert not found.history


def test_only_what_follows_the_last_item_is_a_footer_and_it_is_named(pull: Pull) -> None:
    text = "Title,Status\nTotal cost of ownership page,Doing\nTotal redesign,\nFoo,Done\nTotal,Doing\nTotal\n"
    got = pull({"a.csv": text})
    assert [item.title for item in got.items] == ["Total cost of ownership page", "Total redesign", "Foo", "Total"]
    assert got.problems("footer") == ["a.csv:6: 'Total' was taken as a footer, not as an item, and left out"]
    assert got.coverage.complete


def test_japanese_halves_of_the_day_are_read_before_and_behind_the_time(pull: Pull) -> None:
    text = "要約,課題キー,ステータス,作成日,更新日\nA,SHOP-1,進行中,19/11月/26 7:31 午後,2026/10/01 9:00 午前\nB,SHOP-2,完了,01/2月/26 7:31 午前,2026/10/01 12:15 午前\n"
    got = pull({"a.csv": text}).by_key
    assert (got["SHOP-1"].created, got["SHOP-1"].updated) == (millis("2026-11-19T19:31+00:00"), millis("2026-10-01T09:00+00:00"))
    assert (got["SHOP-2"].created, got["SHOP-2"].updated) == (millis("2026-02-01T07:31+00:00"), millis("2026-10-01T00:15+00:00"))


def test_a_column_of_both_date_forms_is_named_without_a_remedy_that_cannot_help(pull: Pull) -> None:
    text = "Summary,Issue key,Issue id,Status,Created\nA,SHOP-1,1,Done,13/04/26 10:00\nB,SHOP-2,2,Done,3/25/26 12:00 AM\nC,SHOP-3,3,Done,3/4/26 12:00 AM\n"
    (told,) = pull({"a.csv": text}).problems("ambiguous_date")
    assert "day-first dates ('13/04/26 10:00') and month-first dates ('3/25/26 12:00 AM')" in told
    assert "day_first =" not in told


def test_a_column_without_one_readable_date_says_what_is_unknown(pull: Pull) -> None:
    got = pull({"a.csv": "Summary,Issue key,Issue id,Status,Created\nA,SHOP-1,1,Done,soon\nB,SHOP-2,2,Done,later\n"})
    assert "none of the 2 dates of column 'created' could be read" in got.problems("bad_date")[0]
    assert "ages and waits" in got.problems("bad_date")[0]


def test_no_message_repeats_its_place(pull: Pull) -> None:
    got = pull({"in/a.csv": "Key,Title\nA-1,Foo\nA-2,\n,\nbroken\n", "in/b.json": "{}", "in/c.csv": "Key,Title,Created\nA-3,x,never\n"})
    assert len(got.coverage.problems) > 3
    assert not [problem for problem in got.coverage.problems if problem.where and problem.message.startswith(problem.where.split(":")[0])]
