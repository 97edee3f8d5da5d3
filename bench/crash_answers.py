"""Kill the process before and after every database statement of an answer and of an undo; then deliver the click again.

    python bench/crash_answers.py

Each case: a fresh copy of a store, a child that takes the answer and is killed (SIGKILL) at one statement, then the same click once
more in this process. Held to: nothing half done after the kill; acknowledged only if stored; exactly one answer that counts in the end.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from okrbot.answers import Answer, current, take, undo
from okrbot.app import App, open_app
from okrbot.store import Store
from okrbot.store import tables as t
from okrbot.store.people import remember

NOW = dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)
CONFIG = """
[okrbot]
store = "sqlite:///okrbot.db"
[[sources]]
name = "files"
kind = "files"
paths = ["none.csv"]
[[products]]
name = "Shop"
owners = ["slack:UANN"]
backlogs = ["files/SHOP"]
"""
ANSWERS: dict[str, dict[str, Any]] = {
    "link": {"key_result": "KR1", "expected": "a lot"},
    "class": {"work_class": "ktlo"},
    "snooze": {"until": "2w"},
    "fine": {"why": "The law asks for it.", "weeks": 4},
    "stop": {},
    "outcome": {"verdict": "moved", "text": "It went up."},
}


def prepare(folder: Path) -> App:
    """Write a store with one open question a kind of answer."""
    (folder / "none.csv").write_text("Key,Summary\n", encoding="utf-8")
    (folder / "okrbot.toml").write_text(CONFIG, encoding="utf-8")
    app = open_app(folder / "okrbot.toml", clock=lambda: NOW)
    with app.store() as store, store.begin() as db:
        remember(db, "UANN", now=NOW)
        db.execute(sa.insert(t.key_results).values(source="okrs", id="KR1", title="More"))
        for number, action in enumerate(ANSWERS):
            kind = "followup" if action == "outcome" else "question"
            values = {"id": f"p-{action}", "rule": "no_key_result", "product": "Shop", "person": "UANN", "kind": kind, "state": "asked"}
            db.execute(sa.insert(t.prompts).values(**values, subject=f"item:files/{number}", version=1))
    return app


def answered(app: App, store: Store, action: str, back: bool) -> None:
    """Do in one transaction what a listener does before it acknowledges."""
    with store.begin() as db:
        if back:
            undo(db, app.config, f"T1:p-{action}:UANN:1.0", person="UANN", stamp="2.0", now=NOW)
        else:
            take(db, app.config, Answer("T1", f"p-{action}", "UANN", action, "1.0", ANSWERS[action]), now=NOW)


def killed(app: App, action: str, back: bool, at: int) -> tuple[bool, bool]:
    """Run one child that dies at step `at`; return whether it acknowledged, and whether it lived to the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        steps = 0

        def step(*_: object) -> None:
            nonlocal steps
            steps += 1
            if steps == at:
                os.kill(os.getpid(), signal.SIGKILL)

        with app.store() as store:
            for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
                sa.event.listen(store.engine, name, step)
            answered(app, store, action, back)
            os.write(writing, b"ack")
            step()
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 3)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    return said == b"ack", os.WIFEXITED(status)


def holds(store: Store, action: str) -> tuple[int, int, str]:
    """Return how many answers count, how many effects are in force, and the question's state."""
    with store.begin() as db:
        count = 1 if current(db, f"p-{action}") else 0
        effects = 0
        for table in (t.overrides, t.waivers):
            chosen = sa.select(sa.func.count()).where(table.c.answer.like(f"T1:p-{action}:%"), table.c.ended == 0)
            effects += int(db.execute(chosen).scalar() or 0)
        state = str(db.execute(sa.select(t.prompts.c.state).where(t.prompts.c.id == f"p-{action}")).scalar())
    return count, effects, state


def main() -> int:
    cases = half = lost = doubled = 0
    root = Path(tempfile.mkdtemp())
    (root / "fresh").mkdir()
    prepare(root / "fresh")
    for action in ANSWERS:
        for back in (False, True):
            at = 0
            while True:
                at += 1
                folder = root / "case"
                shutil.copytree(root / "fresh", folder)
                app = open_app(folder / "okrbot.toml", clock=lambda: NOW)
                if back:
                    with app.store() as store:
                        answered(app, store, action, back=False)
                before, after = ((1, 1, "answered"), (0, 0, "asked")) if back else ((0, 0, "asked"), (1, 1, "answered"))
                acknowledged, lived = killed(app, action, back, at)
                with app.store() as store:
                    found = holds(store, action)
                    half += found not in (before, after)
                    lost += acknowledged and found != after
                    answered(app, store, action, back)
                    doubled += holds(store, action) != after
                cases += 1
                shutil.rmtree(folder)
                if lived:
                    break
    shutil.rmtree(root)
    print(f"{cases} kills: half done {half}, acknowledged but not stored {lost}, not exactly once in the end {doubled}")
    return 1 if half or lost or doubled else 0


if __name__ == "__main__":
    sys.exit(main())
