"""`okrbot demo`: the whole main job on the bundled sample organisation."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from okrbot.cli import DONE
from okrbot.cli.pull import tell
from okrbot.cli.shared import progress

if TYPE_CHECKING:
    from okrbot.findings import Audit

SAMPLE = Path(__file__).parents[1] / "sample"
WEEK_BEFORE = dt.datetime(2026, 11, 9, 7, 0, tzinfo=dt.UTC)  # audited first, so that the digest can tell what changed
AS_OF = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)  # the Monday the sample organisation lives in


@click.command(short_help="Show the whole job on a bundled sample organisation; no token, no network.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("okrbot-demo"),
    show_default=True,
    help="Folder for the demo's files.",
)
def command(output: Path) -> int:
    """Run pull, audit, digest and report on a made-up company: two products, five backlogs, two quarters of goals."""
    from okrbot.app import open_app
    from okrbot.render import text_digest
    from okrbot.report import write_report

    output.mkdir(parents=True, exist_ok=True)
    for path in sorted(SAMPLE.iterdir()):
        if path.is_file():
            shutil.copyfile(path, output / path.name)
    app = open_app(output / "okrbot.toml", clock=lambda: AS_OF)
    click.echo(f"Veldmand is a made-up online grocery; its files are in {output}/. Nothing is fetched, nothing is sent.\n")
    with app.store() as store:
        click.echo(f"$ okrbot --config {output}/okrbot.toml pull")
        with progress("Pulling") as bar:
            for result in app.pull(store, progress=bar):
                tell(result)
        for instant in (WEEK_BEFORE, AS_OF):
            click.echo(
                f"\n$ okrbot --config {output}/okrbot.toml audit --no-pull --as-of {instant.astimezone(ZoneInfo(app.config.okrbot.timezone)):%Y-%m-%dT%H:%M}"
            )
            with progress("") as bar:
                audit = app.audit(store, as_of=instant, progress=lambda done, of: bar("judging texts", done, of))
            tally(audit)
        click.echo(f"\n$ okrbot --config {output}/okrbot.toml digest --dry-run\n")
        digests = app.digests_of(store, audit)
        click.echo("\n\n".join(text_digest(digest) for digest in digests))
        report = output / "report.html"
        click.echo(f"\n$ okrbot --config {output}/okrbot.toml report --output {report}")
        write_report(report, audit, digests, app.pages())
    click.echo(f"{report} is written. Open it in a browser.\n")
    click.echo("Three things to try next:")
    click.echo(f"  okrbot --config {output}/okrbot.toml rules try large_batch --weeks 12    how often a rule would have fired")
    click.echo('  okrbot judge "Launch the new checkout"                                   outcome or output?')
    click.echo("  okrbot init                                                              your own Jira or Linear, read-only")
    return DONE


def tally(audit: Audit) -> None:
    """Print one line about an audit."""
    live = [f for f in audit.findings if f.state != "waived"]
    by_severity = ", ".join(f"{sum(1 for f in live if f.severity == s)} {s}" for s in ("high", "medium", "low"))
    told = "" if audit.first else f"; {sum(1 for f in live if f.is_new)} new, {len(audit.resolved)} resolved"
    click.echo(f"{len(audit.rules)} rules asked: {by_severity} findings{told}")
