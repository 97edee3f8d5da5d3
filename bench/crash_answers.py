"""Kill a server while it takes an answer, before and after every statement and HTTP call, under every fault; then look and click again.

python bench/crash_answers.py                      every step; under each fault of each Slack method every call, commit and acknowledgement
python bench/crash_answers.py --transport socket   the same over Socket Mode
python bench/crash_answers.py --store postgres     the same on the server that $OKRBOT_TEST_POSTGRES names
python bench/crash_answers.py --every 7            every seventh of these cases

Each case: a real server (Bolt, HTTP or Socket Mode, the listeners) in a child that dies by SIGKILL at one step of a click, a form or an
undo; a second server; the person clicks again where they saw no success, and in every fourth case once more on what they saw before.
Held to: nothing half done; acknowledged only if stored; in the end exactly one answer that counts, its effects in force once, its message
as the store says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1])]

from crash.answers import AnswerHarness, Verdict, plan  # noqa: E402 -- the path comes first
from crash.gestures import GESTURES  # noqa: E402


def main() -> int:
    """Run the matrix and print its figures; return 1 if an answer was lost, doubled, half done or acknowledged too early."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--transport", choices=["http", "socket"], default="http")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="gestures whose name contains this")
    chosen = parser.parse_args()
    begun, verdicts = time.monotonic(), list[Verdict]()
    memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own inside it
    gestures = tuple(gesture for gesture in GESTURES if chosen.only in gesture.name)
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        AnswerHarness(Path(folder), chosen.store, chosen.transport, gestures=gestures) as harness,
    ):
        for gesture in gestures:
            found = [harness.case(gesture, *case) for case in plan(harness, gesture, every=chosen.every)]
            verdicts += found
            print(f"{gesture.name:22} {_counted(found)}", flush=True)
    print(f"{chosen.store}, {chosen.transport}: {_counted(verdicts)}; {time.monotonic() - begun:.0f} s")
    for what, number in Counter(v.wrong for v in verdicts if v.wrong).most_common(20):
        print(f"   {number} × {what}, e.g. {next(v for v in verdicts if v.wrong == what)}")
    for verdict in [v for v in verdicts if v.unstored][:20]:
        print("   acknowledged but not stored:", verdict)
    return int(any(v.wrong or v.unstored for v in verdicts))


def _counted(found: list[Verdict]) -> str:
    return (
        f"{len(found):5} cases {sum(v.killed for v in found):5} kills; acknowledged {sum(v.acknowledged for v in found):5}, "
        f"of these not stored {sum(v.unstored for v in found)}, refused and told {sum(v.refused for v in found)}; "
        f"half done {sum(v.wrong.startswith('half') for v in found)}, wrong in the end {sum(bool(v.wrong) for v in found)}"
    )


if __name__ == "__main__":
    sys.exit(main())
