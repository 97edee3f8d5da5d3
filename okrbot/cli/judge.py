"""`okrbot judge`: judge the wording of key results, objectives and items, and keep what people say about them."""

from __future__ import annotations

import contextlib
import csv
import getpass
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrbot.cli import DONE
from okrbot.cli.judge_rows import LEVELS, rows_of
from okrbot.cli.shared import open_app, write

if TYPE_CHECKING:
    from okrbot.app import App
    from okrbot.wording import Judgement, Level
    from okrbot.wording.llm import LlmJudge, Opinion

_AT_ONCE = 200  # answers written together


@click.command(short_help="Judge the wording of key results, objectives or items.")
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="CSV with a column text, and a column level if it has one; - for standard input.",
)
@click.option("--level", type=click.Choice(LEVELS), help="What the texts are; without it okrbot guesses.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--teach", metavar="KIND", help="Keep your own verdict on TEXT; it counts from now on. Needs a configuration and --why.")
@click.option("--why", help="Why, in a sentence (with --teach).")
@click.option("--who", help="Who says so (default: your account's name).")
@click.option("--forget", is_flag=True, help="Take back what people said about TEXT.")
@click.option(
    "--export", is_flag=False, flag_value="-", metavar="[FILE]", help="Give back what people said, as CSV: text, level, kind, why."
)
@click.pass_context
def command(
    ctx: click.Context,
    text: str | None,
    file: Path | None,
    level: Level | None,
    format_: str,
    teach: str | None,
    why: str | None,
    who: str | None,
    forget: bool,
    export: str | None,
) -> int:
    """Judge one TEXT, or every row of a CSV file: one answer a text, with the words that decided.

    Where a configuration names a store, what people said about a text counts first, and a language model if one is
    configured; a mark shows where these and the built-in judge differ.
    """
    acts = [name for name, given in (("--teach", teach), ("--forget", forget), ("--export", export)) if given]
    if len(acts) > 1:
        raise click.UsageError(f"{acts[0]} and {acts[1]} exclude each other.")
    if export is not None:
        return _export(ctx, export)
    if teach is not None or forget:
        if text is None or not text.strip():
            raise click.UsageError(f"{acts[0]} needs a TEXT.")
        return _teach(ctx, text, level, teach, why, who or getpass.getuser()) if teach is not None else _forget(ctx, text, level)
    if why is not None or who is not None:
        raise click.UsageError("--why and --who belong to --teach.")
    if (text is None) == (file is None):
        raise click.UsageError("Give one TEXT, or --file with a CSV.")
    rows = [(text, level)] if text is not None else [(said, own or level) for said, own in rows_of(file)]  # type: ignore[arg-type]
    _say(ctx, rows, as_json=format_ == "json")
    return DONE


def _say(ctx: click.Context, rows: Iterable[tuple[str, Level | None]], *, as_json: bool) -> None:
    from okrbot.model import clean
    from okrbot.wording import guess_level, judge

    with voices(configured(ctx)) as (said, model):
        lines: list[str] = []
        for raw, given in rows:
            text = clean(raw)
            level = given or guess_level(text)
            opinion = decide(text, level, said, model) if said or model else None
            verdict = opinion.verdict if opinion else judge(text, level=level)
            lines.append(_one_line(as_data(verdict, opinion)) if as_json else as_text(verdict, opinion))
            if model or len(lines) >= _AT_ONCE:
                click.echo("\n".join(lines))
                lines.clear()
        if lines:
            click.echo("\n".join(lines))
    for problem in model.problems() if model else ():
        click.echo(f"okrbot: {problem}", err=True)
    if model and model.disagreements:
        click.echo(f"okrbot: {model.model} and the built-in judge differ on {model.disagreements} of {model.asked} texts.", err=True)


def configured(ctx: click.Context) -> App | None:
    """Return the application where a configuration is given or found, else None: judging needs none."""
    from okrbot.config import ConfigError, find

    if ctx.obj["config"] is None:
        try:
            find(None)
        except ConfigError:
            return None
    return open_app(ctx, secrets=False)


@contextlib.contextmanager
def voices(app: App | None) -> Iterator[tuple[dict[tuple[Level, int], str], LlmJudge | None]]:
    """Yield what people said, by level and the text's hash, and the language model, if one is configured.

    Without a configuration, or where its store is not made yet, nobody said anything and nothing is kept.
    """
    if app is None:
        yield {}, None
        return
    from okrbot.facts.asked import taught
    from okrbot.store import StoreError

    with contextlib.ExitStack() as open_:
        store = None
        with contextlib.suppress(StoreError):
            store = open_.enter_context(app.store(create=False))
        yield ({} if store is None else taught(store)), app.llm_judge(store)


