"""Rules of a user's own through the verbs: a slow one is stopped and named, the audit goes on, and `rules check` explains."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from conftest import AS_OF

from okrbot.app import App, open_app
from okrbot.audit.own import OwnRules
from okrbot.factbook import TABLES
from okrbot.facts import Facts, build
from okrbot.rulebook import RuleError, read_folder, shipped_folder
from okrbot.rulebook.query import run_query
from okrbot.sandbox.allowed import FUNCTIONS

Run = Callable[..., Result]
PAGE = """# Items that wait

Somebody waits for this and nobody says so.

```toml
severity = "medium"
subject = "item"
days = 20
```

## What to do
Decide it or drop it.

## What the bot asks
Is {key} still wanted?

## How it is found
```sql
QUERY
```

## Examples
| key | quiet_days | state | flagged |
| --- | --- | --- | --- |
| A-1 | 21 | todo | yes |
| A-2 | 30 | todo | yes |
| A-3 | 99 | todo | yes |
| A-4 | 20 | todo |  |
| A-5 | 1 | todo |  |
| A-6 |  | todo |  |
"""
GOOD = "select key, 'waits for ' || quiet_days::integer || ' days' as note\nfrom item where state = 'todo' and quiet_days > :days"
SLOW = "select key, count(*)::varchar as note from item, range(100000) a, range(100000) b, range(100000) c\nwhere a.range * b.range % 7 = c.range % 5 and quiet_days > :days group by key"
BIG = "select key, list(a.range)::varchar as note from item, range(100000) a, range(100000) b where quiet_days > :days group by key"
SPY = "select key, content as note\nfrom item, read_text('okrbot.toml')\nwhere quiet_days > :days"


def write(folder: Path, **queries: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, query in queries.items():
        (folder / f"{name}.md").write_text(PAGE.replace("QUERY", query), encoding="utf-8")
    return folder


@pytest.fixture
def configured(organisation: App) -> Path:
    """Return the sample's configuration with a folder of its own rules."""
    path = organisation.config.path
    text = path.read_text(encoding="utf-8")
    assert "[rules]" not in text or "folders" not in text
    line = 'folders = ["our-rules"]\n'
    path.write_text(text.replace("[rules]\n", "[rules]\n" + line) if "[rules]\n" in text else text + "\n[rules]\n" + line, encoding="utf-8")
    return path


def test_a_slow_a_big_and_a_spying_rule_are_named_and_the_audit_goes_on(configured: Path, run: Run) -> None:
    write(configured.parent / "our-rules", waiting=GOOD, slow=SLOW, big=BIG, spy=SPY)
    started = time.monotonic()
    result = run("audit", "--no-pull", "--as-of", "2026-11-16T07:00", "--format", "json", config=configured)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    rules = {rule["rule"]: rule for rule in said["rules"]}
    assert rules["waiting"]["outcome"] in ("flagged", "clear")
    assert rules["waiting"]["checked"] > 0
    for name in ("slow", "big"):
        assert rules[name]["outcome"] == "failed"
        assert f"'{name}' gave no verdict: it was stopped" in rules[name]["reason"]
    assert rules["spy"]["outcome"] == "failed"
    assert "spy.md:20" in rules["spy"]["reason"]
    assert "from read_text(…) is not allowed" in rules["spy"]["reason"]
    shipped = [rule for rule in said["rules"] if rule["family"] != "own"]
    assert shipped
    assert not [rule["rule"] for rule in shipped if rule["outcome"] == "failed"]
    assert any(finding["rule"] == "waiting" for finding in said["findings"]) == (rules["waiting"]["outcome"] == "flagged")
    assert time.monotonic() - started < 40


def test_every_shipped_page_says_the_same_inside_as_outside(facts: Facts) -> None:
    pages = list(read_folder(shipped_folder(), shipped=False).values())
    with OwnRules(facts.connection, AS_OF, pages, {}) as own:
        for page in pages:
            assert own(page, {}) == run_query(facts.connection, page, {}, AS_OF), page.name


