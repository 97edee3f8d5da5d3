"""Read the texts that `okrbot judge --file` judges: CSV as spreadsheets, scripts and people write it."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from okrbot.wording import Level

LEVELS: tuple[Level, ...] = ("key_result", "objective", "item")
_SPOKEN: dict[str, Level] = {
    "key_result": "key_result",
    "keyresult": "key_result",
    "kr": "key_result",
    "objective": "objective",
    "item": "item",
}
_LARGEST = 100_000_000  # characters of one field


def rows_of(file: Path) -> list[tuple[str, Level | None]]:
    """Return (text, level) of each row, level None where the file does not say. Raises click.UsageError naming file, line and remedy."""
    content = _content(file)
    csv.field_size_limit(_LARGEST)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=_delimiter(content))
    rows: list[tuple[str, Level | None]] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if "text" not in header:
            raise click.UsageError(
                f"{file}:1: has no column 'text'. It has: {', '.join(name[:40] for name in header[:10]) or 'none'}. Name the column of the texts 'text'."
            )
        at, level_at = header.index("text"), header.index("level") if "level" in header else -1
        for row in reader:
            if row:
                said = row[level_at].strip() if 0 <= level_at < len(row) else ""
                rows.append((row[at] if at < len(row) else "", _level(said, file, reader.line_num)))
    except csv.Error as error:
        raise click.UsageError(f"{file}:{reader.line_num}: cannot be read as CSV ({error}). Save it as CSV with quoted texts.") from None
    return rows


def _level(said: str, file: Path, line: int) -> Level | None:
    if not said:
        return None
    found = _SPOKEN.get(said.lower().replace(" ", "_").replace("-", "_"))
    if found is None:
        raise click.UsageError(f"{file}:{line}: level '{said[:40]}' is not known. Write one of {', '.join(LEVELS)}.")
    return found


def _content(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read ({error.strerror}).") from None
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8 text. Save it as UTF-8 CSV.") from None


def _delimiter(content: str) -> str:
    """Return what parts the columns: a comma, or what a spreadsheet of another country writes."""
    header = content[:10_000].splitlines()[0] if content.strip() else ""
    names = {sign: [name.strip().strip('"').lower() for name in header.split(sign)] for sign in ",;\t"}
    return next((sign for sign, found in names.items() if "text" in found), ",")
