"""`okrbot rules try`, `new` and `keep`: look at a rule's past before it is switched on, begin a page, keep a paused rule."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrbot.cli import DONE
from okrbot.cli.shared import open_app, progress, write

if TYPE_CHECKING:
    from okrbot.audit.backtest import Trial
    from okrbot.rulebook import Page

MOST_SUBJECTS = 15
MOST_VALUES = 40  # of one sweep


@click.command("try", short_help="How often a rule would have fired, and what became of it.")
@click.argument("name")
@click.option("--weeks", type=click.IntRange(1, 104), default=12, show_default=True, help="How many Mondays to look back.")
@click.option("--set", "sets", multiple=True, metavar="SETTING=VALUE", help="Try another value of a setting. May be repeated.")
@click.option("--sweep", metavar="SETTING=1..20", help="Try a range of values: 1..20, 0.1..0.9:0.1 or 3,5,8.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the terminal.")
@click.pass_context
def try_(ctx: click.Context, name: str, weeks: int, sets: tuple[str, ...], sweep: str | None, format_: str, output: Path | None) -> int:
    """Run one rule on the facts of each past week, without remembering anything.

    Shows how often it would have fired, on which subjects, and how many of these were later fixed, waived or ended. With
    --sweep it shows the curve of findings against the setting, so that a threshold is set by looking.
    """
    from okrbot.audit.backtest import try_rule
    from okrbot.audit.trend import mondays
    from okrbot.cli.rules import find_page

    app = open_app(ctx, secrets=False)
    page = find_page(app.pages(), name)
    fixed = dict(_setting(page, text) for text in sets)
    swept, values = _sweep(page, sweep) if sweep else ("", [])
    variants = [{**fixed, swept: value} for value in values] if swept else [fixed]
    instants = (*mondays(app.clock(), app.config.okrbot.timezone, weeks), app.clock())
    with app.store(create=False) as store, progress("") as bar:
        trials = try_rule(store, app.config, page, instants, variants, progress=lambda done, of: bar("weeks", done, of))
    if format_ == "json":
        write(output, json.dumps([_data(trial) for trial in trials], ensure_ascii=False, indent=1, default=str))
    else:
        write(output, _curve(trials, swept) if swept else _story(trials[0], page))
    return DONE


def _setting(page: Page, text: str) -> tuple[str, Any]:
    """Return (name, value) of SETTING=VALUE, typed like the page's own. Raises click.UsageError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"'{text}' must read SETTING=VALUE, e.g. --set {_example(page)}.")
    return name, _typed(page, name, value)


def _typed(page: Page, name: str, value: str) -> Any:
    import difflib

    if name not in page.settings:
        near = difflib.get_close_matches(name, page.settings, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else f" It has: {', '.join(page.settings) or 'none'}."
        raise click.UsageError(f"The rule '{page.name}' has no setting '{name}'.{hint}")
    example = page.settings[name]
    if isinstance(example, bool):
        if value.lower() not in ("true", "false", "yes", "no"):
            raise click.UsageError(f"'{name}' is true or false, not '{value}'.")
        return value.lower() in ("true", "yes")
    if isinstance(example, int | float):
        try:
            return int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)
        except ValueError:
            raise click.UsageError(f"'{name}' must be a number like {example}, not '{value}'.") from None
    return value


