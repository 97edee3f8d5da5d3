"""`okrbot init`: a few questions, the tokens tried, a configuration written."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrbot.cli import DONE

if TYPE_CHECKING:
    from okrbot.model import Backlog, Capabilities

# Names that sites give to the field in which an item names its key result, most telling first.
KEY_RESULT_FIELDS = (
    "Key Result",
    "Key Results",
    "Key result",
    "KR",
    "OKR",
    "OKRs",
    "Schlüsselergebnis",
    "Résultat clé",
    "Resultado clave",
    "Resultado-chave",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """What the person said about one source."""

    kind: str
    name: str
    url: str = ""
    user: str = ""
    token: str = ""
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@click.command(short_help="Ask a few questions, try the tokens, write okrbot.toml.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("okrbot.toml"), show_default=True, help="File to write."
)
@click.option("--non-interactive", is_flag=True, help="Ask nothing; take everything from the options.")
@click.option("--kind", type=click.Choice(["jira", "linear", "files"]), help="Where the backlog is.")
@click.option("--name", help="Name of the source (default: its kind).")
@click.option("--url", default="", help="Address of the Jira site.")
@click.option("--user", default="", help="E-mail of the Jira Cloud account; leave out for an access token of Data Center.")
@click.option("--token", default="", help="Reference to the token: env:NAME, file:PATH or keyring:SERVICE/USER.")
@click.option("--keys", default="", help="Jira projects or Linear teams, separated by commas (default: all that can be seen).")
@click.option("--paths", default="", help="With --kind files: exports, separated by commas.")
@click.option("--okrs", default="", help="OKR file or published sheet.")
@click.option("--timezone", default="", help="IANA time zone of your company.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(output: Path, non_interactive: bool, kind: str | None, okrs: str, timezone: str, force: bool, **said: str | None) -> int:
    """Ask a few questions, try the token read-only, find the key-result field, backlogs and products, and write okrbot.toml.

    No secret is written: the file holds a reference such as env:JIRA_TOKEN.
    """
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already. Give --force to overwrite it, or --output for another file.")
    if non_interactive and kind is None:
        raise click.UsageError("--non-interactive needs --kind: jira, linear or files.")
    options = {key: value or "" for key, value in said.items()}
    answers = _from_options(str(kind), options) if non_interactive else _ask(kind, options)
    found = _probe(answers, output.parent)
    if not non_interactive:
        okrs = okrs or click.prompt("OKR file or published sheet (leave empty if you have none yet)", default="", show_default=False)
        timezone = timezone or click.prompt("Time zone", default=(found.timezone if found else "") or _local_zone())
    text = compose(answers, found, okrs=okrs, timezone=timezone or (found.timezone if found else "") or _local_zone())
    output.write_text(text, encoding="utf-8")
    click.echo(f"\n{output} is written. Look through it, then:\n  okrbot check\n  okrbot audit\n  okrbot report --output report.html")
    return DONE


def _from_options(kind: str, options: dict[str, str]) -> Answers:
    missing = [key for key in {"jira": ("url", "token"), "linear": ("token",), "files": ("paths",)}[kind] if not options[key]]
    if missing:
        raise click.UsageError(f"--kind {kind} needs --{' and --'.join(missing)}.")
    return Answers(
        kind, options["name"] or kind, options["url"], options["user"], options["token"], _split(options["keys"]), _split(options["paths"])
    )


def _ask(kind: str | None, options: dict[str, str]) -> Answers:
    kind = kind or click.prompt("Where is the backlog?", type=click.Choice(["jira", "linear", "files"]), default="jira")
    name = options["name"] or click.prompt("A short name for it", default=kind)
    if kind == "files":
        paths = options["paths"] or click.prompt("Exports (CSV or JSON), separated by commas", default="exports/*")
        return Answers(kind, name, paths=_split(paths))
    url = user = ""
    if kind == "jira":
        url = options["url"] or click.prompt("Address of the site, e.g. https://acme.atlassian.net")
        user = options["user"] or click.prompt(
            "E-mail of the account (leave empty for a Data Center access token)", default="", show_default=False
        )
    variable = "JIRA_TOKEN" if kind == "jira" else "LINEAR_API_KEY"
    token = options["token"] or f"env:{click.prompt('Environment variable that holds the token', default=variable)}"
    keys = options["keys"] or click.prompt(
        f"{'Projects' if kind == 'jira' else 'Teams'}, separated by commas (empty: all)", default="", show_default=False
    )
    return Answers(kind, name, url, user, token, _split(keys))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _probe(answers: Answers, folder: Path) -> Capabilities | None:
    """Try the source read-only and say what was found. Raises SourceError or ConfigError if the token or address does not work."""
    import tempfile

    from okrbot.app import open_app
    from okrbot.render import count

    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "okrbot.toml"
        trial.write_text(f'[okrbot]\nstore = "sqlite:///none.db"\n\n{_source(answers, absolute=folder)}', encoding="utf-8")
        app = open_app(trial)
        connector = app.connector(app.config.sources[0], more_fields=KEY_RESULT_FIELDS)
        found = connector.probe()
    click.echo(
        f"Read as {found.account or 'nobody in particular'}{f', {found.version}' if found.version else ''}: {count(len(found.backlogs), 'backlog')}."
    )
    for problem in found.problems[:6]:
        if problem.code != "field":
            click.echo(f"  {'!' if problem.partial else '·'} {problem.where + ': ' if problem.where else ''}{problem.message}")
    return found


def _local_zone() -> str:
    link = Path("/etc/localtime")
    found = re.search(r"zoneinfo/(.+)$", str(link.resolve())) if link.exists() else None
    return os.environ.get("TZ") or (found.group(1) if found else "UTC")


def _source(answers: Answers, absolute: Path | None = None) -> str:
    lines = ["[[sources]]", f"name = {_toml(answers.name)}", f"kind = {_toml(answers.kind)}"]
    if answers.kind == "files":
        paths = [str((absolute / path).resolve()) if absolute else path for path in answers.paths]
        return "\n".join([*lines, f"paths = {_toml(paths)}", ""])
    if answers.url:
        lines.append(f"url = {_toml(answers.url)}")
    if answers.user:
        lines.append(f"user = {_toml(answers.user)}")
    lines.append(f"token = {_toml(answers.token)}")
    if answers.keys:
        lines.append(f"{'projects' if answers.kind == 'jira' else 'teams'} = {_toml(answers.keys)}")
    return "\n".join([*lines, ""])


def compose(answers: Answers, found: Capabilities | None, *, okrs: str, timezone: str) -> str:
    """Return the text of okrbot.toml: what was answered, what was found, and what okrbot only guesses, with how sure it is."""
    parts = [f"# Written by `okrbot init`. Every key: docs/config.md\n\n[okrbot]\ntimezone = {_toml(timezone)}\n", _source(answers)]
    backlogs = found.backlogs if found else ()
    for product, members, sure in products_of(backlogs):
        keys = [f"{answers.name}/{backlog.key}" for backlog in members]
        parts.append(
            f"# A guess ({sure}): what would a customer call one product? Join or split as it really is.\n"
            f'[[products]]\nname = {_toml(product)}\nbacklogs = {_toml(keys)}\nowners = []                            # who is asked: e-mail, or "slack:U…"\nchannel = ""\n'
        )
    fields = found.fields if found else {}
    field = next((name for name in KEY_RESULT_FIELDS if name in fields.values() or name in fields), "")
    parts.append(f"[okrs]\nfiles = {_toml([okrs] if okrs else [])}\n")
    sure = "found by its name, sure" if field else "no field of such a name was found; labels are tried"
    parts.append(f'[okrs.links]                            # {sure}\nfield = {_toml(field)}\nlabel_prefix = "kr-"\n')
    parts.append('[rules]\nprofile = "first_week"                  # then "steady"\n')
    return "\n".join(parts)


def products_of(backlogs: Sequence[Backlog]) -> list[tuple[str, list[Backlog], str]]:
    """Return (product, backlogs, how sure) guessed from names: backlogs that begin with the same word belong together."""
    groups: dict[str, list[Backlog]] = {}
    for backlog in backlogs:
        if not backlog.archived:
            word = re.split(r"[\s\-_:/|]+", (backlog.name or backlog.key).strip())[0] or backlog.key
            groups.setdefault(word.casefold(), []).append(backlog)
    products = []
    for members in groups.values():
        name = members[0].name or members[0].key
        shared = re.split(r"[\s\-_:/|]+", name)[0]
        products.append(
            (
                shared if len(members) > 1 else name,
                members,
                "their names begin alike, likely" if len(members) > 1 else "one backlog, one product: unsure",
            )
        )
    return products


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "[" + ", ".join(_toml(part) for part in value) + "]"
