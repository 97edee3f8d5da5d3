"""The verbs, through the front door: what they print, how they exit, and that no mistake shows a traceback."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import AS_OF

from okrbot.app import App, open_app
from okrbot.cli import VERBS
from okrbot.cli.shared import instant_of

ROOT = Path(__file__).parents[1]


def okrbot(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run okrbot as a person does, in a process of its own."""
    import os

    env = {**{k: v for k, v in os.environ.items() if k != "OKRBOT_CONFIG"}, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "okrbot", *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=110)


@pytest.fixture
def config(organisation: App) -> Path:
    return organisation.config.path


def test_every_verb_has_help_that_says_what_it_does(tmp_path: Path) -> None:
    whole = okrbot("--help", cwd=tmp_path).stdout
    for verb, (_, line) in VERBS.items():
        assert verb in whole
        assert line.split(";")[0].split(".")[0][:40] in whole
        said = okrbot(verb, "--help", cwd=tmp_path)
        assert said.returncode == 0, said.stderr
        assert said.stdout.startswith("Usage: okrbot")


def test_a_slip_of_the_verb_is_answered_with_the_right_one(tmp_path: Path) -> None:
    said = okrbot("audti", cwd=tmp_path)
    assert said.returncode == 2
    assert "Did you mean 'audit'?" in said.stderr
    assert "Traceback" not in said.stderr


def test_without_a_configuration_the_way_on_is_named(tmp_path: Path) -> None:
    said = okrbot("audit", cwd=tmp_path)
    assert said.returncode == 2
    assert "okrbot init" in said.stderr
    assert "okrbot demo" in said.stderr
    assert "Traceback" not in said.stderr