def test_the_child_gets_every_value_of_every_table_unchanged(facts: Facts, tmp_path: Path) -> None:
    page_text = PAGE.replace("QUERY", "select key, '' as note from item where quiet_days > :days")
    for table in TABLES:
        if table.name in ("pair", "link", "change", "check_in"):
            continue
        query = f"select *, '' as note from {table.name} where :days > 0"
        path = tmp_path / f"all_of_{table.name}.md"
        path.write_text(
            page_text.replace("select key, '' as note from item where quiet_days > :days", query).replace(
                'subject = "item"', f'subject = "{table.name}"'
            ),
            encoding="utf-8",
        )
        page = read_folder(path.parent, shipped=False)[path.stem]
        path.unlink()
        with OwnRules(facts.connection, AS_OF, [page], {}) as own:
            inside = own(page, {})
        assert inside.rows == run_query(facts.connection, page, {}, AS_OF).rows, table.name


def test_rules_check_explains_every_page_with_line_and_remedy(tmp_path: Path, run: Run) -> None:
    folder = write(
        tmp_path / "ours",
        good=GOOD,
        spy=SPY,
        typing="select key, title as note from item where quiet_dayz > :days",
        writer="delete from item where quiet_days > :days",
        clock="select key, title as note from item\nwhere created > now() - to_days(:days)",
    )
    result = run("rules", "check", folder)
    assert result.exit_code == 0 or result.return_value == 2
    said = result.stderr
    assert "spy.md:20: from read_text(…) is not allowed. A rule may read" in said
    assert "clock.md:20: the function now() reads the clock. Use :as_of" in said
    assert "writer.md:19: a rule is one select" in said
    assert "typing.md:19: the query does not fit the fact tables" in said
    assert "quiet_days" in said
    assert "good.md" not in said
    assert "5 pages checked, 4 with a mistake." in result.stdout


MANY = """# Many mistakes

```toml
severity = "urgent"
subject = "ticket"
needs = ["luck"]
days = [1]
```

## What to do

## What the bot asks
Is {{key}} late

## How it is found
```sql
select key, title as note from item
```

## Examples
| key | flagged |
| --- | --- |
| A-1 | yes | yes |
| A-2 |
"""


def test_rules_check_tells_every_mistake_of_a_page_in_the_order_of_its_lines(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "many.md").write_text(MANY, encoding="utf-8")
    result = run("rules", "check", folder)
    assert result.return_value == 2
    said = [line for line in result.stderr.splitlines() if line.startswith(str(folder))]
    wanted = ("says nothing between", "severity = 'urgent'", "subject = 'ticket'", "needs must be", "'days' must be", "'## What to do' is empty",
              "must end in '?'", "3 cells", "1 cells")  # fmt: skip
    assert len(said) == len(wanted)
    assert all(any(part in line for line in said) for part in wanted)
    numbers = [int(line.split(":")[1]) for line in said]
    assert numbers == sorted(numbers)
    assert "1 pages checked, 1 with a mistake." in result.stdout


def test_rules_check_tells_what_it_can_of_a_query_it_does_not_run_and_every_wrong_example(tmp_path: Path, run: Run) -> None:
    folder = write(
        tmp_path / "ours",
        spy=SPY.replace(":days", ":dayz") if ":days" in SPY else SPY,
        off=GOOD.replace("> :days", "<= :days") if "> :days" in GOOD else GOOD,
    )
    said = run("rules", "check", folder).stderr
    assert said.count("off.md:") > 3
    assert "spy.md:20: from read_text(…) is not allowed" in said
    assert "the setting 'days' is not used in the query" in said


def test_another_verb_names_the_first_mistake_and_how_many_more_there_are(configured: Path, run: Run) -> None:
    (configured.parent / "our-rules").mkdir(exist_ok=True)
    (configured.parent / "our-rules" / "many.md").write_text(MANY, encoding="utf-8")
    said = run("audit", "--no-pull", config=configured).exception
    assert isinstance(said, RuleError)
    assert "many.md:1: says nothing between" in str(said)
    assert str(said).endswith("(8 more on this page; `okrbot rules check` tells all.)")


