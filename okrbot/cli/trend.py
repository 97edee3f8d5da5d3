"""`okrbot trend`: every score as of each past week."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE
from okrbot.cli.shared import open_app, progress, write

if TYPE_CHECKING:
    from okrbot.audit.trend import Week

_BARS = "▁▂▃▄▅▆▇█"


@click.command(short_help="Show the scores as of each past week.")
@click.option("--weeks", type=click.IntRange(1, 260), default=26, show_default=True, help="How many Mondays to look back.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--product", metavar="NAME", help="Only this product.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the terminal.")
@click.pass_context
def command(ctx: click.Context, weeks: int, format_: str, product: str | None, output: Path | None) -> int:
    """Show every score as of each past Monday, 00:00 in the company's zone, by replaying the history in the store.

    Works from the first pull on. A week that history does not reach is marked, never shown as zero.
    """
    from okrbot.audit.trend import mondays
    from okrbot.config import ConfigError

    app = open_app(ctx, secrets=False)
    names = [p.name for p in app.config.products if product in (None, p.name)]
    if product and not names:
        near = _near(product, [p.name for p in app.config.products])
        raise ConfigError(f"There is no product '{product}'.{near}")
    if not names:
        raise ConfigError(f"{app.config.path}: no [[products]] are configured; scores are told by product. Add one, e.g. with okrbot init.")
    found = _look_back(app.config.path, mondays(app.clock(), app.config.okrbot.timezone, weeks))
    form = {"text": _text, "json": _json, "csv": _csv}[format_]
    write(output, form(found, names))
    return DONE


def _look_back(path: Path, instants: Sequence[dt.datetime]) -> list[Week]:
    """Return the weeks of `instants`; a large store is looked at by two processes."""
    from okrbot.app import open_app as open_
    from okrbot.audit.trend import LARGE, trend

    app = open_(path, secrets=False)
    pages = app.rulebook()
    with app.store(create=False) as store, progress("") as bar:
        if len(instants) < 4 or _items(store) < LARGE:
            return trend(store, app.config, pages, instants, progress=lambda done, of: bar("weeks", done, of))
    return _by_two(path, instants)


def _by_two(path: Path, instants: Sequence[dt.datetime]) -> list[Week]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Every other week each: the older ones hold less. Spawned, so that no open database is shared.
    halves = [instants[0::2], instants[1::2]]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(_part, [path, path], halves))
    return sorted((week for part in parts for week in part), key=lambda week: week.as_of)


def _part(path: Path, instants: Sequence[dt.datetime]) -> list[Week]:
    from okrbot.app import open_app as open_
    from okrbot.audit.trend import trend

    app = open_(path, secrets=False)
    with app.store(create=False) as store:
        return trend(store, app.config, app.rulebook(), instants, threads=1)


def _items(store: object) -> int:
    import sqlalchemy as sa

    from okrbot.store import tables as t

    with store.connect() as db:  # type: ignore[attr-defined]
        return int(db.execute(sa.select(sa.func.count()).select_from(t.items)).scalar() or 0)


def _near(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(known) or 'none'}."


# --- forms ------------------------------------------------------------------------------------------------------------


def _json(weeks: Sequence[Week], names: Sequence[str]) -> str:
    return json.dumps(
        {
            "schema": 1,
            "weeks": [
                {
                    "as_of": week.as_of.astimezone(dt.UTC).isoformat(),
                    "monday": week.as_of.date().isoformat(),
                    "enough": week.enough,
                    "reason": week.reason or None,
                    "notes": list(week.notes),
                    "products": [
                        {"name": name, "scores": dict(week.scores[name]), "flagged": week.flagged[name]}
                        for name in names
                        if name in week.scores
                    ],
                }
                for week in weeks
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def _csv(weeks: Sequence[Week], names: Sequence[str]) -> str:
    from okrbot.audit.output import safe_cell
    from okrbot.audit.scores import NAMES

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["monday", "product", *NAMES, "flagged", "not_told_because"])
    for week in weeks:
        for name in names:
            values = week.scores.get(name, {})
            row = ["" if values.get(score) is None else values[score] for score in NAMES]
            writer.writerow([week.as_of.date(), safe_cell(name), *row, week.flagged.get(name, ""), week.reason])
    return out.getvalue().rstrip("\n")


def _text(weeks: Sequence[Week], names: Sequence[str]) -> str:
    from okrbot.digest import SCORES, show_score
    from okrbot.render import count, plain

    lines = [f"{count(len(weeks), 'week')}, Mondays from {weeks[0].as_of.date()} to {weeks[-1].as_of.date()}; · = not told, never zero"]
    for name in names:
        lines += ["", plain(name)]
        for score, (meaning, _, form) in SCORES.items():
            values = [week.scores.get(name, {}).get(score) for week in weeks]
            known = [value for value in values if value is not None]
            ends = f"{show_score(known[0], form):>6} → {show_score(known[-1], form):<6}" if known else f"{'–':>6}   {'':<6}"
            lines.append(f"  {score:<12} {sparkline(values)} {ends} {meaning}")
    gaps = _gaps(weeks)
    return "\n".join([*lines, *([""] if gaps else []), *gaps])


def sparkline(values: Sequence[float | None]) -> str:
    """Return one bar a value between the lowest and the highest of them, a dot where there is none."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    step = (high - low) or 1.0
    return "".join("·" if value is None else _BARS[3 if high == low else min(7, int((value - low) / step * 8))] for value in values)


def _gaps(weeks: Sequence[Week]) -> list[str]:
    """Return the weeks that are not told, and what holds for those that are, one line a reason."""
    from okrbot.render import count

    said: dict[str, list[dt.date]] = {}
    for week in weeks:
        for reason in (week.reason,) if not week.enough else week.notes:
            said.setdefault(f"{'not told' if not week.enough else 'note'}: {reason}", []).append(week.as_of.date())
    return [f"{days[0]}{f' to {days[-1]}' if len(days) > 1 else ''} ({count(len(days), 'week')}) {reason}" for reason, days in said.items()]
