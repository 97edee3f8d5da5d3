"""The stage of every case: one fake Slack, one database, one nursery of processes to kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from fake_slack import FakeSlack

from crash.shelves import Slate, shelf_of
from crash.steps import HANGS

HERE = Path(__file__).parent
# None is no fault; very_late_effect is the hole the manual speaks of and is left out.
FAULTS = (None, "reset_before", "reset_after", "half_body", "hang", "late_answer", "late_effect", "500_before", "500_after", "502_html", "429", "truncated",
          "internal_error")  # fmt: skip


class Stage:
    """What every case is played on. Use as a context manager. `kind` is sqlite or postgres; `set_up` is for those who play."""

    def __init__(self, folder: Path, kind: str = "sqlite") -> None:
        self.folder, self.kind = folder, kind
        self.slack = FakeSlack()
        self.slack.hangs_by_word = HANGS
        self._open = ExitStack()
        self._slates: dict[str, Slate] = {}

    def __enter__(self) -> Self:
        self._open.enter_context(self.slack)
        self.shelf = self._open.enter_context(shelf_of(self.kind, self.folder))
        (self.folder / "none.csv").write_text("Key,Summary\n", encoding="utf-8")
        self.set_up()
        path = os.pathsep.join([str(HERE.parent), str(HERE.parents[1])])
        port = self.slack.api_url.split(":")[2].split("/")[0]
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "crash.nursery", str(self.folder), port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        self.warm()
        return self

    def __exit__(self, *_: object) -> None:
        self.nursery.communicate(timeout=10)
        self._open.close()

    def set_up(self) -> None:
        """Write the configuration, fill the database and Slack, and `keep` them."""
        raise NotImplementedError

    def warm(self) -> None:
        """Let the nursery do once what its children will do."""
        raise NotImplementedError

    def keep(self, name: str) -> None:
        """Remember the database and Slack as they are now."""
        self.shelf.keep(name)
        self._slates[name] = Slate.of(self.slack)

    def put_back(self, name: str) -> None:
        """Make the database and Slack what they were."""
        self.shelf.put_back(name)
        self._slates[name].put_back(self.slack)

    def ask(self, case: dict[str, Any]) -> None:
        """Give the nursery something to do."""
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(json.dumps({"now": self.slack.clock.time(), "last": 0} | case) + "\n")
        self.nursery.stdin.flush()

    def told(self) -> dict[str, Any]:
        """Return what became of it."""
        assert self.nursery.stdout is not None
        said: dict[str, Any] = json.loads(self.nursery.stdout.readline())
        assert said["code"] != -1, said["names"]
        return said