def test_the_demo_shows_the_whole_job_and_names_what_to_try(tmp_path: Path) -> None:
    said = okrbot("demo", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    for verb in ("pull", "audit --no-pull", "digest --dry-run", "report --output"):
        assert f"okrbot-demo/okrbot.toml {verb}" in said.stdout
    assert "To decide" in said.stdout
    assert len(list(said.stdout.split("Three things to try next:")[1].strip().splitlines())) == 3
    report = (tmp_path / "okrbot-demo" / "report.html").read_text(encoding="utf-8")
    assert "Efficient and effective" in report
    again = okrbot("demo", cwd=tmp_path)
    assert again.returncode == 0
    assert again.stdout == said.stdout


def test_audit_writes_json_csv_and_text_and_exits_as_asked(config: Path, tmp_path: Path) -> None:
    base = ("--config", config, "audit", "--no-pull", "--as-of", "2026-11-16T08:00")
    out = tmp_path / "audit.json"
    assert okrbot(*base, "--format", "json", "--output", out, cwd=tmp_path).returncode == 0
    audit = json.loads(out.read_text(encoding="utf-8"))
    assert audit["schema"] == 1
    assert okrbot(*base, "--fail-on", "high", cwd=tmp_path).returncode == 1
    table = okrbot(*base, "--format", "csv", cwd=tmp_path).stdout.splitlines()
    assert len(table) >= len(audit["findings"])
    assert table[0].startswith("rule,severity,kind,key")
    text = okrbot(*base, cwd=tmp_path).stdout
    assert "What was seen" in text


def test_a_partial_read_exits_with_3_and_is_said(config: Path, tmp_path: Path) -> None:
    export = config.parent / "veldmand-jira.json"
    export.write_text(export.read_text(encoding="utf-8")[:-2_000], encoding="utf-8")
    said = okrbot("--config", config, "pull", cwd=tmp_path)
    assert said.returncode == 3
    assert "jira: partial" in said.stdout
    assert "!" in said.stdout
    assert "Traceback" not in said.stderr


def test_findings_and_waivers_live_in_the_shell_too(config: Path, tmp_path: Path) -> None:
    listed = okrbot("--config", config, "findings", "list", "--rule", "no_key_result", cwd=tmp_path).stdout
    key = listed.split("no_key_result", 1)[1].split()[0]
    shown = okrbot("--config", config, "findings", "show", key, cwd=tmp_path).stdout
    assert "What to do:" in shown
    assert "opened" in shown
    added = okrbot("--config", config, "waivers", "add", "no_key_result", key, "--why", "promised", "--until", "2099-01-01", cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    assert "promised" in okrbot("--config", config, "waivers", "list", cwd=tmp_path).stdout
    assert okrbot("--config", config, "waivers", "remove", "1", cwd=tmp_path).returncode == 0
    assert okrbot("--config", config, "waivers", "remove", "1", cwd=tmp_path).returncode == 2
    assert "No waivers" in okrbot("--config", config, "waivers", "list", cwd=tmp_path).stdout
    wrong = okrbot("--config", config, "waivers", "add", "no_such_rule", key, "--why", "x", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "findings list" in wrong.stderr


def test_a_digest_is_printed_for_one_product_or_all(config: Path, tmp_path: Path) -> None:
    both = okrbot("--config", config, "digest", "--dry-run", cwd=tmp_path).stdout
    assert "Shop: work and goals" in both
    assert "Depot: work and goals" in both
    one = okrbot("--config", config, "digest", "--dry-run", "--product", "Depot", cwd=tmp_path).stdout
    assert "Shop: work and goals" not in one
    wrong = okrbot("--config", config, "digest", "--dry-run", "--product", "Shpo", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "Did you mean 'Shop'?" in wrong.stderr


MISTAKES = {
    "an unknown rule in the configuration": ('[rules]\noff = ["no_key_reslt"]\n', "Did you mean 'no_key_result'?"),
    "an unknown setting of a rule": ("[rules.no_key_result]\ngrace_dys = 4\n", "Did you mean 'grace_days'?"),
    "a setting of the wrong type": ('[rules.no_key_result]\ngrace_days = "four"\n', "must be like 3"),
    "a severity that is none": ('[rules.no_key_result]\nseverity = "fatal"\n', "write high, medium or low"),
    "a folder of rules that is not there": ('[rules]\nfolders = ["our-rules"]\n', "is no folder"),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_about_rules_are_told_before_anything_is_read(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "okrbot.toml").write_text(text, encoding="utf-8")
    result = okrbot("audit", cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 3
    assert not (tmp_path / "okrbot.db").exists()


def test_a_store_that_cannot_be_read_is_told_in_a_line(config: Path, tmp_path: Path) -> None:
    for path in config.parent.glob("okrbot.db*"):
        path.unlink()
    (config.parent / "okrbot.db").write_text("not a database at all, and long enough to be one " * 40, encoding="utf-8")
    result = okrbot("--config", config, "audit", "--no-pull", cwd=tmp_path)
    assert result.returncode == 2
    assert "Is it an okrbot store" in result.stderr
    assert "Traceback" not in result.stderr
    debug = okrbot("--debug", "--config", config, "audit", "--no-pull", cwd=tmp_path)
    assert "Traceback" in debug.stderr


CYCLE = """[[cycles]]
name = "Q4"
start = 2026-10-01
end = 2026-12-31

[[objectives]]
id = "A"
title = "First"
cycle = "Q4"
parent = "B"

[[objectives]]
id = "B"
title = "Second"
cycle = "Q4"
parent = "A"
"""


def test_objectives_that_stand_above_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "okrbot.toml").write_text('[okrs]\nfiles = ["okrs.toml"]\n', encoding="utf-8")
    (tmp_path / "okrs.toml").write_text(CYCLE, encoding="utf-8")
    result = okrbot("pull", cwd=tmp_path)
    assert result.returncode == 2
    assert "okrs.toml:" in result.stderr
    assert "Traceback" not in result.stderr


def test_init_asks_nothing_when_told_and_writes_a_file_that_loads(organisation: App, tmp_path: Path) -> None:
    folder = organisation.config.folder
    words = (
        "init",
        "--non-interactive",
        "--kind",
        "files",
        "--paths",
        f"{folder}/veldmand-*.json",
        "--okrs",
        f"{folder}/okrs.toml",
        "--timezone",
        "Europe/Amsterdam",
    )
    assert okrbot(*words, cwd=tmp_path).returncode == 0
    checked = okrbot("check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "18 objectives" in checked.stdout
    again = okrbot(*words, cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_rules_are_listed_shown_and_checked(tmp_path: Path) -> None:
    assert "no_key_result" in okrbot("rules", "list", cwd=tmp_path, COLUMNS="120").stdout
    assert okrbot("rules", "show", "no_key_result", cwd=tmp_path).stdout.startswith("# Work with no key result")
    assert "Did you mean" in okrbot("rules", "show", "no_key_reslt", cwd=tmp_path).stderr
    assert "all fit to run" in okrbot("rules", "check", cwd=tmp_path).stdout


def test_an_error_is_one_line_whichever_verb_was_imported(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import okrbot.cli.report  # noqa: F401 -- the module of a verb must not hide what tells errors
    from okrbot.cli import main

    (config.parent / "okrbot.db").write_bytes(b"not a database" * 100)
    for verb in ("report", "audit"):
        with pytest.raises(SystemExit) as stopped:
            main(["--config", str(config), verb, *(["--no-pull"] if verb == "audit" else [])])
        assert stopped.value.code == 2
        said = capsys.readouterr().err.strip()
        assert said.startswith("okrbot: ")
        assert len(said.splitlines()) <= 3


def test_a_day_to_come_is_refused_and_today_is_now(config: Path, tmp_path: Path) -> None:
    for words in (("audit", "--no-pull"), ("report",), ("digest", "--dry-run")):
        said = okrbot("--config", config, *words, "--as-of", "2999-01-01", cwd=tmp_path)
        assert said.returncode == 2
        assert "2999-01-01 is still to come" in said.stderr
    assert not (tmp_path / "report.html").exists()
    app = open_app(config, clock=lambda: AS_OF)
    assert instant_of(app, AS_OF.date().isoformat()) == AS_OF
    yesterday = instant_of(app, (AS_OF - dt.timedelta(days=1)).date().isoformat())
    assert yesterday is not None
    assert yesterday < AS_OF


def test_an_empty_store_is_not_a_clean_one(config: Path, tmp_path: Path) -> None:
    for path in config.parent.glob("okrbot.db*"):
        path.unlink()
    with open_app(config, secrets=False).store():
        pass
    for words in (("report",), ("findings", "list"), ("digest", "--dry-run")):
        said = okrbot("--config", config, *words, cwd=tmp_path)
        assert said.returncode == 2
        assert "nothing was pulled yet" in said.stderr
        assert "okrbot pull" in said.stderr
    for path in config.parent.glob("okrbot.db*"):
        path.unlink()
    (config.parent / "okrbot.db").write_bytes(b"x")
    said = okrbot("--config", config, "report", cwd=tmp_path)
    assert said.returncode == 2
    assert "Is it an okrbot store" in said.stderr
    assert (config.parent / "okrbot.db").read_bytes() == b"x"