def test_rules_check_of_a_bomb_ends(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrbot.cli.rules.CHECK_SECONDS", 1)
    result = run("rules", "check", write(tmp_path / "ours", slow=SLOW))
    assert result.return_value == 2
    assert "slow.md:24: it was stopped: it took more than 1 s" in result.stderr


def test_a_setting_from_the_configuration_counts_inside_too(configured: Path, run: Run) -> None:
    write(configured.parent / "our-rules", waiting=GOOD)
    with configured.open("a", encoding="utf-8") as file:
        file.write("\n[rules.waiting]\ndays = 100000\n")
    result = run("audit", "--no-pull", "--as-of", "2026-11-16T07:00", "--format", "json", config=configured)
    rule = next(rule for rule in json.loads(result.stdout)["rules"] if rule["rule"] == "waiting")
    assert (rule["outcome"], rule["flagged"]) == ("clear", 0)


def test_without_rules_of_ones_own_no_child_is_started(organisation: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a child was started")

    monkeypatch.setattr("okrbot.sandbox.cell.subprocess.Popen", never)
    with organisation.store() as store:
        assert organisation.audit(store, as_of=AS_OF, remember=False).rules


def test_the_rule_runs_where_the_program_is_only_a_checkout(tmp_path: Path) -> None:
    """The child finds okrbot by the parent's own path, whatever the working directory is."""
    import subprocess
    import sys

    root = Path(__file__).parents[1]
    for part in ("okrbot", "rules", "templates", "connectors"):
        shutil.copytree(root / part, tmp_path / "copy" / part, ignore=shutil.ignore_patterns("__pycache__"))
    folder = write(tmp_path / "ours", good=GOOD, spy=SPY)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "copy")}
    done = subprocess.run(
        [sys.executable, "-m", "okrbot", "rules", "check", str(folder)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 pages checked, 1 with a mistake." in done.stdout, done.stderr


def test_a_rule_that_cannot_start_says_so(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [read_folder(shipped_folder(), shipped=False)["no_key_result"]]
    monkeypatch.setattr("okrbot.sandbox.cell._BOOT", "import sys; sys.exit(3)")
    with OwnRules(facts.connection, AS_OF, pages, {}) as own, pytest.raises(RuleError, match="did not take in the facts"):
        own(pages[0], {})


@pytest.fixture(scope="module")
def facts(audited: Path) -> Iterator[Facts]:
    """Return the sample's facts, for tests that only read them."""
    app = open_app(audited / "okrbot.toml", clock=lambda: AS_OF)
    with app.store() as store:
        built = build(store, app.config, AS_OF)
    yield built
    built.close()


def test_what_a_rule_returns_is_never_run_outside(facts: Facts, tmp_path: Path) -> None:
    queries = {
        "settings": "select key, '' as note, 'item where false union select current_setting(''secret_directory'')' as subject_kind from item where quiet_days > :days or true",
        "file": "select key, '' as note, 'read_text(''/etc/hostname'')' as subject_kind from item where quiet_days > :days or true",
        "word": "select key, '' as note, 'terrible' as severity from item where quiet_days > :days or true",
    }
    pages = read_folder(write(tmp_path / "ours", **queries), shipped=False)
    with OwnRules(facts.connection, AS_OF, list(pages.values()), {}) as own:
        for page in pages.values():
            with pytest.raises(RuleError, match="must be one of"):
                own(page, {})


def test_a_question_fills_in_columns_and_nothing_else(facts: Facts, tmp_path: Path, run: Run) -> None:
    questions = ["{key:>2000000000}", "{key.__class__}", "{key!r}", "{key[0]}", "{}", "{key"]
    folder = write(tmp_path / "ours", **{f"odd_{n}": GOOD for n in range(len(questions))})
    for n, question in enumerate(questions):
        path = folder / f"odd_{n}.md"
        path.write_text(path.read_text(encoding="utf-8").replace("Is {key} still wanted?", f"Is {question} wanted?"), encoding="utf-8")
    assert run("rules", "check", folder).stderr.count("the question uses") == len(questions)
    pages = read_folder(folder, shipped=False)
    with OwnRules(facts.connection, AS_OF, list(pages.values()), {}) as own:
        for page in pages.values():
            with pytest.raises(RuleError, match="the question uses"):
                own(page, {})


def test_the_manual_lists_every_function() -> None:
    manual = (Path(__file__).parents[1] / "docs" / "own-rules.md").read_text(encoding="utf-8")
    assert [name for name in sorted(FUNCTIONS) if f"`{name}`" not in manual] == []
