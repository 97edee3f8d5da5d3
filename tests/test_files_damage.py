"""One damaged row never costs a good one: random tables, one random damage, every other row must arrive."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from exports import Pull, puller

from connectors.text import adf_text, body_text, instant_millis, markdown_text, sprint_blob, wiki_text

HEADERS = {
    "jira": [
        "Summary",
        "Issue key",
        "Issue id",
        "Issue Type",
        "Status",
        "Created",
        "Updated",
        "Labels",
        "Labels",
        "Description",
        "Comment",
    ],
    "linear": [
        "ID",
        "Team",
        "Title",
        "Description",
        "Status",
        "Priority",
        "Cycle Number",
        "Created",
        "Updated",
        "Triaged",
        "Canceled",
        "Parent issue",
    ],
    "list": ["Key", "Title", "Status", "Notes"],
}
WORDS = ["alpha", "beta,", '"quoted"', "delta;", "two\nlines", '5" disk', "tab\there"]


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    return puller(tmp_path)


def line(chance: random.Random, header: list[str], number: int, delimiter: str, quoting: int) -> str:
    fixed = {
        "Issue key": f"SHOP-{number}",
        "ID": f"SHOP-{number}",
        "Key": f"SHOP-{number}",
        "Issue id": str(9000 + number),
        "Issue Type": "Story",
    }
    fixed |= {"Status": "To Do", "Created": "2026-01-02 10:00", "Updated": "2026-01-03 10:00", "Team": "Shop"}
    fixed |= {name: f"T{number} " + " ".join(chance.choices(WORDS, k=3)) for name in ("Summary", "Title")}
    fixed |= {name: " ".join(chance.choices(WORDS, k=chance.randint(0, 9))) for name in ("Description", "Notes", "Comment")}
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerow([fixed.get(name, "") for name in header])  # type: ignore[arg-type]
    return out.getvalue()


def damaged(chance: random.Random, text: str, delimiter: str) -> str:
    quotes = [at for at, sign in enumerate(text) if sign == '"'] or [0]
    cuts = [at for at, sign in enumerate(text) if sign == delimiter]
    at = chance.randrange(1, len(text) - 1)
    match chance.choice(["lose a quote", "gain a quote", "open a cell", "break off", "lose a cell", "gain a cell"]):
        case "lose a quote":
            place = chance.choice(quotes)
            return text[:place] + text[place + 1 :] if text[place] == '"' else text
        case "gain a quote":
            return text[:at] + '"' + text[at:]
        case "open a cell":
            place = chance.choice([0, *(cut + 1 for cut in cuts)])
            return text[:place] + '"' + text[place:]
        case "break off":
            return text[:at] + "\n"
        case "lose a cell":
            place = chance.choice(cuts)
            return text[:place] + text[place + 1 :]
        case _:
            place = chance.choice(cuts)
            return text[:place] + delimiter + text[place:]


@pytest.mark.parametrize("seed", range(12))
def test_one_damaged_row_costs_no_other(pull: Pull, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        header = HEADERS[chance.choice(sorted(HEADERS))]
        delimiter, quoting = chance.choice(",;\t"), chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        lines = [line(chance, header, number, delimiter, quoting) for number in range(1, chance.randint(5, 25))]
        victim = chance.randrange(len(lines))
        lines[victim] = damaged(chance, lines[victim], delimiter)
        text = delimiter.join(header) + "\n" + "".join(lines)
        got = pull({"a.csv": text})
        wanted = {f"SHOP-{number}" for number in range(1, len(lines) + 1)} - {f"SHOP-{victim + 1}"}
        assert wanted <= set(got.by_key), text


# --- texts and instants that every connector shares ---


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-08-06T20:06:39.000+0000", 1786046799000), ("2026-08-06T22:06:39+02:00", 1786046799000), ("2026-08-06T20:06:39Z", 1786046799000),
        (1786046799, 1786046799000), (1786046799000, 1786046799000), ("1786046799000", 1786046799000), (1786046799000000, 1786046799000), (None, 0), ("", 0),
    ],
)  # fmt: skip
def test_instants_are_read_in_every_form(value: str | int | None, wanted: int) -> None:
    assert instant_millis(value) == wanted


@pytest.mark.parametrize("value", ["soon", "2026-13-01", float("nan"), float("inf"), True, "9" * 40])
def test_what_is_no_instant_is_refused(value: str | float) -> None:
    with pytest.raises(ValueError, match="no instant"):
        instant_millis(value)


def test_documents_of_any_depth_become_lines() -> None:
    node: dict[str, object] = {"type": "text", "text": "deep"}
    for _ in range(50_000):
        node = {"type": "blockquote", "content": [node]}
    assert adf_text(node) == "deep"
    cells = [{"type": "tableCell", "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]} for text in ("a", "b")]
    table = {"type": "table", "content": [{"type": "tableRow", "content": cells}, {"type": "tableRow", "content": cells}]}
    after = {"type": "paragraph", "content": [{"type": "text", "text": "end"}, {"type": "date", "attrs": {"timestamp": "1577836800000"}}]}
    assert adf_text({"type": "doc", "content": [table, after]}).split() == ["a", "b", "a", "b", "end2020-01-01"]
    assert body_text('{"type":"doc","content":[{"type":"text","text":"kept as text"}]}') == "kept as text"


def test_markup_goes_and_words_stay() -> None:
    wiki = "h2. Goal\n* one *bold* _x_\n||a||b||\n|c|[d|http://e]|\n{code:java}a_b_c{code}\n!i.png|thumb! snake_case_name 5 * 3 * 2"
    assert wiki_text(wiki) == "Goal\n- one bold x\na\tb\nc\td\na_b_c\n snake_case_name 5 * 3 * 2"
    assert markdown_text("# Goal\n* [x] one **bold**\n[t](http://z) `code` snake_case\n> q") == "Goal\n- one bold\nt code snake_case\nq"
    assert wiki_text("plain, [ ] brackets and {braces}") == "plain, [ ] brackets and {braces}"


def test_a_sprint_blob_keeps_commas_in_its_name() -> None:
    sprint = sprint_blob(
        "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=1,rapidViewId=1,state=ACTIVE,name=A, b [c]=d,startDate=<null>,sequence=1]"
    )
    assert sprint is not None
    assert (sprint.id, sprint.name, sprint.state, sprint.start) == ("1", "A, b [c]=d", "active", 0)
    assert sprint_blob("Sprint 1") is None
