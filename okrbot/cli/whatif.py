"""`okrbot whatif`: what a change of structure would change, computed on the facts; nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from okrbot.cli import DONE, PARTIAL
from okrbot.cli.shared import instant_of, open_app, progress, write


@click.group(short_help="Show what merging backlogs would change.")
def command() -> None:
    """Compute scores again on another structure, and show the difference. Nothing is written anywhere."""


@command.command("merge")
@click.argument("backlogs", nargs=-1, required=True, metavar="BACKLOG BACKLOG…")
@click.option("--as-of", metavar="DATE", help="On the facts of a past day.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the terminal.")
@click.pass_context
def merge(ctx: click.Context, backlogs: tuple[str, ...], as_of: str | None, format_: str, output: Path | None) -> int:
    """Show what one ranked list for these backlogs would change: lists, hand-offs, dependencies, duplicates, layers.

    A backlog is named as source/KEY, or by its KEY alone where that is clear.
    """
    from okrbot.audit.trend import unseen_past
    from okrbot.audit.whatif import merge as merge_
    from okrbot.facts import build

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store, progress("") as bar:
        facts = build(store, app.config, instant_of(app, as_of) or app.clock(), progress=lambda done, of: bar("judging texts", done, of))
        try:
            if lack := unseen_past(facts.connection) if as_of else "":
                click.echo(f"okrbot: the past cannot be told: {lack}. Choose a later day.", err=True)
                return PARTIAL
            known = [key for (key,) in facts.connection.execute("select key from backlog order by key").fetchall()]
            found = merge_(facts, _keys(backlogs, known))
        finally:
            facts.close()
    if format_ == "json":
        told = {
            "backlogs": list(found.backlogs),
            "products": list(found.products),
            "differences": [{"name": d.name, "before": d.before, "after": d.after, "meaning": d.meaning} for d in found.differences],
            "examples": [{"what": what, "example": example} for what, example in found.examples],
        }
        write(output, json.dumps(told, ensure_ascii=False, indent=1))
        return DONE
    from okrbot.render import plain

    lines = [f"If {' and '.join(found.backlogs)} were one ranked list ({', '.join(plain(p) for p in found.products) or 'no product'}):"]
    lines += [f"  {d.name:<16} {_shown(d.before):>6} → {_shown(d.after):<6} {d.meaning}" for d in found.differences]
    lines += [f"  {what}: {plain(example, 90)}" for what, example in found.examples]
    write(
        output, "\n".join([*lines, "Nothing was changed. Teams stay; goals of merged teams that hang from one another are counted as one."])
    )
    return DONE


def _keys(names: tuple[str, ...], known: list[str]) -> list[str]:
    """Return the keys of `names`. Raises click.UsageError for a name that fits none or several, and for a single backlog."""
    import difflib

    keys = []
    for name in names:
        fitting = [key for key in known if name == key or name == key.split("/", 1)[1]]
        if len(fitting) > 1:
            raise click.UsageError(f"'{name}' may be {' or '.join(fitting)}. Write it in full.")
        if not fitting:
            near = difflib.get_close_matches(name, [*known, *(key.split("/", 1)[1] for key in known)], n=1)
            hint = f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(known[:12])}."
            raise click.UsageError(f"There is no backlog '{name}'.{hint}")
        keys += fitting
    if len(set(keys)) < 2:
        raise click.UsageError("Name at least two backlogs; one list cannot be merged with itself.")
    return keys


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
