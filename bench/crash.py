"""Kill a send before and after every database statement and HTTP call, under every fault, and count what arrived.

python bench/crash.py                   every step × every fault, on SQLite (about six minutes on one core)
python bench/crash.py --store postgres  the same on the server that $OKRBOT_TEST_POSTGRES names
python bench/crash.py --slot             a server's slot instead: claimed, planned, sent, written down as done
python bench/crash.py --quick           every 24th step
python bench/crash.py --deep 200        and so many cases of three kills in a row, at random steps
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1])]

from crash.harness import FAULTS, Harness, SlotHarness, Verdict  # noqa: E402 -- the path comes first


def main() -> int:
    """Run the matrix and print its figures; return 1 if a digest was doubled, lost or recorded wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--slot", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--deep", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    every = 24 if chosen.quick else chosen.every
    begun, verdicts = time.monotonic(), list[Verdict]()
    kind = SlotHarness if chosen.slot else Harness
    memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own inside it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder, kind(Path(folder), chosen.store) as harness:
        for number, fault in enumerate(FAULTS):
            total = len(harness.steps(fault))
            found = [harness.case(fault, [step]) for step in range(1 + number % every, total + 1, every)]
            verdicts += found
            print(
                f"{fault or 'no fault':16} {total:4} steps  {len(found):4} cases  {sum(v.killed for v in found):4} killed  {_bad(found)}",
                flush=True,
            )
        dice = random.Random(chosen.seed)
        for _ in range(chosen.deep):
            verdicts.append(harness.case(dice.choice(FAULTS), [dice.randint(1, 210) for _ in range(3)]))
    doubled, lost = sum(v.messages > 1 for v in verdicts), sum(v.messages == 0 for v in verdicts)
    print(
        f"{chosen.store}: {len(verdicts)} cases, {sum(v.killed for v in verdicts)} kills, seed {chosen.seed}, {time.monotonic() - begun:.0f} s"
    )
    print(f"doubled {doubled}, lost {lost}, recorded wrongly {sum(bool(v.wrong) for v in verdicts) - doubled - lost}")
    for verdict in [v for v in verdicts if v.wrong][:20]:
        print("  ", verdict)
    return int(any(v.wrong for v in verdicts))


def _bad(found: list[Verdict]) -> str:
    return ", ".join(f"{number} × {what}" for what, number in Counter(v.wrong for v in found if v.wrong).items()) or "all once"


if __name__ == "__main__":
    sys.exit(main())
