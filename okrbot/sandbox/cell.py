"""The parent's side of the sandbox: start a child, give it rows, ask it one rule after another, kill it when it is too slow."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Self

import duckdb

from okrbot.factbook import TABLES, Table

SECONDS = 2  # a rule may take; one second later the child is killed
_START_SECONDS = 120.0  # to start and take in all rows
_MOST_OUT = 17 * 1024 * 1024  # bytes of an answer; the child itself stops a little earlier
_ROWS = 10_000  # in one message
_BOOT = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from okrbot.sandbox.child import main; main()"


class Broken(Exception):  # noqa: N818 -- said to a person as such
    """A rule that was stopped or broke in the child. `line` counts from 0 inside its query, `kind` is the class of the error."""

    def __init__(self, message: str, *, kind: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.line = line


class Cell:
    """A child process that answers rules; a new one takes its place when a rule had to be stopped.

    `facts` is the connection whose fact tables are handed over (None: empty tables), `wanted` the columns of each table.
    """

    def __init__(
        self, facts: duckdb.DuckDBPyConnection | None = None, wanted: Mapping[str, Iterable[str]] | None = None, *, seconds: int = SECONDS
    ) -> None:
        self.facts = facts
        self.wanted = {name: frozenset(columns) for name, columns in (wanted or {}).items()}
        self.seconds = seconds
        self.started = 0  # children so far
        self.landlock = 0  # version that holds in the present child
        self._hopeless = ""  # why no child can be had for these facts
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def ask(
        self, ask: Callable[[duckdb.DuckDBPyConnection], Any], *, query: str, arguments: Mapping[str, Any], read_only: bool = True
    ) -> Any:
        """Return what `ask` (picklable; it gets the child's connection) returns as plain values. Raises Broken.

        `query` must pass the gate in the child before `ask` is called.
        """
        packed = pickle.dumps(ask)
        child = self._child or self._start(packed)
        answer = self._exchange(child, ("ask", packed, query, dict(arguments), read_only), self.seconds + 1.0)
        if answer is None:
            code = self._end()
            raise Broken(_stopped(code, self.seconds), kind="Stopped")
        if "wrong" in answer:
            kind = str(answer.get("kind"))
            raise Broken(_in_words(str(answer["wrong"]), kind, self.seconds), kind=kind, line=int(answer.get("line") or 0))
        return _back(answer.get("said"))

    def close(self) -> None:
        """End the child."""
        self._end()

    def _start(self, packed: bytes) -> subprocess.Popen[bytes]:
        if self._hopeless:
            raise Broken(self._hopeless, kind="Start")
        paths = json.dumps([path for path in sys.path if path])
        pipes = {table.name: os.pipe() for table in TABLES if self.facts is not None and self.wanted.get(table.name)}
        self._child = child = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            pass_fds=[reading for reading, _ in pipes.values()],
        )
        self.started += 1
        for reading, _ in pipes.values():
            os.close(reading)
        with contextlib.ExitStack() as open_:
            open_.enter_context(_killed_after(child, _START_SECONDS))
            writers = {name: open_.enter_context(os.fdopen(writing, "wb")) for name, (_, writing) in pipes.items()}
            with contextlib.suppress(BrokenPipeError):  # it died on the way; the missing answer says so
                self._tell(child, ("start", self.seconds, [table.create() for table in TABLES]))
                for table in TABLES:
                    if table.name in writers:
                        self._hand_over(child, table, pipes[table.name][0], writers[table.name])
                self._tell(child, ("load", packed))
            answer = self._exchange(child, ("lock",), _START_SECONDS)
        if answer is None:
            self._end()
            self._hopeless = (
                "the child that runs rules of your own did not take in the facts: no memory left on this machine, or it cannot start"
            )
            raise Broken(self._hopeless, kind="Start")
        self.landlock = int(answer.get("locked") or 0)
        return child

    def _hand_over(self, child: subprocess.Popen[bytes], table: Table, reading: int, writer: BinaryIO) -> None:
        """Send the wanted columns of a table as lines of JSON, a piece at a time."""
        assert self.facts is not None  # noqa: S101 -- the caller made a pipe because there are facts
        columns = [column for column in table.columns if column.name in self.wanted[table.name]] or [table.columns[0]]
        names = ", ".join(f'"{column.name}"' for column in columns)
        shape = ", ".join(f"\"{column.name}\": '{column.type.replace('text', 'varchar')}'" for column in columns)
        read = f"read_json('/dev/fd/{reading}', columns = {{{shape}}}, format = 'newline_delimited')"
        self._tell(child, ("rows", f"insert into {table.name} ({names}) select {names} from {read}", reading))  # noqa: S608 -- our own names
        last = self.facts.execute(f"select coalesce(max(rowid), -1) from {table.name}").fetchone()  # noqa: S608 -- our own names
        for first in range(0, (last[0] if last else -1) + 1, _ROWS):
            found = self.facts.execute(
                f"""select string_agg(cast(to_json(r) as varchar), chr(10))
                    from (select {names} from {table.name} where rowid >= {first} and rowid < {first + _ROWS}) r"""  # noqa: S608 -- our own names
            ).fetchone()
            if found and found[0]:
                writer.write(found[0].encode() + b"\n")
        writer.close()

    def _tell(self, child: subprocess.Popen[bytes], word: Sequence[Any]) -> None:
        assert child.stdin is not None  # noqa: S101 -- made with a pipe
        pickle.dump(word, child.stdin)
        child.stdin.flush()

    def _exchange(self, child: subprocess.Popen[bytes], word: Sequence[Any], seconds: float) -> dict[str, Any] | None:
        """Say a word and return the answer; None when the child died or had to be killed."""
        assert child.stdout is not None  # noqa: S101 -- made with a pipe
        with _killed_after(child, seconds):
            try:
                self._tell(child, word)
            except (BrokenPipeError, OSError):
                return None
            line = child.stdout.readline(_MOST_OUT)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) else None

    def _end(self) -> int:
        child, self._child = self._child, None
        if child is None:
            return 0
        child.kill()
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not yet sent to the dead child
                    pipe.close()
        return code


@contextlib.contextmanager
def _killed_after(child: subprocess.Popen[bytes], seconds: float) -> Any:
    timer = threading.Timer(seconds, child.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stopped(code: int, seconds: int) -> str:
    return f"it was stopped: it took more than {seconds} s or more than 1 GiB of memory (ended by signal {-code}). Narrow it, or join on fewer rows."


def _in_words(wrong: str, kind: str, seconds: int) -> str:
    if kind == "InterruptException" or "maximum execution time" in wrong:
        return f"it was stopped: it took more than {seconds} s. Narrow it, or join on fewer rows."
    if kind in ("OutOfMemoryException", "MemoryError"):
        return "it was stopped: it needs more memory than a rule may have. Narrow it, or join on fewer rows."
    return wrong


def _back(value: Any) -> Any:
    """Return what `child.plain` made as values again."""
    if isinstance(value, list):
        return [_back(inner) for inner in value]
    if isinstance(value, dict):
        if "t" in value:
            return dt.datetime.fromisoformat(value["t"])
        if "day" in value:
            return dt.date.fromisoformat(value["day"])
        return {key: _back(inner) for key, inner in value.get("d", [])}
    return value
