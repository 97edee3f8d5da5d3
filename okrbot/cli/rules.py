"""`okrbot rules`: the rulebook: list, show, check, write and try."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE, USAGE
from okrbot.cli.shared import open_app
from okrbot.cli.trying import keep, new, try_

if TYPE_CHECKING:
    from okrbot.rulebook import Page

CHECK_SECONDS = 20  # for a whole page of a user's own, with its examples


@click.group(short_help="List, show, check, write and try rules.")
def command() -> None:
    """Read the rulebook, check rule pages, and try a rule on past weeks before it is switched on."""


for _part in (try_, new, keep):
    command.add_command(_part)


def _pages(ctx: click.Context) -> dict[str, Page]:
    """Return the pages of the configuration, or the shipped ones where there is no configuration."""
    from okrbot.config import ConfigError, find
    from okrbot.rulebook import read_folder, shipped_folder

    if ctx.obj["config"] is None:
        try:
            find(None)
        except ConfigError:
            return read_folder(shipped_folder())
    return open_app(ctx, secrets=False).pages()


@command.command("list")
@click.option("--family", help="Only this family.")
@click.pass_context
def list_(ctx: click.Context, family: str | None) -> int:
    """List every rule: name, severity, the profile it runs in, what it is about."""
    from rich.console import Console
    from rich.table import Table

    pages = sorted(_pages(ctx).values(), key=lambda page: (page.family, page.name))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("rule", "severity", "from profile", "finds"):
        table.add_column(title, no_wrap=title != "finds")
    last = ""
    for page in pages:
        if family and page.family != family:
            continue
        if page.family != last:
            table.add_row(f"[dim]{page.family}[/dim]")
            last = page.family
        table.add_row(f"  {page.name}", page.severity, "off" if page.off else page.profile if page.shipped else "your own", page.title)
    console = Console()
    console.print(table)
    console.print(f"{len(pages)} rules. `okrbot rules show NAME` tells why, what to do and how it is found.")
    return DONE


@command.command("show")
@click.argument("name")
@click.pass_context
def show(ctx: click.Context, name: str) -> int:
    """Show one rule's page."""
    page = find_page(_pages(ctx), name)
    click.echo(page.path.read_text(encoding="utf-8"))
    return DONE


def find_page(pages: dict[str, Page], name: str) -> Page:
    """Return the page called `name`. Raises click.UsageError with the nearest name."""
    import difflib

    if name not in pages:
        near = difflib.get_close_matches(name, pages, n=1)
        raise click.UsageError(f"There is no rule '{name}'." + (f" Did you mean '{near[0]}'?" if near else " See okrbot rules list."))
    return pages[name]


def _folders(ctx: click.Context, folder: Path | None) -> list[Path]:
    """Return the folders whose pages are checked: the one named, else the shipped ones and those of the configuration."""
    from okrbot.config import ConfigError, find
    from okrbot.rulebook import shipped_folder

    if folder is not None:
        return [folder]
    if ctx.obj["config"] is None:
        try:
            find(None)
        except ConfigError:
            return [shipped_folder()]
    app = open_app(ctx, secrets=False)
    return [shipped_folder(), *(app.config.folder / own for own in app.config.rules.folders)]


@command.command("check")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.pass_context
def check(ctx: click.Context, folder: Path | None) -> int:
    """Check rule pages: of FOLDER, or of the rulebook. Every mistake is told with its line and the remedy."""
    from okrbot.audit.own import check_own
    from okrbot.rulebook import RuleError, read_folder, read_page, shipped_folder
    from okrbot.rulebook.query import check_page
    from okrbot.sandbox import Cell

    pages: list[Page] = []
    wrong: list[RuleError] = []
    paths = [(place, path) for place in _folders(ctx, folder) for path in sorted(place.rglob("*.md")) if path.name.lower() != "readme.md"]
    for place, path in paths:
        try:
            pages.append(read_page(path, family=path.parent.name, shipped=place.resolve() == shipped_folder().resolve()))
        except RuleError as error:
            wrong.append(error)
    if not wrong and len({page.name for page in pages}) < len(pages):
        read_folder(folder) if folder else _pages(ctx)  # raises, with both places
    with Cell(seconds=CHECK_SECONDS) as cell:
        for page in pages:
            try:
                if page.shipped:
                    check_page(page)
                else:
                    check_own(page, cell)
            except RuleError as error:
                wrong.append(error)
    for page_error in wrong:
        for line in page_error.lines:
            click.echo(line, err=True)
    count = len(paths)
    click.echo(f"{count} pages checked, {len(wrong)} with a mistake." if wrong else f"{count} pages checked, all fit to run.")
    return USAGE if wrong else DONE
