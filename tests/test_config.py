"""The configuration is read whole: every mistake is told with file, line, key and remedy before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from okrbot.config import ConfigError, find, load
from okrbot.plugins import Kinds

GOOD = """\
[okrbot]
timezone = "Europe/Amsterdam"

[[sources]]
name = "acme"
kind = "jira"
url = "https://acme.example"
user = "bot@acme.example"
token = "env:JIRA_TOKEN"
projects = ["SHOP", "PAY"]

[[products]]
name = "Shop"
backlogs = ["acme/SHOP", "acme/PAY"]
owners = ["po@acme.example"]
channel = "#shop"

[rules.no_key_result]
grace_days = 5
"""


def read(tmp_path: Path, text: str, **environment: str):
    path = tmp_path / "okrbot.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, kinds=Kinds(), environment={"JIRA_TOKEN": "ATATTsecret", **environment})


def test_a_good_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.sources[0].settings.projects == ("SHOP", "PAY")
    assert config.sources[0].settings.token.reveal() == "ATATTsecret"
    assert config.product_of("acme/PAY") == "Shop"
    assert config.product_of("acme/OTHER") == ""
    assert config.digest.most == 5
    assert config.rules.own == {"no_key_result": {"grace_days": 5}}


def test_the_example_names_every_key_and_loads() -> None:
    path = Path(__file__).parents[1] / "config.example.toml"
    environment = dict.fromkeys(("JIRA_TOKEN", "LINEAR_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "LLM_KEY"), "xoxb-000")
    config = load(path, kinds=Kinds(), environment=environment)
    assert {source.kind for source in config.sources} == {"jira", "linear", "files"}
    text = path.read_text(encoding="utf-8")
    from docs.generate import config_keys

    missing = [f"{section}.{key}" for section, key in config_keys() if not any(f"{mark}{key} =" in text for mark in ("", "# "))]
    assert not missing


MISTAKES = {
    "unknown section": ("[digst]\nday = 'mon'\n", ":1:", "Did you mean 'digest'?"),
    "unknown key": ("[digest]\n\ndya = 'mon'\n", ":3:", "Did you mean 'day'?"),
    "unknown key of a link": ("[okrs.links]\nfeild = 'x'\n", ":2:", "Did you mean 'field'?"),
    "wrong type": ("[digest]\nmost = 'five'\n", ":2:", "must be a whole number, not the text 'five'"),
    "a number out of range": ("[digest]\nmost = 99\n", ":2:", "between 1 and 10"),
    "a switch that is no switch": ("[write_back]\nenabled = 'yes'\n", ":2:", "must be true or false"),
    "a list that is a text": ("[okrs]\nfiles = 'okrs.toml'\n", ":2:", 'e.g. ["a", "b"]'),
    "a choice that is none": ("[rules]\nprofile = 'mild'\n", ":2:", "'first_week', 'steady', 'strict'"),
    "unknown zone": ("[okrbot]\ntimezone = 'Europe/Amsterdan'\n", ":2:", "no IANA time zone"),
    "slot 25:00": ("[digest]\ntime = '25:00'\n", ":2:", "no time of day"),
    "interval 0": ("[schedule]\npull = 'every 0 minutes'\n", ":2:", '"every 30 minutes"'),
    "a day that does not exist": ("[okrbot]\nholidays = ['2026-02-30']\n", ":2:", "no ISO date"),
    "a class that does not exist": ("[work_classes]\ntypes = { Story = 'valuable' }\n", ":2:", "write one of value"),
    "a source without a name": ("[[sources]]\nkind = 'jira'\n", ":1:", "needs a name"),
    "a kind that does not exist": ("[[sources]]\nname = 'a'\nkind = 'trello'\n", ":3:", "There are: files, jira, linear"),
    "a table where a list belongs": ("[sources]\nname = 'a'\n", ":", "Write [[sources]]"),
    "not TOML": ("[okrbot\n", "", "is not valid TOML"),
}


@pytest.mark.parametrize(("text", "line", "remedy"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_line_and_remedy(tmp_path: Path, text: str, line: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert "okrbot.toml" + line in said
    assert remedy in said
    assert said.count("\n") <= 2


def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace("env:JIRA_TOKEN", "ATATT3xFfGF0verysecret"))
    assert ":9:" in str(caught.value)
    assert "literal secret" in str(caught.value)
    assert "verysecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "is not set"), ("", "is empty"), ("  \n", "is empty"), ("ATATT\u200bx", "no token has"), ("two words", "holds a blank")],
)
def test_a_missing_or_damaged_secret_names_the_setting_only(tmp_path: Path, value: str | None, said: str) -> None:
    path = tmp_path / "okrbot.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, kinds=Kinds(), environment={} if value is None else {"JIRA_TOKEN": value})
    assert said in str(caught.value)
    assert not value or not value.strip() or value not in str(caught.value)


def test_a_trailing_newline_of_a_secret_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD, JIRA_TOKEN="ATATTx\n").sources[0].settings.token.reveal() == "ATATTx"


def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("ATATTx", encoding="utf-8")
    secret.chmod(0o644)
    text = GOOD.replace("env:JIRA_TOKEN", "file:token")
    with pytest.raises(ConfigError, match="chmod 600"):
        read(tmp_path, text)
    secret.chmod(0o600)
    assert read(tmp_path, text).sources[0].settings.token.reveal() == "ATATTx"


def test_secrets_are_not_needed_where_no_service_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "okrbot.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load(path, kinds=Kinds(), secrets=False, environment={}).sources[0].name == "acme"


SHARED = {
    "two products claim one backlog": ('backlogs = ["acme/PAY"]', "already belongs to 'Shop'"),
    "one product takes all of a source and another a backlog of it": ('backlogs = ["acme/*"]', "'Shop' has backlogs of 'acme' too"),
    "a backlog of no source": ('backlogs = ["akme/PAY"]', "no source named 'akme'"),
    "a backlog without a source": ('backlogs = ["PAY"]', "must read source/KEY"),
    "two products with one channel": ('channel = "#shop"', "already the channel of 'Shop'"),
}


@pytest.mark.parametrize(("line", "said"), SHARED.values(), ids=SHARED.keys())
def test_products_do_not_share(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{GOOD}\n[[products]]\nname = "Other"\n{line}\n')
    assert said in str(caught.value)
    assert ":23:" in str(caught.value)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    again = GOOD.split("[[products]]", 1)[0].split("\n\n", 1)[1]
    with pytest.raises(ConfigError, match="is used twice"):
        read(tmp_path, f"{GOOD}\n{again}")


def test_files_that_are_none_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.toml", kinds=Kinds())
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, kinds=Kinds())
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.toml", kinds=Kinds())
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        load(tmp_path / "big.toml", kinds=Kinds())
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5_000 + "]" * 5_000, encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "deep.toml", kinds=Kinds())


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "okrbot.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path, kinds=Kinds(), environment={"JIRA_TOKEN": "ATATTx"}).products[0].name == "Shop"


def test_the_file_is_found_here_then_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="okrbot init"):
        find(None, {})
    assert find(None, {"OKRBOT_CONFIG": "/elsewhere/o.toml"}) == Path("/elsewhere/o.toml")
    Path("okrbot.toml").touch()
    assert find(None, {"OKRBOT_CONFIG": "/elsewhere/o.toml"}) == Path("okrbot.toml")
    assert find(Path("given.toml"), dict(os.environ)) == Path("given.toml")


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("okrbot", 'working_days = ["monday"]', "'monday' is no day. Write mon, tue"),
        ("okrbot", "working_days = []", "names no day"),
        ("okrbot", 'working_days = ["mon", "mon"]', "one of them twice"),
        ("questions", 'hours = ["9", "17"]', 'Write from and to, e.g. ["09:00", "17:00"]'),
        ("questions", 'hours = ["09:00"]', "is no stretch of a day"),
        ("questions", 'hours = ["17:00", "09:00"]', "is no stretch of a day"),
        ("questions", 'others = ["slack:ann"]', "Write e.g. slack:U012AB3CD"),
        ("schedule", 'health = "9464"', "Write host:port, e.g. 127.0.0.1:9464, or off"),
        ("schedule", 'health = "127.0.0.1:99464"', "is no address to listen at"),
        ("slack", 'listen = "off"', "is no address to listen at"),
        ("slack", 'admins = ["@ann"]', "'@ann' is no Slack id"),
    ],
)
def test_what_would_only_keep_okrbot_silent_is_refused(tmp_path: Path, table: str, line: str, said: str) -> None:
    text = GOOD.replace("[okrbot]\n", f"[okrbot]\n{line}\n") if table == "okrbot" else f"{GOOD}\n[{table}]\n{line}\n"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert (":2:" if table == "okrbot" else ":22:") in str(caught.value)


def test_a_channel_with_blanks_and_a_name_too_long_for_a_button_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no blanks"):
        read(tmp_path, GOOD.replace("#shop", "#the shop"))
    with pytest.raises(ConfigError, match="at most 100"):
        read(tmp_path, GOOD.replace('name = "Shop"', f'name = "{"S" * 101}"'))
