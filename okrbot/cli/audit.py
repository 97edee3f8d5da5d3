"""`okrbot audit`: pull, facts, rules, findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE, FOUND, PARTIAL
from okrbot.cli.shared import instant_of, open_app, progress, write

if TYPE_CHECKING:
    from okrbot.audit import Audit

_ORDER = ("high", "medium", "low")


@click.command(short_help="Pull, run the rules, say what was found.")
@click.option("--as-of", metavar="DATE", help="Audit the past: a day, or an instant. What was known then is replayed from history.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the terminal.")
@click.option("--fail-on", type=click.Choice(_ORDER), help="Exit with 1 if a finding of this severity or above is open.")
@click.option("--no-pull", is_flag=True, help="Audit what the store holds; read nothing.")
@click.option("--all", "everything", is_flag=True, help="Show every finding in the text form, not the first few of each rule.")
@click.pass_context
def command(
    ctx: click.Context, as_of: str | None, format_: str, output: Path | None, fail_on: str | None, no_pull: bool, everything: bool
) -> int:
    """Pull (unless told not to), run the rules and say what was found.

    \b
    Exit codes: 0 done; 1 findings at or above --fail-on; 2 bad usage or configuration;
    3 a source could not be read completely, or not far enough into the past for --as-of.
    """
    app = open_app(ctx, secrets=not no_pull)
    instant = instant_of(app, as_of)
    app.rulebook()  # a mistake in the rules is told before minutes of pulling
    with app.store(create=not no_pull) as store, progress("") as bar:
        results = [] if no_pull else app.pull(store, progress=bar)
        audit = app.audit(store, as_of=instant, progress=lambda done, of: bar("judging texts", done, of))
    write(output, render(audit, format_, everything=everything))
    if audit.untold:
        click.echo(f"okrbot: {audit.untold}. Nothing was judged.", err=True)
        return PARTIAL
    if any(result.verdict != "complete" for result in results) or not audit.complete:
        if format_ != "text" or output:
            click.echo("okrbot: a source could not be read completely; see the coverage. What was read is kept.", err=True)
        return PARTIAL
    if fail_on:
        bad = _ORDER[: _ORDER.index(fail_on) + 1]
        return FOUND if any(f.severity in bad and f.state in ("open", "returned") for f in audit.findings) else DONE
    return DONE


def render(audit: Audit, format_: str, *, everything: bool = False) -> str:
    """Return the audit in one of the three formats."""
    from okrbot.audit.output import as_csv, as_json

    if format_ == "json":
        return as_json(audit)
    if format_ == "csv":
        return as_csv(audit)
    from okrbot.render import text_audit

    return text_audit(audit, everything=everything)
