"""`okrbot manifest`: the Slack app manifest, with the least scopes."""

from __future__ import annotations

import json

import click

from okrbot.cli import DONE


@click.command(short_help="Print the Slack app manifest with least scopes.")
@click.option("--mode", type=click.Choice(["socket", "http"]), default="socket", show_default=True, help="How Slack reaches okrbot.")
@click.option("--url", default="", metavar="HTTPS", help="With --mode http: the public address of okrbot serve.")
@click.option("--no-history", is_flag=True, help="Leave out the scopes by which a lost message is looked for; see docs/slack.md.")
@click.option("--reasons", is_flag=True, help="Print why each scope is asked for, instead of the manifest.")
def command(mode: str, url: str, no_history: bool, reasons: bool) -> int:
    """Print the manifest to paste at api.slack.com/apps, under "Create New App", "From a manifest".

    Socket Mode needs no open port: make an app-level token with connections:write afterwards. HTTP needs --url.
    """
    from okrbot.slack.manifest import LOOKING, SCOPES, manifest

    if reasons:
        for scope, (why, _) in {**SCOPES, **({} if no_history else LOOKING)}.items():
            click.echo(f"{scope:18} {why}")
        return DONE
    try:
        found = manifest("http" if mode == "http" else "socket", url=url, looking=not no_history)
    except ValueError as error:
        raise click.UsageError(f"--url: {error}.") from None
    click.echo(json.dumps(found, indent=2))
    return DONE
