"""How long `okrbot --help` takes beside an argparse program with the same verbs, whole processes, in turns.

    python bench/startup.py [--quick]

Prints the minimum and median of each in milliseconds and the ratio of the medians. Goal: at most 4.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from okrbot.cli import VERBS

ARGPARSE = """import argparse
parser = argparse.ArgumentParser(prog="okrbot", description="Audit a backlog against its objectives and key results.")
parser.add_argument("--config"); parser.add_argument("--debug", action="store_true")
verbs = parser.add_subparsers()
{verbs}
parser.parse_args()
"""


def seconds(command: list[str]) -> float:
    """Return how long one run of `command` takes."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    runs = 10 if "--quick" in sys.argv else 40
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.py"
        plain.write_text(
            ARGPARSE.format(verbs="\n".join(f"verbs.add_parser({name!r}, help={text!r})" for name, (_, text) in VERBS.items())),
            encoding="utf-8",
        )
        commands = {"argparse": [sys.executable, str(plain), "--help"], "okrbot": [sys.executable, "-m", "okrbot", "--help"]}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            seconds(command)
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(seconds(command))
    for name, found in times.items():
        print(f"{name:<9} min {min(found) * 1000:6.1f} ms   median {statistics.median(found) * 1000:6.1f} ms   {runs} runs")
    print(f"ratio of medians {statistics.median(times['okrbot']) / statistics.median(times['argparse']):.2f} (goal: at most 4)")


if __name__ == "__main__":
    main()
