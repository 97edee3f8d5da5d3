"""`okrbot digest`: the weekly message of each product."""

from __future__ import annotations

import click

from okrbot.cli import DONE
from okrbot.cli.shared import instant_of, must_hold, open_app


@click.command(short_help="Send (or print) the weekly digest of each product.")
@click.option("--product", metavar="NAME", help="Only this product.")
@click.option("--dry-run", is_flag=True, help="Print the digest; send nothing, remember nothing.")
@click.option(
    "--preview",
    is_flag=True,
    help="Draw the digest, the next question and an owner's Home on local pages, with a link into Slack's Block Kit Builder; send nothing.",
)
@click.option("--as-of", metavar="DATE", help="With --dry-run: the digest as of a past day.")
@click.pass_context
def command(ctx: click.Context, product: str | None, dry_run: bool, preview: bool, as_of: str | None) -> int:
    """Send the weekly digest of each product through the outbox, or print it.

    Exit code 4 says that Slack did not take it; nothing is lost, it will be tried again.
    """
    app = open_app(ctx, secrets=not (dry_run or preview))
    if as_of and (preview or not dry_run):
        raise click.UsageError("--as-of goes with --dry-run: the past is not sent.")
    with app.store(create=False) as store:
        must_hold(store)
        if not (dry_run or preview):
            return app.send_digests(store, product=product, tell=click.echo)
        if preview:
            for text in app.previews(store, product=product):
                click.echo(text)
            return DONE
        digests = app.digests(store, product=product, as_of=instant_of(app, as_of))
    from okrbot.render import text_digest

    click.echo("\n\n".join(text_digest(digest) for digest in digests))
    return DONE
