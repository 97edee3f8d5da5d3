"""Opens a file as what it is: its digest, its encoding, and whether it is a table, JSON, or nothing this connector reads."""

from __future__ import annotations

import codecs
import dataclasses
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from okrbot.model import Problem

_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"PK\x03\x04", "is a spreadsheet or an archive: save it as CSV (UTF-8), or unpack it"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook: save it as CSV (UTF-8)"),
    (b"%PDF", "is a PDF: export the issues as CSV"),
    (b"SQLite format 3", "is a database: export the issues as CSV or JSON"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A file that can be read: where it is, how it is named in messages, its content's digest and encoding."""

    path: Path
    name: str
    digest: str
    encoding: str
    damaged_bytes: int = 0  # bytes that are not of the encoding; they become U+FFFD

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends as they are in the file."""
        with self.text() as stream:
            yield from stream

    def text(self) -> io.TextIOWrapper:
        """Open the file as text, with line ends untouched."""
        return self.path.open("r", encoding=self.encoding, errors="replace", newline="")


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be read, and what to do about it."""

    problem: Problem


def open_file(path: Path, *, name: str, encoding: str = "") -> Opened | Refused:
    """Read a file once for its digest and encoding. Anything wrong with it is a problem that names the remedy."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            return _refuse(name, "is no file: name files, or a pattern such as exports/*.csv")
        with path.open("rb") as stream:
            head = stream.read(4096)
            tally = _Tally(head)
            digest = hashlib.sha256(head)
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                tally.add(chunk)
    except OSError as error:
        return _refuse(name, f"cannot be opened ({error.strerror or error}): check the path and its permissions")
    if not size:
        return _refuse(name, "is empty: export it again")
    for start, remedy in _FOREIGN:
        if head.startswith(start):
            return _refuse(name, remedy)
    chosen, damaged = (encoding, 0) if encoding else tally.verdict()
    if not encoding and chosen == "binary":
        return _refuse(name, "is no text: export the issues as CSV or JSON")
    opened = Opened(path, name, digest.hexdigest(), chosen, damaged)
    with opened.text() as text:
        start_of_text = text.read(2000).lstrip("\ufeff \t\r\n").lower()
    if not start_of_text:
        return _refuse(name, "holds nothing but blanks: export it again")
    if start_of_text.startswith(("<!doctype", "<html", "<?xml", "<rss", "<table")):
        return _refuse(name, "is a web page or XML (a login page, or an export as Excel/HTML/RSS): export as CSV or JSON")
    return opened


def _refuse(name: str, remedy: str) -> Refused:
    return Refused(Problem("unreadable", f"{name} {remedy}", where=name, partial=True))


class _Tally:
    """Counts, over the whole file, what speaks for UTF-8 and against it."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bad = 0
        self._good = 0
        self._nuls = head.count(0)
        self.add(head)

    def add(self, chunk: bytes) -> None:
        if chunk.isascii() and not self._decoder.getstate()[0]:
            return
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError:
            pending = self._decoder.getstate()[0]
            self._decoder.reset()
            text = (pending + chunk).decode("utf-8", errors="replace")
            self._bad += text.count("\ufffd")
        self._good += sum(1 for letter in text[:20_000] if letter > "\x7f")

    def verdict(self) -> tuple[str, int]:
        """Return the encoding and how many bytes are not of it."""
        for mark, encoding in _BOMS:
            if self._head.startswith(mark):
                return encoding, 0
        wide = _wide_without_mark(self._head)
        if wide:
            return wide, 0
        if self._nuls * 10 > len(self._head):
            return "binary", 0
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self._bad += 1
        if not self._bad:
            return "utf-8", 0
        if self._good - self._bad > 4 * self._bad:
            return "utf-8", self._bad
        return "cp1252", 0


def _wide_without_mark(head: bytes) -> str:
    """Recognise UTF-16 without a mark by the empty halves of Latin letters."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return ""
