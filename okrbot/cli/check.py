"""`okrbot check`: does the configuration work, and what can not be seen? Changes nothing."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE, PARTIAL, UNDELIVERED, USAGE
from okrbot.cli.shared import open_app

if TYPE_CHECKING:
    from okrbot.app import App
    from okrbot.model import Capabilities

MOST = 8


@click.command(short_help="Say whether the configuration works and what cannot be seen. Changes nothing.")
@click.option("--offline", is_flag=True, help="Check files and rules only; ask no service.")
@click.pass_context
def command(ctx: click.Context, offline: bool) -> int:
    """Check the configuration, the rules, the OKR files, the store, and every service: who we are, and what cannot be seen.

    \b
    Exit codes: 0 all works; 2 configuration, rules or OKR files; 3 a source; 4 Slack.
    """
    app = open_app(ctx, secrets=not offline)
    click.echo(f"config   {app.config.path}: valid")
    codes = [_rules(app), _goals(app), _store(app)]
    if not offline:
        codes += [_source(app, source.name) for source in app.config.sources]
        codes.append(_slack(app))
    return next((code for code in (USAGE, PARTIAL, UNDELIVERED) if code in codes), DONE)


def _rules(app: App) -> int:
    from okrbot.sandbox import protections

    rulebook = app.rulebook()
    own = [page.name for page in rulebook.values() if not page.shipped]
    click.echo(
        f"rules    {len(rulebook)} run under the profile {app.config.rules.profile}" + (f", {len(own)} of them your own" if own else "")
    )
    for line in protections() if own else ():
        click.echo(f"         {line}")
    return DONE


def _goals(app: App) -> int:
    from okrbot.render import count

    if not app.config.okrs.files:
        click.echo("okrs     no files under [okrs]; rules about key results are not checked unless a tracker has goals")
        return DONE
    goals = app.read_goals(app.config.okrs.files)
    today = app.clock().astimezone(zoneinfo.ZoneInfo(app.config.okrbot.timezone)).date().isoformat()
    running = [cycle.name for cycle in goals.cycles if cycle.start <= today <= cycle.end]
    click.echo(
        f"okrs     {count(len(goals.objectives), 'objective')}, {count(len(goals.key_results), 'key result')}, {count(len(goals.check_ins), 'check-in')}; "
        + (f"running: {', '.join(running)}" if running else "NO cycle runs today")
    )
    for problem in goals.problems[:MOST]:
        click.echo(f"  · {problem.where + ': ' if problem.where else ''}{problem.message}")
    return DONE


def _store(app: App) -> int:
    from okrbot.store import StoreError

    try:
        with app.store(create=False) as store:
            click.echo(f"store    {store.url}: up to date")
    except StoreError as error:
        if "does not exist yet" not in str(error):
            raise
        click.echo("store    not made yet; `okrbot pull` makes it")
    return DONE


def _source(app: App, name: str) -> int:
    from okrbot.model import SourceError

    source = app.sources(name)[0]
    try:
        found = app.connector(source).probe()
    except SourceError as error:
        click.echo(f"{name:<8} NOT readable: {error}")
        return PARTIAL
    _tell(name, found)
    return PARTIAL if any(problem.partial for problem in found.problems) else DONE


def _tell(name: str, found: Capabilities) -> None:
    click.echo(f"{name:<8} {found.kind} {found.version}".rstrip() + (f", as {found.account}" if found.account else ""))
    facts = {
        "time zone": found.timezone,
        "history": "yes" if found.history else "no: rules that need it will say not checked",
        "goals": "yes" if found.goals else "no",
        "scopes": ", ".join(found.scopes),
        "backlogs": _capped([f"{b.key}{' (private)' if b.private else ''}" for b in found.backlogs]),
        "fields": _capped([f"{ours} = {theirs}" for ours, theirs in found.fields.items()]),
        "limits": _capped([f"{limit} {value}" for limit, value in found.limits.items()]),
        "samples": ", ".join(found.samples),
    }
    for label, value in facts.items():
        if value:
            click.echo(f"         {label}: {value}")
    for problem in found.problems[:MOST]:
        click.echo(f"         {'!' if problem.partial else '·'} {problem.where + ': ' if problem.where else ''}{problem.message}")
    if len(found.problems) > MOST:
        click.echo(f"         … and {len(found.problems) - MOST} more")


def _capped(values: list[str]) -> str:
    return ", ".join(values[:MOST]) + (f" and {len(values) - MOST} more" if len(values) > MOST else "")


def _slack(app: App) -> int:
    if app.config.slack.bot_token is None:
        click.echo("slack    not configured; digests can be printed with `okrbot digest --dry-run`")
        return DONE
    ok, lines = app.check_slack()
    click.echo(f"slack    {lines[0]}")
    for line in lines[1:]:
        click.echo(f"         {line}")
    return DONE if ok else UNDELIVERED