def _sweep(page: Page, text: str) -> tuple[str, list[Any]]:
    """Return the setting and the values of SETTING=FROM..TO[:STEP] or SETTING=A,B,C. Raises click.UsageError."""
    name, equals, told = text.partition("=")
    if not equals or not told:
        raise click.UsageError(f"'{text}' must read SETTING=FROM..TO, e.g. --sweep {_example(page).split('=')[0]}=1..20.")
    if ".." not in told:
        values = [_typed(page, name, part.strip()) for part in told.split(",")]
    else:
        ends, _, step_text = told.partition(":")
        low, high = (_typed(page, name, part.strip()) for part in ends.split("..", 1))
        if not isinstance(low, int | float) or not isinstance(high, int | float) or isinstance(low, bool):
            raise click.UsageError(f"'{name}' is no number; sweep it as a list: --sweep {name}=one,another.")
        whole = isinstance(low, int) and isinstance(high, int)
        step = _typed(page, name, step_text) if step_text else (max(1, (high - low) // 20) if whole else (high - low) / 10)
        if step <= 0 or high < low:
            raise click.UsageError(f"'{told}' runs nowhere; write the lower end first, e.g. 1..20 or 1..20:2.")
        values = [
            low + i * step if whole and isinstance(step, int) else round(low + i * step, 9)
            for i in range(int((high - low) / step + 1e-9) + 1)
        ]
    if len(values) > MOST_VALUES:
        raise click.UsageError(
            f"'{told}' gives {len(values)} values; {MOST_VALUES} are the most. Take a larger step, e.g. {told.partition(':')[0]}:5."
        )
    return name, values


def _example(page: Page) -> str:
    return next((f"{key}={value}" for key, value in page.settings.items()), "days=5")


# --- forms ------------------------------------------------------------------------------------------------------------


def _data(trial: Trial) -> dict[str, Any]:
    return {
        "rule": trial.rule,
        "settings": dict(trial.settings),
        "acted_on": trial.acted_on,
        "fates": dict(trial.fates),
        "weeks": [
            {"as_of": w.as_of.isoformat(), "outcome": w.outcome, "checked": w.checked, "flagged": w.flagged, "new": w.fresh, "reason": w.reason}
            for w in trial.weeks
        ],
        "subjects": [
            {"kind": s.kind, "key": s.key, "title": "" if s.restricted else s.title, "first": s.first.isoformat(), "weeks": s.weeks, "fate": s.fate,
             "note": "" if s.restricted else s.note}
            for s in trial.subjects
        ],
    }  # fmt: skip


def _story(trial: Trial, page: Page) -> str:
    from okrbot.cli.trend import sparkline
    from okrbot.render import count, plain

    told = [week for week in trial.weeks if week.outcome in ("flagged", "clear")]
    settings = ", ".join(f"{key} = {value}" for key, value in trial.settings.items())
    lines = [f"{page.title} ({trial.rule}){f', with {settings}' if settings else ''}"]
    counts: list[float | None] = [float(week.flagged) if week in told else None for week in trial.weeks]
    lines.append(f"{trial.weeks[0].as_of.date()} {sparkline(counts)} now")
    lines += [
        f"  {week.as_of.date()}  {week.flagged:>4} of {week.checked:>5} flagged, {week.fresh:>3} new" if week in told
        else f"  {week.as_of.date()}     · {week.outcome.replace('_', ' ')}: {plain(week.reason or '', 100)}"
        for week in trial.weeks
    ]  # fmt: skip
    if not told:
        reason = next((week.reason for week in reversed(trial.weeks) if week.reason), "no week could be told")
        return "\n".join([*lines, f"Could not be tried: {plain(reason, 200)}."])
    if not trial.subjects:
        return "\n".join([*lines, "It would not have fired."])
    lines.append(f"{count(len(trial.subjects), 'subject')} in all: {_fates(trial)}.")
    for subject in trial.subjects[:MOST_SUBJECTS]:
        title = "(restricted)" if subject.restricted else plain(subject.title, 60)
        lines.append(f"  {subject.fate:<7} {subject.key:<14} {count(subject.weeks, 'week'):<9} {title}")
    if len(trial.subjects) > MOST_SUBJECTS:
        lines.append(f"  and {len(trial.subjects) - MOST_SUBJECTS} more; --format json lists them all")
    return "\n".join(lines)


def _fates(trial: Trial) -> str:
    words = {
        "open": "still flagged",
        "fixed": "fixed later",
        "waived": "waived",
        "ended": "ended as upkeep or cancelled",
        "finished": "finished as they were",
        "gone": "no longer there",
    }
    return ", ".join(f"{number} {words[fate]}" for fate, number in trial.fates.items() if number)


def _curve(trials: Sequence[Trial], swept: str) -> str:
    from okrbot.cli.trend import sparkline

    most = max((len(trial.subjects) for trial in trials), default=0) or 1
    width = max(len(swept), *(len(str(trial.settings[swept])) for trial in trials))
    lines = [f"{trials[0].rule} by {swept}: subjects flagged in {len(trials[0].weeks)} weeks, flagged now, acted on since",
             f"  {swept:>{width}}  {'ever':>5} {'now':>5} {'acted':>6}  by week"]  # fmt: skip
    for trial in trials:
        now, acted = trial.weeks[-1].flagged, trial.acted_on
        counts: list[float | None] = [float(w.flagged) if w.outcome in ("flagged", "clear") else None for w in trial.weeks]
        bar = "█" * round(24 * len(trial.subjects) / most)
        share = "–" if acted is None else f"{acted:.0%}"
        lines.append(f"  {trial.settings[swept]!s:>{width}}  {len(trial.subjects):>5} {now:>5} {share:>6}  {sparkline(counts)} {bar}")
    return "\n".join(lines)


# --- a page to start from ---------------------------------------------------------------------------------------------


@click.command("new", short_help="Write a rule page to start from.")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of your rules (default: the first of [rules] folders, else our-rules).",
)
@click.pass_context
def new(ctx: click.Context, name: str, folder: Path | None) -> int:
    """Write NAME.md, a whole rule page that passes `okrbot rules check`, for you to change."""
    from okrbot.cli.rules import _pages
    from okrbot.config import ConfigError, find

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.UsageError(
            f"'{name}' is no name for a rule: small letters, digits and _, said aloud what is wrong, e.g. stuck_in_review."
        )
    if name in _pages(ctx):
        raise click.UsageError(f"There is already a rule '{name}'. Choose another name; see it with `okrbot rules show {name}`.")
    configured: Sequence[str] = ()
    base = Path()
    try:
        app = open_app(ctx, secrets=False) if find(ctx.obj["config"]) else None
    except ConfigError:
        if ctx.obj["config"] is not None:
            raise
        app = None
    if app is not None:
        configured, base = app.config.rules.folders, app.config.folder
    chosen = folder or base / (configured[0] if configured else "our-rules")
    path = chosen / f"{name}.md"
    if path.exists():
        raise click.UsageError(f"{path} is there already; nothing was written.")
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        path.write_text(_PAGE.format(title=name.replace("_", " ").capitalize()), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written ({error.strerror}).") from None
    click.echo(f"{path} is written. Change it, then: okrbot rules check {chosen}, okrbot rules try {name}.")
    if not any((base / one).resolve() == chosen.resolve() for one in configured):
        click.echo(f'To let it run, add to the configuration:  [rules] folders = ["{chosen}"]')
    return DONE


_PAGE = """# {title}

Say in one or two sentences why this is worth a talk, and where the idea comes from. This draft flags work that has
stood in one state of your tracker for longer than the days you allow.

```toml
severity = "medium"
subject = "item"
needs = ["history"]
state_name = "In Review"
most_days = 5
```

## What to do

Say the next step in a word or two that a product owner can act on.

## What the bot asks

What would get {{key}} out of {{their_state}} this week?

## How it is found

```sql
select
  key,
  their_state,
  'in ' || their_state || ' for ' || round(state_days)::integer || ' days' as note,
  state_days > :most_days as flagged
from item
where state = 'doing'
  and lower(their_state) = lower(:state_name)
  and not on_hold
```

## Examples

| key | state | their_state | state_days | on_hold | flagged |
| --- | --- | --- | --- | --- | --- |
| LATE-1 | doing | In Review | 6 | | yes |
| LATE-2 | doing | in review | 20 | | yes |
| LATE-3 | doing | In Review | 5.5 | | yes |
| FRESH | doing | In Review | 5 | | |
| OTHER | doing | In Progress | 30 | | |
| HELD | doing | In Review | 30 | yes | |
"""


@click.command("keep", short_help="Keep a rule that was paused because nobody acted on it.")
@click.argument("name")
@click.pass_context
def keep(ctx: click.Context, name: str) -> int:
    """Keep NAME running, whatever is done about its findings. `on` under [rules] says the same in the configuration."""
    from okrbot.audit.pausing import keep as keep_
    from okrbot.cli.rules import find_page

    app = open_app(ctx, secrets=False)
    page = find_page(app.pages(), name)
    with app.store() as store, store.begin() as db:
        was_paused = keep_(db, page.name, now=app.clock())
    click.echo(f"{name} runs again." if was_paused else f"{name} was not paused; it will not be.")
    return DONE


__all__ = ["keep", "new", "try_"]
