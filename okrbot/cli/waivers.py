"""`okrbot waivers`: set findings aside, with a reason and an end."""

from __future__ import annotations

import datetime as dt
import getpass

import click

from okrbot.cli import DONE
from okrbot.cli.shared import instant_of, open_app


@click.group(short_help="Set findings aside, with a reason and an end.")
def command() -> None:
    """Set findings aside, with who, why and until when. An expired waiver speaks again."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Ended ones too.")
@click.pass_context
def list_(ctx: click.Context, everything: bool) -> int:
    """List waivers, newest first."""
    from okrbot.audit.waivers import every

    app = open_app(ctx, secrets=False)
    now = app.clock()
    with app.store(create=False) as store, store.connect() as db:
        waivers = every(db)
    shown = [w for w in waivers if everything or (w.ended is None and (w.until is None or w.until > now))]
    for w in shown:
        end = (
            f"ended {w.ended:%Y-%m-%d}"
            if w.ended
            else f"until {w.until:%Y-%m-%d}"
            if w.until
            else "until it changes"
            if w.fingerprint
            else "no end"
        )
        click.echo(f"{w.id}  {w.rule}  {w.subject}  {end}  by {w.who}: {w.why}")
    if not shown:
        click.echo("No waivers in force.")
    return DONE


@command.command("add")
@click.argument("rule")
@click.argument("key")
@click.option("--why", required=True, help="Why this is fine.")
@click.option("--until", metavar="DATE", help="Last day it holds (default: 13 weeks from now).")
@click.option("--until-changed", is_flag=True, help="Holds until the finding says something else.")
@click.option("--who", default=None, help="Who says so (default: your account's name).")
@click.pass_context
def add(ctx: click.Context, rule: str, key: str, why: str, until: str | None, until_changed: bool, who: str | None) -> int:
    """Set the finding of RULE on KEY aside."""
    from okrbot.audit.lifecycle import fingerprint, stored_findings
    from okrbot.audit.waivers import add as add_waiver

    app = open_app(ctx, secrets=False)
    now = app.clock()
    if until and until_changed:
        raise click.UsageError("--until and --until-changed exclude each other.")
    end = None if until_changed else instant_of(app, until, ahead=True) or now + dt.timedelta(weeks=13)
    with app.store(create=False) as store, store.begin() as db:
        found = [f for f in stored_findings(db) if f.rule == rule and key in (f.key, f.subject)]
        if not found:
            raise click.UsageError(f"There is no open finding of '{rule}' on '{key}'. See okrbot findings list.")
        try:
            number = add_waiver(
                db, rule=rule, subject=found[0].subject, who=who or getpass.getuser(), why=why, now=now, until=end,
                fingerprint=fingerprint(found[0]) if until_changed else "",
            )  # fmt: skip
        except ValueError as error:
            raise click.UsageError(str(error)) from None
    click.echo(f"Waiver {number}: {rule} on {found[0].key} is set aside {'until it changes' if end is None else f'until {end:%Y-%m-%d}'}.")
    return DONE


@command.command("remove")
@click.argument("number", type=int)
@click.pass_context
def remove(ctx: click.Context, number: int) -> int:
    """End waiver NUMBER; its finding speaks again at the next audit."""
    from okrbot.audit.waivers import end

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store, store.begin() as db:
        if not end(db, number, now=app.clock()):
            raise click.UsageError(f"There is no waiver {number} in force. See okrbot waivers list.")
    click.echo(f"Waiver {number} is ended; its finding speaks again at the next audit.")
    return DONE
