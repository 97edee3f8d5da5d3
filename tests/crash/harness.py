"""Run the matrix: a kill at each step × each fault; restart until the send is done; count messages, compare records."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from fake_slack import FakeSlack
from slack_digests import CONFIG, MONDAY

from okrbot.store import open_store
from okrbot.store import tables as t

HERE = Path(__file__).parent
# None is no fault; very_late_effect is the hole the manual speaks of and is left out.
FAULTS = (None, "reset_before", "reset_after", "half_body", "hang", "late_answer", "late_effect", "500_before", "500_after", "502_html", "429", "truncated",
          "internal_error")  # fmt: skip
RESTARTS = 6
KEY = "digest:Shop:#shop:2026-W48"


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case; `wrong` is "" when the digest came once, with its thread, as recorded."""

    fault: str | None
    last: tuple[int, ...]
    killed: int
    messages: int
    wrong: str


class Harness:
    """One nursery and one empty store to copy. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases = 0
        open_store("sqlite:///empty.db", folder=folder).close()

    def __enter__(self) -> Self:
        path = os.pathsep.join([str(HERE.parent), str(HERE.parents[1])])
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "crash.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self.nursery.stdin is not None
        self.nursery.stdin.close()
        self.nursery.wait(10)
        assert self.nursery.stdout is not None
        self.nursery.stdout.close()

    def _run(self, slack: FakeSlack, folder: Path, last: int, *, names: bool = False) -> dict[str, Any]:
        case = {
            "folder": str(folder),
            "now": slack.clock.time(),
            "port": int(slack.api_url.split(":")[2].split("/")[0]),
            "last": last,
            "names": names,
        }
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(case) + "\n")
        self.nursery.stdin.flush()
        said: dict[str, Any] = json.loads(self.nursery.stdout.readline())
        assert said["code"] != -1, said["names"]
        return said

    def _prepare(self, slack: FakeSlack, fault: str | None) -> Path:
        self.cases += 1
        folder = self.folder / f"case{self.cases}"
        folder.mkdir()
        shutil.copy(self.folder / "empty.db", folder / "okrbot.db")
        (folder / "none.csv").write_text("Key,Summary\n", encoding="utf-8")
        products = '[[products]]\nname = "Shop"\nchannel = "#shop"\nbacklogs = ["files/SHOP"]\n'
        (folder / "okrbot.toml").write_text(CONFIG.format(products=products, on_doubt="hold", api_url=slack.api_url), encoding="utf-8")
        slack.clock.set(MONDAY)
        slack.channel("#shop")
        if fault:
            slack.fault(fault)
        return folder

    def steps(self, fault: str | None) -> list[str]:
        """Return the steps of an undisturbed run under `fault`."""
        with FakeSlack() as slack:
            folder = self._prepare(slack, fault)
            names: list[str] = self._run(slack, folder, 0, names=True)["names"]
            shutil.rmtree(folder)
            return names

    def case(self, fault: str | None, last: Sequence[int]) -> Verdict:
        """Kill the n-th run at step `last[n]`, then run undisturbed until the send is done, and look."""
        with FakeSlack() as slack:
            folder = self._prepare(slack, fault)
            killed = 0
            for step in last:
                killed += self._run(slack, folder, step)["killed"]
                slack.clock.advance(45)
            for _ in range(RESTARTS):
                if self._run(slack, folder, 0)["code"] == 0:
                    break
                slack.clock.advance(400)
            slack.clock.advance(400)  # whatever is still on its way arrives
            verdict = Verdict(fault, tuple(last), killed, len(slack.top("#shop")), self._wrong(slack, folder))
            shutil.rmtree(folder)
            return verdict

    def _wrong(self, slack: FakeSlack, folder: Path) -> str:
        top = slack.top("#shop")
        if len(top) != 1:
            return f"{len(top)} digests"
        if len(slack.replies(top[0])) != 1:
            return f"{len(slack.replies(top[0]))} replies"
        if slack.breaches:
            return f"breach: {slack.breaches[0]}"
        store = open_store("sqlite:///okrbot.db", folder=folder)
        with store.connect() as db:
            row = db.execute(sa.select(t.deliveries).where(t.deliveries.c.key == KEY)).mappings().one()
        store.close()
        said = {key: value for key, value in top[0].arguments.items() if key != "channel"}
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        if (row["state"], row["ts"]) != ("sent", top[0].ts):
            return f"recorded as {row['state']} {row['ts']}"
        return "" if hashlib.sha256(body.encode()).hexdigest() == row["payload_hash"] else "another payload is recorded"
