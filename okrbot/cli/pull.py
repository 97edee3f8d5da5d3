"""`okrbot pull`: connector → store, with a coverage line a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE, PARTIAL
from okrbot.cli.shared import open_app, progress

if TYPE_CHECKING:
    from okrbot.pull import Pulled

MOST_PROBLEMS = 8


@click.command(short_help="Read new and changed items from the trackers into the store.")
@click.option("--source", "source", metavar="NAME", help="Only this source.")
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.pass_context
def command(ctx: click.Context, source: str | None, full: bool) -> int:
    """Read new and changed items from the trackers into the store.

    Exit code 3 says that a source could not be read completely; what was read is kept.
    """
    app = open_app(ctx)
    with app.store() as store, progress("Pulling") as bar:
        results = app.pull(store, only=source, full=full, progress=bar)
    if not results:
        click.echo("There is nothing to pull: no [[sources]] are configured.")
    for result in results:
        tell(result)
    return DONE if all(result.verdict == "complete" for result in results) else PARTIAL


def tell(result: Pulled) -> None:
    """Print the coverage line of one source and what it could not see."""
    seen = result.coverage
    count = f"{seen.read:,} read" + (f" of {seen.expected:,}" if seen.expected is not None and seen.expected != seen.read else "")
    history = f", {seen.with_history:,} with history" if seen.read else ""
    hidden = f", {result.hidden:,} no longer visible" if result.hidden else ""
    click.echo(f"{result.source}: {result.verdict}, {count}{history}{hidden}")
    for problem in seen.problems[:MOST_PROBLEMS]:
        click.echo(f"  {'!' if problem.partial else '·'} {problem.where + ': ' if problem.where else ''}{problem.message}")
    if len(seen.problems) > MOST_PROBLEMS:
        click.echo(f"  … and {len(seen.problems) - MOST_PROBLEMS} more")
    if result.retry_at:
        click.echo(f"  The source asks to come back at {result.retry_at:%Y-%m-%d %H:%M} UTC.")
