"""`okrbot deliveries`: what was sent, is due, or is in doubt."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo

import click

from okrbot.cli import DONE
from okrbot.cli.shared import open_app

STATES = ("planned", "sending", "doubt", "held", "refused", "skipped", "sent")
WAITING = ("planned", "sending", "doubt", "held", "refused")
_MEANING = {
    "planned": "waits to be sent",
    "sending": "was being sent when it was last heard of; it will be looked for",
    "doubt": "Slack's answer was lost; it will be looked for",
    "held": "may have arrived, and nobody may look: decide with retry or sent",
    "refused": "Slack will not take it",
    "skipped": "will not be sent",
    "sent": "arrived",
}


@click.group(short_help="List what was sent, is due, or is in doubt.")
def command() -> None:
    """List what was sent to Slack, what is due, and what is in doubt; decide what nobody but you can know."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what was sent or skipped.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Lines at most.")
@click.pass_context
def list_(ctx: click.Context, everything: bool, form: str, most: int) -> int:
    """List what has not arrived; with --all everything, newest first."""
    from okrbot.slack.outbox import listed
    from okrbot.store.people import setting

    app = open_app(ctx, secrets=False)
    zone = zoneinfo.ZoneInfo(app.config.okrbot.timezone)
    with app.store(create=False) as store, store.connect() as db:
        rows = listed(db, states=STATES if everything else WAITING, most=most)
        pause = setting(db, "slack:pause")
    if form == "json":
        names = ("key", "kind", "product", "channel", "period", "state", "attempts", "channel_id", "ts", "error")
        times = ("due", "started", "sent", "not_before")
        shown = [{n: getattr(r, n) for n in names} | {n: _iso(getattr(r, n)) for n in times} for r in rows]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return DONE
    if pause.get("until", 0) > app.clock().timestamp() * 1000:
        until = dt.datetime.fromtimestamp(pause["until"] / 1000, zone)
        click.echo(f"Slack is left alone until {until:%a %H:%M}: {pause.get('error', '')}. `okrbot deliveries retry` tries at once.")
    for row in rows:
        when = (row.sent or row.due).astimezone(zone)
        reason = f": {row.error}" if row.error else ""
        click.echo(f"{row.key}  {row.state}  {when:%Y-%m-%d %H:%M}  {row.channel}{reason}")
    if not rows:
        click.echo("Nothing was ever to be sent." if everything else "Everything has arrived.")
    return DONE


@command.command("show")
@click.argument("key")
@click.pass_context
def show(ctx: click.Context, key: str) -> int:
    """Show the delivery KEY with the message as it was frozen."""
    from okrbot.slack.outbox import by_key

    app = open_app(ctx, secrets=False)
    zone = zoneinfo.ZoneInfo(app.config.okrbot.timezone)
    with app.store(create=False) as store, store.connect() as db:
        row = by_key(db, key)
    if row is None:
        raise click.UsageError(f"There is no delivery '{key}'. See okrbot deliveries list --all.")
    click.echo(f"{row.key}\n  {row.state}: {_MEANING.get(row.state, row.state)}{f' ({row.error})' if row.error else ''}")
    for name, moment in (("due", row.due), ("last tried", row.started), ("not before", row.not_before), ("sent", row.sent)):
        if moment is not None:
            click.echo(f"  {name}: {moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S %Z}")
    click.echo(f"  {row.attempts} attempts, {row.channel} {row.channel_id} {row.ts}\n  hash {row.payload_hash}")
    click.echo(json.dumps(row.payload, ensure_ascii=False, indent=2))
    return DONE


@command.command("retry")
@click.argument("key", required=False)
@click.pass_context
def retry(ctx: click.Context, key: str | None) -> int:
    """Send KEY again although it may have arrived, or (without KEY) try at once whatever waits."""
    return _decide(ctx, key, "planned", "will be sent with the next `okrbot digest` or by `okrbot serve`")


@command.command("hold")
@click.argument("key")
@click.pass_context
def hold(ctx: click.Context, key: str) -> int:
    """Do not send KEY until you say retry."""
    return _decide(ctx, key, "held", "is held until `okrbot deliveries retry`")


@command.command("sent")
@click.argument("key")
@click.pass_context
def sent(ctx: click.Context, key: str) -> int:
    """Say that KEY has arrived: you have seen it."""
    return _decide(ctx, key, "sent", "counts as sent")


def _decide(ctx: click.Context, key: str | None, state: str, words: str) -> int:
    from okrbot.model import millis
    from okrbot.slack.outbox import by_key, change, listed
    from okrbot.store.people import put_setting

    app = open_app(ctx, secrets=False)
    now = millis(app.clock())
    with app.store(create=False) as store, store.begin() as db:
        if key is None:
            put_setting(db, "slack:pause", until=None, error=None)
            rows = [row for row in listed(db, states=("planned", "sending", "doubt"), most=10_000) if row.not_before]
            for row in rows:
                change(db, row.key, only=(row.state,), not_before=0)
            click.echo(f"{len(rows)} deliveries will be tried at once; what is held stays held.")
            return DONE
        more = {"sent": now} if state == "sent" else {"not_before": 0}
        only = ("planned", "held") if state == "held" else ("planned", "held", "refused", "doubt", "sending")
        who = {"planned": "sent again", "held": "held", "sent": "seen"}[state]
        if not change(db, key, only=only, state=state, error=f"{who}: said by hand", **more):
            known = by_key(db, key)
            if known is None:
                raise click.UsageError(f"There is no delivery '{key}'. See okrbot deliveries list --all.")
            raise click.UsageError(f"'{key}' is {known.state}: {_MEANING.get(known.state, known.state)}. That cannot be changed so.")
    click.echo(f"{key} {words}.")
    return DONE


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
