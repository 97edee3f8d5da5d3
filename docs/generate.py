"""Write the pages of docs/ that follow from the code, or check that they are up to date.

python -m docs.generate            writes them
python -m docs.generate --check    says which are stale, and exits with 1
"""

from __future__ import annotations

import dataclasses
import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `make docs` from the code; edit the code instead. -->\n"


def facts_page() -> str:
    """Return docs/facts.md: every column a rule may read."""
    from okrbot.factbook import TABLES

    lines = [
        "# Fact tables",
        NOTE,
        "What rules may read: one row a subject, as of the audit's instant, times in UTC. The columns are a promise; one that goes is said in",
        "the changelog a release before. `null` says *unknown*, `''` and `0` say *none*.",
        "",
    ]
    for table in TABLES:
        lines += [f"## `{table.name}`", "", table.doc + (" A rule may flag its rows." if table.subject else ""), ""]
        lines += ["| column | type | if nothing is known | meaning |", "| --- | --- | --- | --- |"]
        lines += [f"| `{c.name}` | {c.type} | `{c.default}` | {_cell(c.doc)} |" for c in table.columns]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rules_page() -> str:
    """Return docs/rules.md: every rule with why, what to do, its question and its settings."""
    from okrbot.rulebook import FAMILIES, read_folder, shipped_folder

    pages = read_folder(shipped_folder())
    lines = [
        "# Rules",
        NOTE,
        f"{len(pages)} rules in {len(FAMILIES)} families. `okrbot rules show NAME` shows the page with its query and examples.",
        "",
    ]
    lines += ["| rule | finds | severity | from profile | needs |", "| --- | --- | --- | --- | --- |"]
    ordered = sorted(pages.values(), key=lambda p: (FAMILIES.index(p.family), p.name))
    for page in ordered:
        profile = "off until you ask for it" if page.off else page.profile
        lines.append(
            f"| [`{page.name}`](#{page.name}) | {page.title} | {page.severity} | {profile} | {', '.join(page.needs) or 'structure only'} |"
        )
    for family in FAMILIES:
        lines += ["", f"## {family.replace('_', ' ')}"]
        for page in (p for p in ordered if p.family == family):
            lines += [
                "",
                f"### {page.name}",
                "",
                f"**{page.title}.** {page.why}",
                "",
                f"*What to do.* {page.remedy}",
                "",
                f"*What the bot asks.* {page.question}",
            ]
            if page.settings:
                lines += ["", "*Settings.* " + ", ".join(f"`{key} = {_toml(value)}`" for key, value in page.settings.items()) + "."]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def config_page() -> str:
    """Return docs/config.md: every key of okrbot.toml."""
    from okrbot.config.settings import LISTS, SECTIONS, Links
    from okrbot.plugins import Kinds

    lines = [
        "# Configuration",
        NOTE,
        "One TOML file, `okrbot.toml`. Unknown keys, wrong types and literal secrets are refused with line and remedy.",
        "",
    ]
    lines += ["A secret is written as a reference: `env:NAME`, `file:PATH` (readable by you alone) or `keyring:SERVICE/USER`.", ""]
    kinds = Kinds()
    for name, declared in {**SECTIONS, **{f"[{n}]": d for n, d in LISTS.items()}, "okrs.links": Links}.items():
        if name == "rules":
            lines += _section("[rules]", declared, skip=("own",))
            lines += ["A table `[rules.NAME]` overrides `severity` and the settings of one rule's page; see [rules](rules.md).", ""]
        else:
            lines += _section(f"[{name}]", declared, skip=("links",))
    for kind in kinds:
        lines += _section(f'[[sources]] with kind = "{kind}"', kinds[kind])
    return "\n".join(lines)


def config_keys() -> Iterator[tuple[str, str]]:
    """Yield (section, key) of every key of the configuration except the connectors' own."""
    from okrbot.config.settings import LISTS, SECTIONS, Links

    for name, declared in {**SECTIONS, **LISTS, "okrs.links": Links}.items():
        for field in dataclasses.fields(declared):
            if (name, field.name) not in (("rules", "own"), ("okrs", "links")):
                yield name, field.name


def _section(title: str, declared: type, skip: tuple[str, ...] = ()) -> list[str]:
    first = (declared.__doc__ or "").split("\n", 1)[0].split(": ", 1)[-1]
    lines = [f"## `{title}`", "", first[:1].upper() + first[1:], "", "| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    hints = typing.get_type_hints(declared)
    for field in dataclasses.fields(declared):
        if field.name not in skip:
            text = _cell(str(field.metadata.get("help", "")))
            lines.append(f"| `{field.name}` | {_type(hints[field.name])} | {_default(field)} | {text} |")
    return [*lines, ""]


def _type(hint: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true/false"}
    if hint in names:
        return names[hint]
    text = str(hint)
    if "Secret" in text:
        return "secret reference"
    if "Literal" in text:
        return " or ".join(f"`{a}`" for a in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return "list of texts"
    if typing.get_origin(hint) is dict:
        return "table"
    inner = [a for a in typing.get_args(hint) if a is not type(None)]
    return _type(inner[0]) if inner else text


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return "**required**"
    value = field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc]
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(_toml(v) for v in value)}]`"
    return f"`{_toml(value)}`" if value != {} else "`{}`"


def cli_page() -> str:
    """Return docs/cli.md: the help of every verb."""
    from okrbot.cli import cli

    lines = [
        "# Command line",
        NOTE,
        "Exit codes: 0 done; 1 findings at or above `--fail-on`; 2 bad usage or configuration; 3 a source could not be read",
        "completely; 4 Slack or write-back failed, nothing lost.",
        "",
    ]
    for name, command in _commands(cli, "okrbot"):
        context = click.Context(command, info_name=name, max_content_width=110, terminal_width=110)
        lines += [f"## `{name}`", "", "```", command.get_help(context), "```", ""]
    return "\n".join(lines)


def _commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, group
    context = click.Context(group, info_name=name)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{name} {part}")
        elif command is not None:
            yield f"{name} {part}", command


PAGES: dict[str, Callable[[], str]] = {"facts.md": facts_page, "rules.md": rules_page, "config.md": config_page, "cli.md": cli_page}


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit code."""
    stale = []
    for name, page in PAGES.items():
        text = re.sub(r"[ \t]+\n", "\n", page()).rstrip() + "\n"
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if "--check" in arguments and stale:
        print(f"Stale: {', '.join(stale)}. Run `make docs`.", file=sys.stderr)
        return 1
    print(f"{len(PAGES)} pages, {len(stale)} {'stale' if '--check' in arguments else 'written'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
