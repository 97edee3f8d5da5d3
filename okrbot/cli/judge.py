"""`okrbot judge`: judge the wording of key results, objectives and items."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrbot.cli import DONE

if TYPE_CHECKING:
    from okrbot.wording import Judgement

LEVELS = ("key_result", "objective", "item")


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
def command(text: str | None, file: Path | None, level: str | None, format_: str) -> int:
    """Judge one TEXT, or every row of a CSV file: one answer a text, with the words that decided."""
    if (text is None) == (file is None):
        raise click.UsageError("Give one TEXT, or --file with a CSV.")
    from okrbot.wording import guess_level, judge

    rows = [(text, level)] if text is not None else rows_of(file, level)  # type: ignore[arg-type]
    for said, row_level in rows:
        verdict = judge(said, level=row_level or level or guess_level(said))  # type: ignore[arg-type]
        click.echo(json.dumps(as_data(verdict), ensure_ascii=False) if format_ == "json" else as_text(verdict))
    return DONE


def rows_of(file: Path, level: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield (text, level) of each row. Raises click.UsageError naming file, line and remedy."""
    csv.field_size_limit(10_000_000)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        content = data.decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8 text. Save it as UTF-8 CSV.") from None
    reader = csv.DictReader(content.splitlines(keepends=True))
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if "text" not in names:
        raise click.UsageError(f"{file}:1: has no column 'text'. It has: {', '.join(names) or 'none'}.")
    for row in reader:
        said = (row.get(names["level"]) or "").strip() if "level" in names else ""
        if said and said not in LEVELS:
            raise click.UsageError(f"{file}:{reader.line_num}: level '{said}' is not known. Write one of {', '.join(LEVELS)}.")
        yield row[names["text"]] or "", said or level


def as_data(verdict: Judgement) -> dict[str, object]:
    """Return one judgement in the shape of the JSON contract."""
    return {
        "text": verdict.text,
        "level": verdict.level,
        "kind": verdict.kind,
        "confidence": round(verdict.confidence, 3),
        "because": list(verdict.because),
        "suggestion": verdict.suggestion,
        "language": verdict.language,
    }


def as_text(verdict: Judgement) -> str:
    """Return one judgement as a line for a person."""
    from okrbot.render import plain

    because = f" because of: {', '.join(verdict.because)}" if verdict.because else ""
    ask = f"\n    {verdict.suggestion}" if verdict.suggestion else ""
    return f"{verdict.kind:<18} {verdict.confidence:.2f}  {plain(verdict.text, 100)}{plain(because, 160)}{ask}"
