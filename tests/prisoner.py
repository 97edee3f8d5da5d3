"""What the tests of the sandbox do inside its child, behind the gate: run any SQL, and try every way out that Python knows."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb


def run_raw(connection: duckdb.DuckDBPyConnection, statement: str) -> list[str]:
    """Run a statement without the gate and return what it shows."""
    cursor = connection.execute(statement)
    return [str(row)[:2_000] for row in cursor.fetchmany(1_000)]


def reach_out(connection: duckdb.DuckDBPyConnection, canary: str, port: int, folder: str) -> dict[str, Any]:
    """Try every way out; return what came of each."""
    del connection
    ways = {
        "read a file": lambda: Path(canary).read_text(encoding="utf-8"),
        "read a system file": lambda: Path("/etc/hostname").read_text(encoding="utf-8"),
        "list a folder": lambda: os.listdir(folder),  # noqa: PTH208
        "write a file": lambda: Path(folder, "out.txt").write_text("out", encoding="utf-8"),
        "make a folder": lambda: Path(folder, "out").mkdir(),
        "delete a file": lambda: Path(canary).unlink(),
        "reach a port": lambda: socket.create_connection(("127.0.0.1", port), timeout=1),
        "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    }
    came = {}
    for way, act in ways.items():
        try:
            came[way] = f"done: {act()}"
        except (OSError, ValueError, RuntimeError) as error:
            came[way] = f"refused: {type(error).__name__}"
    return {"ways": came, "environment": dict(os.environ), "arguments": len(sys.argv)}


def memory_used(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the most memory this child held so far, in bytes."""
    del connection
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
