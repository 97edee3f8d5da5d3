"""`okrbot findings`: list findings, or show one with its history."""

from __future__ import annotations

import click

from okrbot.cli import DONE
from okrbot.cli.shared import must_hold, open_app

_STATES = ("open", "returned", "waived", "resolved")


@click.group(short_help="List findings, or show one with its history.")
def command() -> None:
    """List findings, or show one with its history."""


@command.command("list")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Only these states (default: open and returned).")
@click.option("--rule", help="Only this rule.")
@click.option("--product", help="Only this product.")
@click.option("--most", default=50, show_default=True, help="At most so many; the rest is counted.")
@click.pass_context
def list_(ctx: click.Context, states: tuple[str, ...], rule: str | None, product: str | None, most: int) -> int:
    """List findings as of the last audit."""
    from okrbot.audit.lifecycle import stored_findings
    from okrbot.render import plain

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store, store.connect() as db:
        must_hold(store)
        found = [
            f for f in stored_findings(db, states=states or ("open", "returned")) if rule in (None, f.rule) and product in (None, f.product)
        ]
    for f in found[:most]:
        click.echo(f"{f.severity:<6} {f.state:<8} {f.rule:<28} {f.key:<16} {plain(f.title, 70)}")
    if len(found) > most:
        click.echo(f"… and {len(found) - most} more; --most {len(found)} shows all")
    if not found:
        click.echo("No findings. (Did an audit run? See okrbot audit.)")
    return DONE


@command.command("show")
@click.argument("key")
@click.pass_context
def show(ctx: click.Context, key: str) -> int:
    """Show every finding on KEY: why it was flagged, what to do, and what happened to it."""
    from okrbot.audit.lifecycle import events, stored_findings
    from okrbot.render import plain

    app = open_app(ctx, secrets=False)
    pages = app.pages()
    with app.store(create=False) as store, store.connect() as db:
        must_hold(store)
        found = [f for f in stored_findings(db, states=_STATES) if key in (f.key, f.subject)]
        histories = {f.rule: events(db, f.rule, f.subject) for f in found}
    if not found:
        raise click.UsageError(f"There is no finding on '{key}'. See okrbot findings list.")
    for f in found:
        click.echo(
            f"{f.key}  {plain(f.title, 100)}\n  {f.rule}, {f.severity}, {f.state} since {f.first_seen:%Y-%m-%d}: {plain(f.note)}\n  {plain(f.question)}"
        )
        if f.rule in pages:
            click.echo(f"  What to do: {plain(pages[f.rule].remedy)}")
        for at, what, detail in histories[f.rule]:
            click.echo(f"    {at:%Y-%m-%d}  {what}{': ' + plain(detail) if detail else ''}")
    return DONE
