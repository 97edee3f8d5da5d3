"""The child that runs rules of a user's own: rows come in by pipe, verdicts go out by pipe, and nothing else is there.

The parent speaks in pickles (it is trusted), the child answers in lines of JSON (it is not). The parent's words, in order:
`start` with the statements that make the tables, `rows` any number of times, `load` with a pickle whose modules must be
imported while files can still be read, `lock`, and then `ask` once a rule.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
import pickle
import sys
from typing import Any, BinaryIO

from okrbot.sandbox import walls

MOST_OUT = 16 * 1024 * 1024  # bytes of one answer
ENGINE_MEMORY = 500  # megabytes of the engine on top of the facts


def main() -> None:
    """Serve the parent on standard input and output until the input ends."""
    words, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever an engine prints by itself (a progress bar) is no answer
    connection: Any = None
    seconds = 1
    while True:
        try:
            word, *rest = pickle.load(words)  # noqa: S301 -- from our own parent, by pipe
        except EOFError:
            return
        if word == "start":
            seconds, statements = rest
            connection = connect(statements)
        elif word == "rows":
            statement, reading = rest
            connection.execute(statement)
            os.close(reading)
        elif word == "load":
            pickle.loads(rest[0])  # noqa: S301 -- from our own parent: imports what the rules will need
        elif word == "lock":
            say(answers, {"locked": lock(connection, seconds)})
        elif word == "ask":
            walls.limit_processor(seconds + 1)
            say(answers, answer(connection, *rest))


def connect(statements: list[str]) -> Any:
    """Return an engine with the tables made, bounded as far as the engine itself can bound."""
    import duckdb

    config: dict[str, Any] = {
        "threads": 1,
        "temp_directory": "",
        "max_temp_directory_size": "0B",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_unsigned_extensions": False,
        "python_enable_replacements": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute(
        "set timezone = 'UTC'; set preserve_insertion_order = false; set enable_progress_bar = false"
    )  # with one thread the order stays, without copies
    for statement in statements:
        connection.execute(statement)
    return connection


def lock(connection: Any, seconds: int) -> int:
    """Close everything that can be closed; return the version of Landlock that holds, 0 without."""
    # What duckdb and Python import at the first value of a type must be there before files are gone.
    connection.execute(
        "select 1.5::decimal(9,2), date '2026-01-01', timestamp '2026-01-01', [1], {'a': 1}, interval 1 day, time '10:00', uuid()"
    ).fetchall()
    dt.datetime.strptime("2026", "%Y")  # noqa: DTZ007 -- imports what strptime needs
    connection.execute("set preserve_insertion_order = true")
    known = {row[0] for row in connection.execute("select name from duckdb_settings()").fetchall()}
    if "max_execution_time" in known:  # not before: taking in the rows may last longer
        connection.execute(f"set max_execution_time = '{seconds * 1000}'")
    row = connection.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone()
    connection.execute(f"set memory_limit = '{int(row[0] or 0) // 1_000_000 + ENGINE_MEMORY}MB'")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    walls.limit_memory()
    walls.forbid_new_privileges()
    version = walls.close_files_and_network()
    walls.limit_files()
    return version


def answer(connection: Any, packed: bytes, query: str, arguments: dict[str, Any], read_only: bool) -> dict[str, Any]:
    """Return what one rule says: {"said": …} or {"wrong": …} with the reason, the kind of error and its line."""
    from okrbot.sandbox.gate import Refusal, admit

    try:
        admit(query, arguments, connection=connection)
        ask = pickle.loads(packed)  # noqa: S301 -- from our own parent
        if read_only:
            connection.execute("begin transaction read only")
        try:
            return {"said": plain(ask(connection))}
        finally:
            if read_only:
                connection.execute("rollback")
    except Refusal as no:
        return {"wrong": no.message, "kind": "Refusal", "line": no.line}
    except MemoryError:
        return {"wrong": "it needs more memory than a rule may have", "kind": "MemoryError"}
    except Exception as error:  # a rule may break in any way; the parent says it
        told = str(getattr(error, "message", error))
        return {"wrong": told[:2_000], "kind": type(error).__name__, "line": getattr(error, "line", 0)}


def plain(value: Any) -> Any:
    """Return a value as JSON can carry it; instants and days keep their kind, a type unknown to JSON becomes its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {"d": [[str(key), plain(inner)] for key, inner in value.items()]}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "__dataclass_fields__"):
        return {"d": [[name, plain(getattr(value, name))] for name in value.__dataclass_fields__]}
    return str(value)


def say(answers: BinaryIO, what: dict[str, Any]) -> None:
    """Write one line of JSON; an answer that is too big is said as such."""
    line = json.dumps(what, ensure_ascii=True).encode()
    if len(line) > MOST_OUT:
        line = json.dumps(
            {"wrong": f"it flags more than fits in {MOST_OUT // 2**20} MB; narrow its where clause", "kind": "TooMuch"}
        ).encode()
    answers.write(line + b"\n")
    answers.flush()
