"""`okrbot writeback`: write the audit into the tracker, where a team allowed it."""

from __future__ import annotations

import click

from okrbot.cli.shared import open_app


@click.command(short_help="Write the audit into the tracker, where a team allowed it.")
@click.option("--dry-run", is_flag=True, help="Print the exact requests; send none of them.")
@click.option("--undo", is_flag=True, help="Take back everything okrbot wrote, and nothing else.")
@click.option("--most", type=click.IntRange(1, 500), metavar="N", help="At most so many writes in this run (default: [write_back] most).")
@click.pass_context
def command(ctx: click.Context, dry_run: bool, undo: bool, most: int | None) -> int:
    """Put one note on each item that has open findings, as of the last audit; take back the notes of those that have none any more.

    Off until [write_back] says enabled = true. An item that changed since it was read is left alone. Exit code 4 says that
    something did not come about; nothing is lost and nothing is written twice, run it again.
    """
    from okrbot.secrets import redact

    def tell(line: str) -> None:
        click.echo(redact("".join(letter if letter.isprintable() else " " for letter in line)))  # foreign text may steer a terminal

    app = open_app(ctx)
    with app.store(create=False) as store:
        return app.write_back(store, dry_run=dry_run, undo=undo, most=most, tell=tell)
