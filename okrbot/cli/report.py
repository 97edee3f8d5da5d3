"""`okrbot report`: the audit as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from okrbot.cli import DONE, PARTIAL
from okrbot.cli.shared import instant_of, must_hold, open_app, progress


@click.command(short_help="Write the audit as one HTML file.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("report.html"), show_default=True, help="File to write."
)
@click.option("--as-of", metavar="DATE", help="Report on a past day.")
@click.pass_context
def command(ctx: click.Context, output: Path, as_of: str | None) -> int:
    """Write one self-contained HTML file about what the store holds: no script, nothing fetched."""
    from okrbot.report import write_report

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store, progress("") as bar:
        must_hold(store)
        audit = app.audit(store, as_of=instant_of(app, as_of), remember=False, progress=lambda done, of: bar("judging texts", done, of))
        digests = app.digests_of(store, audit)
    try:
        write_report(output, audit, digests, app.pages())
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written ({error.strerror}). Name a folder you may write to.") from None
    if audit.untold:
        click.echo(f"okrbot: {audit.untold}. {output} is written, and nothing is judged in it.", err=True)
        return PARTIAL
    click.echo(f"{output} is written: {len(audit.findings)} findings. Open it in a browser.")
    return DONE
