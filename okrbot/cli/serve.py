"""`okrbot serve`: the scheduler and the Slack bot."""

from __future__ import annotations

import click

from okrbot.cli.shared import open_app


@click.command(short_help="Run the scheduler and the Slack bot.")
@click.pass_context
def command(ctx: click.Context) -> int:
    """Pull, audit, send digests and ask questions on schedule, and take answers from Slack, until it is told to end.

    \b
    Logs go to standard error as JSON lines. /healthz, /readyz and /metrics are at [schedule] health.
    It starts while Slack or a tracker is down, and comes back by itself.
    """
    from okrbot.serve import serve

    app = open_app(ctx)
    return serve(app, debug=bool(ctx.obj["debug"]))
