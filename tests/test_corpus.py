"""Promises about the blind texts: well-formed, balanced, free of repeats, and never part of what the judge learns from."""

import csv
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import judgement  # noqa: E402

CORPUS = ROOT / "tests" / "corpus"
LEXICON_LANGUAGES = {"en", "de", "fr", "es", "pt", "nl"}

COLUMNS = {
    "blind_goals.csv": ["text", "level", "kind", "language", "note"],
    "blind_items.csv": ["text", "kind", "language", "note"],
    "blind_pairs.csv": ["a", "b", "same", "language", "note"],
}
MINIMUM_ROWS = {"blind_goals.csv": 700, "blind_items.csv": 500, "blind_pairs.csv": 300}
GOAL_KINDS = {
    "key_result": {"outcome", "output", "outcome_unmeasured", "unclear"},
    "objective": {"qualitative", "has_metric", "output", "unclear"},
}
MINIMUM_PER_KIND = {
    ("key_result", "outcome"): 240,
    ("key_result", "output"): 150,
    ("key_result", "outcome_unmeasured"): 80,
    ("objective", "qualitative"): 130,
    ("objective", "has_metric"): 40,
    ("objective", "output"): 40,
    ("item", "solution"): 220,
    ("item", "problem"): 100,
    ("item", "bug"): 100,
    ("item", "maintenance"): 75,
}


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of one blind file as dicts; a row with too few or too many cells is an error."""
    with (CORPUS / name).open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, strict=True)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS[name]
    for number, row in enumerate(rows, start=1):
        assert None not in row, f"{name}: record {number} has too many cells"
        assert None not in row.values(), f"{name}: record {number} has too few cells"
    return rows


def bare(text: str) -> str:
    """Return the text in one case, with each run of anything but letters and digits as one space: copies match in spite of punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())


def blind_keys() -> set[frozenset[str]]:
    """Return what must not be learnt from: one bare text for goals and items, both bare titles for pairs."""
    singles = {frozenset({bare(row["text"])}) for name in ("blind_goals.csv", "blind_items.csv") for row in rows_of(name)}
    pairs = {frozenset({bare(row["a"]), bare(row["b"])}) for row in rows_of("blind_pairs.csv")}
    return singles | {pair for pair in pairs if len(pair) == 2}


def leaks(folder: Path, blind: set[frozenset[str]]) -> Iterator[str]:
    """Yield `file:line` for each row of a CSV file under the folder, blind ones aside, that holds a blind text or pair in any columns.

    Of a `groups_train*.txt` it is the component, by its first line, that holds both titles of a blind pair.
    """
    for path in sorted(path for path in folder.rglob("*.csv") if not path.name.startswith("blind_")):
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle)
            for row in reader:
                cells = sorted({bare(cell) for cell in row})
                found = any(frozenset({first, second}) in blind for first in cells for second in cells)
                if found:
                    yield f"{path.name}:{reader.line_num}"
    pairs = [pair for pair in blind if len(pair) == 2]
    for path in sorted(folder.rglob("groups_train*.txt")):
        for line, titles in components(path):
            told = {bare(title) for title in titles}
            if any(pair <= told for pair in pairs):
                yield f"{path.name}:{line}"


