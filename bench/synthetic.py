"""Make a store with any number of believable items, a ladder, links, changes and goals: deterministic, for speed only."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from okrbot.model import Backlog, Change, CheckIn, Cycle, Goals, Item, KeyResult, Link, Objective, Page, millis
from okrbot.store import open_store
from okrbot.store.writing import save_goals, save_page

AS_OF = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)
DAY = 86_400_000
BACKLOGS = 20
VERBS = ("Add", "Show", "Fix", "Improve", "Move", "Remove", "Let riders see", "Help pickers find", "Speed up", "Explain")
THINGS = ("basket", "delivery slot", "voucher", "invoice", "search result", "route", "scanner", "label", "return", "recipe", "allergen note", "wish list",
          "payment method", "address book", "crate", "price tag", "stock count", "picking list", "driver app", "loyalty badge")  # fmt: skip
PLACES = (
    "in the app",
    "at checkout",
    "on the shelf screen",
    "for offices",
    "for new customers",
    "in the evening shift",
    "on product pages",
    "after a refund",
)

CONFIG = """[okrbot]
store = "sqlite:///bench.db"
timezone = "Europe/Amsterdam"

[[sources]]
name = "acme"
kind = "files"
paths = ["none.csv"]

{products}
[okrs.links]
label_prefix = "kr-"
text = false
"""


def make(folder: Path, items: int, *, changes_each: int = 4, seed: int = 7) -> Path:
    """Fill `folder` with okrbot.toml and bench.db; return the configuration's path."""
    folder.mkdir(parents=True, exist_ok=True)
    products = "\n".join(
        f'[[products]]\nname = "P{p}"\nbacklogs = [{", ".join(f"{chr(34)}acme/B{b}{chr(34)}" for b in range(p, BACKLOGS, 4))}]\n'
        for p in range(4)
    )
    config = folder / "okrbot.toml"
    config.write_text(CONFIG.format(products=products), encoding="utf-8")
    store = open_store(f"sqlite:///{folder}/bench.db")
    with store.begin() as db:
        save_goals(db, "okr-files", _goals(), at=millis(AS_OF) - 60 * DAY)
        save_page(db, "acme", Page(backlogs=tuple(Backlog(str(b), f"B{b}", f"Backlog {b}") for b in range(BACKLOGS))))
    random_ = random.Random(seed)
    for start in range(0, items, 2_000):
        page = _page(random_, start, min(items, start + 2_000), changes_each)
        with store.begin() as db:
            save_page(db, "acme", page)
    store.close()
    return config


def _goals() -> Goals:
    objectives = [Objective(f"O{i}", f"Shoppers like the {THINGS[i]} better", "2026-Q4", "product", product=f"P{i % 4}") for i in range(16)]
    krs = [
        KeyResult(
            f"KR{i}",
            f"O{i // 3}",
            f"Raise weekly use of the {THINGS[i % 20]} from {i + 10} % to {i + 25} %",
            unit="%",
            baseline=i + 10.0,
            target=i + 25.0,
        )
        for i in range(48)
    ]
    ins = [CheckIn(k.id, f"2026-{10 + w // 4:02d}-{1 + 7 * (w % 4):02d}", (k.baseline or 0) + w) for k in krs for w in range(6)]
    return Goals((Cycle("2026-Q4", "2026-10-01", "2026-12-31"),), tuple(objectives), tuple(krs), tuple(ins))


def _page(random_: random.Random, start: int, end: int, changes_each: int) -> Page:
    now = millis(AS_OF)
    items, changes, links = [], [], []
    for i in range(start, end):
        epic = i - i % 10
        level = 1 if i == epic else 0
        created = now - random_.randrange(5, 700) * DAY
        state = random_.choices(("todo", "doing", "done", "cancelled"), (35, 12, 48, 5))[0]
        started = created + random_.randrange(1, 60) * DAY
        finished = started + random_.randrange(1, 80) * DAY
        if state in ("done", "cancelled") and finished > now:
            state = "doing" if started <= now else "todo"
        if state == "doing" and started > now:
            state = "todo"
        title = f"{random_.choice(VERBS)} {random_.choice(THINGS)} {random_.choice(PLACES)} {random_.randrange(1, 5_000)}"
        labels = (f"kr-kr{random_.randrange(48)}",) if level and random_.random() < 0.5 else ("misc",) if random_.random() < 0.1 else ()
        items.append(
            Item(
                str(i), f"B{epic // 10 % BACKLOGS}-{i}", title, "epic" if level else random_.choices(("story", "bug", "task"), (7, 2, 1))[0], "Epic" if level else "Story",
                level, state, state, str(epic // 10 % BACKLOGS), "" if level else str(epic), created, max(created, min(now, finished)),
                body="Users cannot find it. We expect fewer calls." if random_.random() < 0.3 else "See title.",
                labels=labels, estimate=float(random_.choice((1, 2, 3, 5, 8))), rank=f"0|{i:09d}:", assignee=f"p{random_.randrange(200)}", history=True,
            )
        )  # fmt: skip
        steps = []
        if state != "todo":
            steps.append(Change(str(i), "a", started, "state", "todo", "doing", author=f"p{random_.randrange(200)}", author_kind="human"))
        if state in ("done", "cancelled"):
            steps.append(Change(str(i), "b", finished, "state", "doing", state, author=f"p{random_.randrange(200)}", author_kind="human"))
        while len(steps) < changes_each:
            field = random_.choice(("estimate", "assignee", "rank", "labels", "due"))
            steps.append(
                Change(
                    str(i), f"x{len(steps)}", created + random_.randrange(0, 60) * DAY, field, "", "", author=f"p{random_.randrange(200)}"
                )
            )
        changes += steps
        if random_.random() < 0.03:
            links.append(Link(str(i), "blocked_by", str(random_.randrange(0, max(1, i)))))
    return Page(items=items, changes=changes, links=links)
