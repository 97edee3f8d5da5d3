"""What several verbs need: the application from the command line, a progress bar, instants, safe cells."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from okrbot.app import App
    from okrbot.store import Store


def open_app(ctx: click.Context, *, secrets: bool = True) -> App:
    """Return the application for the --config of this call. Raises ConfigError."""
    from okrbot.app import open_app as open_
    from okrbot.config import find

    return open_(find(ctx.obj["config"]), secrets=secrets)


def instant_of(app: App, text: str | None, *, ahead: bool = False) -> dt.datetime | None:
    """Return --as-of as an aware instant: a day means its end in the company's zone, a time without offset is in that zone.

    Today is now; with `ahead` a day to come is taken as it is. Raises click.BadParameter for what is no date, and for a day that is still to come.
    """
    if text is None:
        return None
    zone = zoneinfo.ZoneInfo(app.config.okrbot.timezone)
    now = app.clock()
    found = _instant(text, zone)
    if ahead:
        return found
    if len(text) == 10 and found.date() == now.astimezone(zone).date():
        return min(found, now.replace(microsecond=0))
    if found > now:
        raise click.BadParameter(f"{text} is still to come; what the store will hold then is not known.", param_hint="--as-of")
    return found


def _instant(text: str, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    try:
        if len(text) == 10:
            day = dt.date.fromisoformat(text)
            return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone) - dt.timedelta(seconds=1)
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is no date. Write 2026-11-16 or 2026-11-16T09:00.", param_hint="--as-of") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a function (what, done, of) that draws bars on a terminal and does nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, object] = {}

    def show(what: str, done: int, of: int | None) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(f"{title} {what}", total=of)
        bars.update(tasks[what], completed=done, total=of)  # type: ignore[arg-type]

    with bars:
        yield show


def must_hold(store: Store) -> None:
    """Raise StoreError where nothing was ever pulled: an empty store is not a clean one."""
    import sqlalchemy as sa

    from okrbot.store import StoreError
    from okrbot.store import tables as t

    with store.connect() as db:
        if not any(db.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in (t.pulls, t.objectives, t.items)):
            raise StoreError(f"nothing was pulled yet: {store.url} is empty. Run `okrbot pull` first.")


def write(output: Path | None, text: str) -> None:
    """Write `text` to `output`, or to standard output. An existing file is replaced whole or not at all."""
    if output is None:
        click.echo(text)
        return
    part = output.with_name(output.name + ".part")
    try:
        part.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written ({error.strerror}). Name a folder you may write to.") from None
