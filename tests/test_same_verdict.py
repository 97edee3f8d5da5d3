"""The same organisation gets the same verdict whether it is read from files, Jira Cloud, Jira Data Center or Linear's endpoint."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import AS_OF, SAMPLE
from fake_jira import Clock, FakeJira
from fake_linear import FakeLinear
from linear_site import Site
from organisation import build, csv_tables

from okrbot.app import open_app
from okrbot.findings import Audit
from okrbot.rulebook import read_folder, shipped_folder

Verdict = set[tuple[str, str]]


def audited_from(folder: Path, sources: dict[str, str]) -> Audit:
    """Audit the sample with `sources` (name → its table in TOML) in place of its files."""
    shutil.copytree(SAMPLE, folder)
    config = folder / "okrbot.toml"
    text = config.read_text(encoding="utf-8")
    for name, table in sources.items():
        text = re.sub(rf'\[\[sources\]\]\nname = "{name}"\n(?:[^\[\n].*\n|\n)*', f'[[sources]]\nname = "{name}"\n{table}\n\n', text)
    config.write_text(text, encoding="utf-8")
    app = open_app(config, clock=lambda: AS_OF, environment={"JIRA_TOKEN": "made-up-token-123", "LINEAR_API_KEY": "lin_api_good"})
    with app.store() as store:
        for result in app.pull(store):
            assert result.verdict == "complete", (result.source, result.coverage.problems)
        return app.audit(store, as_of=AS_OF)


def verdict(audit: Audit) -> Verdict:
    return {(f.rule, f.key) for f in audit.findings}


@pytest.fixture(scope="module")
def from_files(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audited_from(tmp_path_factory.mktemp("files") / "o", {})


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "data center"])
def test_jira_gives_the_verdict_of_its_export(cloud: bool, from_files: Audit, tmp_path: Path) -> None:
    site = json.loads((SAMPLE / "veldmand-jira.json").read_text(encoding="utf-8"))
    with FakeJira(site, cloud=cloud, clock=Clock(AS_OF.isoformat())) as jira:
        user = 'user = "bot@acme.example"\n' if cloud else ""
        said = audited_from(
            tmp_path / "o",
            {"jira": f'kind = "jira"\nurl = "{jira.url}"\n{user}token = "env:JIRA_TOKEN"\nprojects = ["SHOP", "PAY", "DEPOT"]'},
        )
    assert verdict(said) ^ verdict(from_files) == set()


def test_linear_gives_the_verdict_of_its_export(from_files: Audit, tmp_path: Path) -> None:
    site = Site.from_answer(json.loads((SAMPLE / "veldmand-linear.json").read_text(encoding="utf-8")), now=AS_OF)
    with FakeLinear(site).serving() as url:
        said = audited_from(tmp_path / "o", {"linear": f'kind = "linear"\nurl = "{url}"\ntoken = "env:LINEAR_API_KEY"'})
    assert verdict(said) ^ verdict(from_files) == set()


# What a CSV of Linear or Jira does not carry; rules that need it say so instead of calling the work clean.
WITHOUT_HISTORY = "no source gave the history of its items"


def test_an_export_without_history_says_not_checked_and_nothing_wrong(from_files: Audit, tmp_path: Path) -> None:
    company = build()
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "jira.csv").write_text(csv_tables.jira(company), encoding="utf-8")
    (folder / "linear.csv").write_text(csv_tables.linear(company), encoding="utf-8")
    said = audited_from(
        tmp_path / "o",
        {name: f'kind = "files"\npaths = ["{folder}/{name}.csv"]\ntimezone = "Europe/Amsterdam"' for name in ("jira", "linear")},
    )
    needs_history = {name for name, page in read_folder(shipped_folder()).items() if "history" in page.needs}
    outcomes = {rule.rule: rule for rule in said.rules}
    for rule in needs_history & outcomes.keys():
        assert (outcomes[rule].outcome, outcomes[rule].reason) == ("not_checked", WITHOUT_HISTORY), rule
    structural = {
        ("no_key_result", "PAY-59"),
        ("no_key_result", "SHOP-55"),
        ("unaligned_backlog", "jira/PAY"),
        ("many_backlogs_one_product", "Shop"),
    }
    assert structural <= verdict(said)