def decide(text: str, level: Level, said: dict[tuple[Level, int], str], model: LlmJudge | None) -> Opinion:
    """Return whose verdict counts: a person's, else the model's, else the built-in judge's."""
    import dataclasses

    from okrbot.store.writing import text_hash
    from okrbot.wording import judge
    from okrbot.wording.llm import Opinion

    if kind := said.get((level, text_hash(text.strip()))):
        own = judge(text, level=level)
        suggestion = own.suggestion if own.kind == kind else ""
        return Opinion(
            dataclasses.replace(own, kind=kind, confidence=1.0, because=("a person said so",), suggestion=suggestion), own, "person"
        )
    if model is not None:
        return model(text, level=level)
    own = judge(text, level=level)
    return Opinion(own, own, "built-in")


def _one_line(data: dict[str, object]) -> str:
    # JSON allows these three in a text as they are, but many a reader takes them for the end of a line.
    return json.dumps(data, ensure_ascii=False).translate({0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"})


def as_data(verdict: Judgement, opinion: Opinion | None = None) -> dict[str, object]:
    """Return one judgement in the shape of the JSON contract; who decided and what the built-in judge says where that is not the same."""
    data: dict[str, object] = {
        "text": verdict.text,
        "level": verdict.level,
        "kind": verdict.kind,
        "confidence": round(verdict.confidence, 3),
        "because": list(verdict.because),
        "suggestion": verdict.suggestion,
        "language": verdict.language,
    }
    if opinion is not None and opinion.by != "built-in":
        data |= {"by": opinion.by, "built_in": opinion.built_in.kind}
    return data


def as_text(verdict: Judgement, opinion: Opinion | None = None) -> str:
    """Return one judgement as a line for a person."""
    from okrbot.render import plain

    because = f"\n    because of: {plain(', '.join(verdict.because), 160)}" if verdict.because else ""
    mark = f"  [the built-in judge says {opinion.built_in.kind}]" if opinion is not None and opinion.disagrees else ""
    ask = f"\n    {verdict.suggestion}" if verdict.suggestion else ""
    return f"{verdict.kind:<18} {verdict.confidence:.2f}  {plain(verdict.text, 100)}{mark}{because}{ask}"


# --- what people say --------------------------------------------------------------------------------------------------


def _teach(ctx: click.Context, text: str, level: Level | None, kind: str, why: str | None, who: str) -> int:
    from okrbot.facts.asked import levels_of, teach
    from okrbot.model import clean, millis
    from okrbot.wording import guess_level
    from okrbot.wording.llm import KINDS

    possible = levels_of(kind)
    if not possible:
        every = dict.fromkeys(k for kinds in KINDS.values() for k in kinds if k != "unclear")
        raise click.UsageError(f"'{kind}' is no verdict. Write one of {', '.join(every)}.")
    if level is not None and level not in possible:
        raise click.UsageError(f"'{kind}' is no verdict on {level}: there it is one of {', '.join(KINDS[level])}.")
    if not why or not why.strip():
        raise click.UsageError("--teach needs --why: one sentence that the next reader understands.")
    guessed = guess_level(text)
    chosen = level or (guessed if guessed in possible else possible[0])
    app = open_app(ctx, secrets=False)
    with app.store() as store, store.begin() as db:
        teach(db, text, level=chosen, kind=kind, why=why.strip(), who=who, now=millis(app.clock()))
    click.echo(f"From now on this {chosen.replace('_', ' ')} is {kind}: {clean(text.strip())[:100]}")
    return DONE


def _forget(ctx: click.Context, text: str, level: Level | None) -> int:
    from okrbot.facts.asked import forget
    from okrbot.model import millis

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store, store.begin() as db:
        count = forget(db, text, level=level, now=millis(app.clock()))
    if not count:
        raise click.UsageError("Nobody said anything about this text. `okrbot judge --export` shows what was said.")
    click.echo("Taken back; okrbot judges it by itself again.")
    return DONE


def _export(ctx: click.Context, file: str) -> int:
    from okrbot.audit.output import safe_cell
    from okrbot.facts.asked import taught_rows

    app = open_app(ctx, secrets=False)
    with app.store(create=False) as store:
        rows = taught_rows(store)
    out = io.StringIO()
    writer: Any = csv.writer(out, lineterminator="\n")
    writer.writerow(["text", "level", "kind", "why"])
    writer.writerows([safe_cell(cell) for cell in row[:4]] for row in rows)
    write(None if file == "-" else Path(file), out.getvalue().rstrip("\n"))
    return DONE