def components(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each component of a file of groups: the number of its first line, and its titles."""
    begun, titles = 0, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("# "):
            if begun:
                yield begun, titles
            begun, titles = number, []
        elif line.startswith("= "):
            titles.append(line.removeprefix("= "))
        else:
            assert line in ("", "-"), f"{path.name}:{number} is no title"
    yield begun, titles


@pytest.mark.parametrize("name", COLUMNS)
def test_a_blind_file_is_plain_utf8_with_line_feeds_and_enough_whole_rows(name: str) -> None:
    content = (CORPUS / name).read_bytes()
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\n")
    rows = rows_of(name)
    assert len(rows) >= MINIMUM_ROWS[name]
    required = [column for column in COLUMNS[name] if column != "note"]
    for number, row in enumerate(rows, start=1):
        for column in required:
            assert row[column], f"{name}: record {number} has no {column}"
            assert row[column] == row[column].strip(), f"{name}: record {number} has stray blanks in {column}"


def test_every_answer_is_one_the_judge_may_give() -> None:
    assert [row for row in rows_of("blind_goals.csv") if row["kind"] not in GOAL_KINDS[row["level"]]] == []
    assert {row["kind"] for row in rows_of("blind_items.csv")} == {"solution", "problem", "bug", "maintenance"}
    assert {row["same"] for row in rows_of("blind_pairs.csv")} == {"yes", "no"}


def test_a_goal_is_unclear_exactly_where_its_language_has_no_lexicon() -> None:
    goals = rows_of("blind_goals.csv")
    assert [row for row in goals if (row["kind"] == "unclear") != (row["language"] not in LEXICON_LANGUAGES)] == []
    assert sum(row["kind"] == "unclear" for row in goals) >= 25


def test_every_kind_and_language_has_enough_rows_to_be_measured() -> None:
    kinds = Counter((row["level"], row["kind"]) for row in rows_of("blind_goals.csv"))
    kinds.update(("item", row["kind"]) for row in rows_of("blind_items.csv"))
    assert {kind: kinds[kind] for kind, least in MINIMUM_PER_KIND.items() if kinds[kind] < least} == {}
    for name in COLUMNS:
        rows = rows_of(name)
        languages = Counter(row["language"] for row in rows)
        assert languages.keys() >= LEXICON_LANGUAGES
        assert min(languages[language] for language in LEXICON_LANGUAGES) >= 9
        assert 0.6 <= languages["en"] / len(rows) <= 0.85


def test_about_half_of_the_pairs_are_the_same_work() -> None:
    pairs = rows_of("blind_pairs.csv")
    assert 0.4 <= sum(row["same"] == "yes" for row in pairs) / len(pairs) <= 0.55
    assert [row for row in pairs if row["a"] == row["b"]] == []


@pytest.mark.parametrize("name", ["blind_goals.csv", "blind_items.csv"])
def test_no_text_stands_twice(name: str) -> None:
    texts = Counter(" ".join(row["text"].casefold().split()) for row in rows_of(name))
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_pair_stands_twice_in_either_order() -> None:
    pairs = Counter(tuple(sorted((row["a"].casefold(), row["b"].casefold()))) for row in rows_of("blind_pairs.csv"))
    assert [pair for pair, count in pairs.items() if count > 1] == []


@pytest.mark.parametrize("folder", ["tests", "okrbot", "bench"])
def test_nothing_the_judge_learns_from_stands_in_a_blind_file(folder: str) -> None:
    assert list(leaks(ROOT / folder, blind_keys())) == []


def test_a_copied_text_or_pair_is_found_in_spite_of_case_punctuation_and_order(tmp_path: Path) -> None:
    goal, pair = rows_of("blind_goals.csv")[0], rows_of("blind_pairs.csv")[0]
    with (tmp_path / "goals_train.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([["text", "kind"], ["A goal of nobody's", "output"], [f"  {goal['text'].upper()}! ", goal["kind"]]])
    with (tmp_path / "pairs_train_2.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([["a", "b"], [pair["a"], "quite another thing"], [pair["b"] + ".", pair["a"]]])
    (tmp_path / "groups_train.txt").write_text(
        f"# one product | en\n= {pair['a']}\n-\n= another\n\n# two | en\n= {pair['b'].lower()}\n-\n= [FR] no\n= {pair['a']}!\n",
        encoding="utf-8",
    )
    assert list(leaks(tmp_path, blind_keys())) == ["goals_train.csv:3", "pairs_train_2.csv:3", "groups_train.txt:6"]


def test_every_group_of_titles_has_a_language_and_no_title_of_another_group() -> None:
    components_of = (CORPUS / "groups_train.txt").read_text(encoding="utf-8").split("\n\n")
    assert len(components_of) > 900
    for component in components_of:
        head, *lines = component.strip().splitlines()
        assert head.rpartition(" | ")[2] in LEXICON_LANGUAGES, head
        groups = [set(group.split("\n")) for group in "\n".join(lines).split("\n-\n")]
        assert len(groups) > 1, head
        assert sum(map(len, groups)) == len(set().union(*groups)), head


@pytest.mark.parametrize("family", ["goals", "items"])
def test_what_only_the_readers_learn_from_is_never_measured(family: str) -> None:
    measured = {(row.get("level"), bare(row["text"])) for row in judgement.rows(family, "test")}
    learnt = {(row.get("level"), bare(row["text"])) for part in ("train", "test") for row in judgement.rows(f"{family}_read", part)}
    assert len(learnt) > 5_000
    assert sorted(measured & learnt, key=str) == []
