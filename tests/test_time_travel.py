"""Facts of a past instant are the facts an audit would have had then: random sites, told step by step, looked at then and looked back at."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from okrbot.app import App, open_app
from okrbot.factbook import TABLES
from okrbot.facts import build
from okrbot.model import (
    Backlog,
    Change,
    CheckIn,
    Cycle,
    Goals,
    Item,
    KeyResult,
    Link,
    Note,
    Objective,
    Page,
    Sprint,
    instant,
    millis,
)  # fmt: skip
from okrbot.store import Store, open_store
from okrbot.store import tables as t
from okrbot.store.writing import hide_absent, save_goals, save_page

DAY = 86_400_000
START = millis(dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC))
LOOKS = tuple(START + day * DAY + 43_200_000 for day in (45, 90, 140))
END = START + 160 * DAY
SITES, BATCHES = 50, 4

# What is named as it is called today, whatever it was called then (docs/time-travel.md).
NAMED_TODAY = {"unlinked_examples", "high_waiting_example"}
TITLES = (
    "Launch the loyalty programme", "Customers abandon the slot page because it is slow", "Fix the crash at login", "Upgrade the database",
    "We believe that reminders will cut missed deliveries from 8 % to 4 %", "Interview ten families about dinner", "Phase 2 of the wallet",
)  # fmt: skip
BODIES = (
    "",
    "Shoppers wait ten seconds. Success: fewer than 2 % leave.",
    "See title.",
    "We expect 30 % more returning customers, measured weekly.",
)
STATES = {"todo": "To Do", "doing": "In Progress", "done": "Done", "cancelled": "Dropped"}
TYPES = {"Epic": ("epic", 1), "Story": ("story", 0), "Bug": ("bug", 0), "Task": ("task", 0)}
INVERSE = {"blocks": "blocked_by", "relates": "relates", "duplicates": "duplicated_by"}


class Site:
    """A tracker with a year of its own. `told` gives what it shows at an instant; its history says how it came to that."""

    def __init__(self, number: int, seed: int) -> None:
        self.name, self.random = f"s{number:03d}", random.Random(seed)
        self.says_starts = self.random.random() < 0.5
        self.items: dict[str, dict[str, Any]] = {}
        self.changes: list[Change] = []
        self.links: set[tuple[str, str, str]] = set()
        self.notes: list[Note] = []
        self.aliases: list[tuple[str, str]] = []
        self.goals = self._first_goals()
        self.check_ins: list[CheckIn] = []
        self.hidden: set[str] = set()
        self.now = START

    def run(self, until: int) -> None:
        """Let things happen until an instant."""
        while True:
            step = self.random.randrange(DAY // 4, 5 * DAY)
            if self.now + step > until:
                self.now = until
                return
            self.now += step
            if len(self.items) < 4 or self.random.random() < 0.12:
                self._create()
            else:
                self.random.choice(
                    (self._state, self._state, self._state, self._title, self._body, self._label, self._parent, self._move, self._plain, self._plain,
                     self._type, self._member, self._member, self._sprint, self._field, self._field, self._link, self._link, self._note, self._archive,
                     self._goal, self._goal, self._check_in, self._check_in)
                )()  # fmt: skip

    def _create(self) -> None:
        r, number = self.random, str(len(self.items) + 1)
        kind = r.choice(list(TYPES))
        self.items[number] = {
            "key": f"{self.name.upper()}A-{number}", "title": r.choice(TITLES), "body": r.choice(BODIES), "type": kind, "state": "todo", "backlog": "1",
            "parent": "", "created": self.now, "updated": self.now, "started": 0, "finished": 0, "due": "", "start": "", "labels": set(), "versions": set(),
            "components": set(), "goals": set(), "sprint": "", "fields": {}, "estimate": None, "team": "", "assignee": "", "resolution": "", "archived": False,
            "reporter": r.choice("abc"),
        }  # fmt: skip

    def _any(self) -> tuple[str, dict[str, Any]]:
        id_ = self.random.choice([one for one in self.items if one not in self.hidden])
        return id_, self.items[id_]

    def _tell(self, id_: str, field: str, before: str, after: str, before_text: str = "", after_text: str = "") -> None:
        author = self.random.choice("abcd")
        number = f"{len(self.changes) + 1}.0"
        kind = "bot" if author == "d" else "human"
        self.changes.append(Change(id_, number, self.now, field, before, after, before_text, after_text, author, kind))
        self.items[id_]["updated"] = self.now

    def _state(self) -> None:
        id_, item = self._any()
        after = self.random.choice([state for state in ("todo", "doing", "doing", "done", "done", "cancelled") if state != item["state"]])
        self._tell(id_, "state", item["state"], after, STATES[item["state"]], STATES[after])
        resolution = {"done": "Done", "cancelled": "Won't do"}.get(after, "")
        if resolution != item["resolution"]:
            self._tell(id_, "resolution", item["resolution"], resolution)
            item["resolution"] = resolution
        if after == "doing" and not item["started"]:
            item["started"] = self.now
        item["finished"] = self.now if after in ("done", "cancelled") else 0
        item["state"] = after

    def _text(self, field: str, words: tuple[str, ...]) -> None:
        id_, item = self._any()
        after = self.random.choice([text for text in words if text != item[field]])
        self._tell(id_, field, item[field], after)
        item[field] = after

    def _title(self) -> None:
        self._text("title", TITLES)

    def _body(self) -> None:
        self._text("body", BODIES)

    def _label(self) -> None:
        id_, item = self._any()
        before = set(item["labels"])
        item["labels"] = before ^ {
            self.random.choice((f"kr-{self.name}-k1", f"kr-{self.name}-k2", "Own-Bet", "spike", "external", "one-off"))
        }
        self._tell(id_, "labels", ",".join(sorted(before)), ",".join(sorted(item["labels"])))

    def _parent(self) -> None:
        id_, item = self._any()
        epics = [other for other, it in self.items.items() if it["type"] == "Epic" and other != id_ and other != item["parent"]]
        after = self.random.choice([*epics, ""] if item["parent"] else epics) if epics or item["parent"] else ""
        if after == item["parent"] or item["type"] == "Epic":
            return
        self._tell(id_, "parent", item["parent"], after)
        item["parent"] = after

    def _move(self) -> None:
        id_, item = self._any()
        after = "2" if item["backlog"] == "1" else "1"
        key = f"{self.name.upper()}{'AB'[int(after) - 1]}-{id_}{len(self.changes)}"
        self._tell(id_, "backlog", item["backlog"], after, "A", "B")
        self._tell(id_, "key", item["key"], key)
        self.aliases.append((id_, item["key"]))
        item["backlog"], item["key"] = after, key

    def _plain(self) -> None:
        id_, item = self._any()
        field = self.random.choice(("assignee", "due", "start", "estimate", "team"))
        day = instant(self.now + self.random.randrange(1, 90) * DAY).date().isoformat()
        after = {"assignee": self.random.choice("abc"), "due": day, "start": day, "estimate": self.random.choice((1.0, 3.0, None)), "team": self.random.choice(("Red", "Blue", ""))}[field]  # fmt: skip
        if after == item[field]:
            return
        shown = ["" if value is None else f"{value:g}" if isinstance(value, float) else value for value in (item[field], after)]
        self._tell(id_, field, *shown)
        item[field] = after

    def _type(self) -> None:
        id_, item = self._any()
        after = self.random.choice(("Bug", "Task", "Story"))
        if item["type"] == "Epic" or item["type"] == after:
            return
        self._tell(id_, "type", item["type"], after)
        item["type"] = after

    def _member(self) -> None:
        id_, item = self._any()
        field, told = self.random.choice((("versions", "version"), ("components", "field:Component"), ("goals", "goal")))
        value = self.random.choice((f"{self.name}-k1", f"{self.name}-o2") if field == "goals" else ("one", "two", "three"))
        out = value in item[field]
        number, text = ("100" + value, value) if field == "components" else (value, "")
        sides = (number, "", text, "") if out else ("", number, "", text)
        self._tell(id_, told, *sides)
        item[field] ^= {value}

    def _sprint(self) -> None:
        id_, item = self._any()
        after = ",".join(part for part in (item["sprint"], str(self.random.randrange(1, 8))) if part)
        if len(set(after.split(","))) < len(after.split(",")):
            return
        self._tell(id_, "sprint", item["sprint"], after)
        item["sprint"] = after

    def _field(self) -> None:
        id_, item = self._any()
        name, values = self.random.choice(
            (
                ("Key Result", (f"{self.name}-k1", f"{self.name}-k2", "")),
                ("Measure", ("weekly returns", "")),
                ("Outcome", ("up by 4 %", "")),
            )
        )
        before, after = item["fields"].get(name, ""), self.random.choice(values)
        if before == after:
            return
        self._tell(id_, f"field:{name}", "", "", before, after)
        item["fields"][name] = after

    def _link(self) -> None:
        if self.links and self.random.random() < 0.4:
            one, kind, other = self.random.choice(sorted(self.links))
            self.links.discard((one, kind, other))
            sides = (f"{kind} {self.items[other]['key']}", "")
            back = (f"{INVERSE[kind]} {self.items[one]['key']}", "")
        else:
            (one, _), (other, _) = self._any(), self._any()
            kind = self.random.choice(list(INVERSE))
            if one == other or any({one, other} == {a, b} for a, _, b in self.links):
                return
            self.links.add((one, kind, other))
            sides, back = ("", f"{kind} {other}"), ("", f"{INVERSE[kind]} {self.items[one]['key']}")
        self._tell(one, "link", *sides)
        if self.random.random() < 0.7:
            self._tell(other, "link", *back)

    def _note(self) -> None:
        id_, _ = self._any()
        kind = self.random.choice(("comment", "update"))
        body = self.random.choice(("Shipped.", "Result: missed deliveries fell from 8 % to 5 %.", "We learned that nobody reads it."))
        self.notes.append(Note(id_, f"n{len(self.notes)}", self.now, kind, self.random.choice("abc"), "human", body))

    def _archive(self) -> None:
        id_, item = self._any()
        if item["archived"] or self.random.random() < 0.3:
            self._tell(id_, "archived", str(item["archived"]).lower(), str(not item["archived"]).lower())
            item["archived"] = not item["archived"]

    # --- goals ---

    def _first_goals(self) -> Goals:
        s = self.name
        objectives = (
            Objective(f"{s}-o1", "Families trust us", "H2", "company"),
            Objective(f"{s}-o2", "Slots fit family life", "H2", "team", f"{s}-o1", team="A"),
        )
        krs = (
            KeyResult(
                f"{s}-k1", f"{s}-o1", "Raise on-time deliveries from 80 % to 95 %", unit="%", baseline=80.0, target=95.0, current=80.0
            ),
            KeyResult(f"{s}-k2", f"{s}-o2", "Launch the new slot page", owner="a"),
        )
        return Goals((Cycle("H2", "2026-05-01", "2026-12-31"),), objectives, krs)

    def _goal(self) -> None:
        krs = {k.id: k for k in self.goals.key_results}
        r, s, one = self.random, self.name, self.random.choice(list(krs))
        edit = r.choice(("target", "current", "title", "status", "owner", "gone", "new", "parent", "note", "items"))
        if edit == "gone" and len(krs) > 1:
            krs.pop(one)
        elif edit == "new" and len(krs) < 5:
            number = f"{s}-k{self.now % 100_000}"
            krs[number] = KeyResult(number, f"{s}-o2", "Cut missed slots from 9 to 4", baseline=9.0, target=4.0)
        elif edit == "parent":
            was = self.goals.objectives
            self.goals = dataclasses.replace(
                self.goals, objectives=(was[0], dataclasses.replace(was[1], parent="" if was[1].parent else was[0].id))
            )
        else:
            values: dict[str, Any] = {
                "target": {"target": float(r.randrange(85, 99))}, "current": {"current": float(r.randrange(70, 99))}, "title": {"title": r.choice(TITLES)},
                "status": {"status": r.choice(("", "on_track", "dropped"))}, "owner": {"owner": r.choice(("", "a"))}, "note": {"closing_note": "learned enough"},
                "items": {"items": (self._any()[1]["key"],)},
            }.get(edit, {})  # fmt: skip
            krs[one] = dataclasses.replace(krs[one], **values)
        self.goals = dataclasses.replace(self.goals, key_results=tuple(krs.values()))

    def _check_in(self) -> None:
        one = self.random.choice(self.goals.key_results).id
        day = instant(self.now).date().isoformat()
        if not any(c.key_result == one and c.on == day for c in self.check_ins):
            self.check_ins.append(CheckIn(one, day, float(self.random.randrange(80, 97)), float(self.random.randrange(1, 10)), "on_track"))

    # --- what it shows ---

    def hide(self) -> None:
        """Move an item that nothing hangs on out of sight."""
        alone = [id_ for id_ in self.items if not any(id_ in (one, other) for one, _, other in self.links)]
        self.hidden = set(alone[:1])

    def page(self) -> Page:
        """Return everything as the tracker shows it now, without the items that it hides."""
        items = [
            Item(
                id_, it["key"], it["title"], TYPES[it["type"]][0], it["type"], TYPES[it["type"]][1], it["state"], STATES[it["state"]], it["backlog"],
                it["parent"], it["created"], it["updated"], it["started"] if self.says_starts else 0, it["finished"] if self.says_starts else 0, it["due"],
                it["start"], it["body"], tuple(sorted(it["labels"])), tuple(sorted(it["components"])), tuple(sorted(it["versions"])),
                tuple(sorted(part for part in it["sprint"].split(",") if part)), tuple(sorted(it["goals"])), tuple(it["fields"].items()), it["estimate"],
                rank=f"{int(id_):05d}", team=it["team"], assignee=it["assignee"], reporter=it["reporter"], resolution=it["resolution"],
                archived=it["archived"], history=True,
            )
            for id_, it in self.items.items()
            if id_ not in self.hidden
        ]  # fmt: skip
        links = [Link(one, kind, other, "", self.items[other]["key"]) for one, kind, other in self.links]
        links += [Link(other, INVERSE[kind], one, "", self.items[one]["key"]) for one, kind, other in self.links]
        sprints = tuple(
            Sprint(str(n), f"Sprint {n}", "closed", START + n * 14 * DAY, START + (n + 1) * 14 * DAY, (START + (n + 1) * 14 * DAY) if START + (n + 1) * 14 * DAY <= self.now else 0)
            for n in range(1, 8)
        )  # fmt: skip
        return Page(
            items=items, changes=[change for change in self.changes if change.item not in self.hidden], links=links, notes=list(self.notes), notes_complete=True, aliases=tuple(self.aliases),
            backlogs=(Backlog("1", f"{self.name.upper()}A", "Alpha"), Backlog("2", f"{self.name.upper()}B", "Beta")), sprints=sprints,
        )  # fmt: skip


def _config(folder: Path, sites: list[Site]) -> App:
    sources = "\n".join(f'[[sources]]\nname = "{site.name}"\nkind = "files"\npaths = ["{site.name}.csv"]' for site in sites)
    products = "\n".join(f'[[products]]\nname = "P-{site.name}"\nbacklogs = ["{site.name}/*"]' for site in sites)
    links = '[okrs.links]\nfield = "Key Result"\nmeasure_field = "Measure"\nresult_field = "Outcome"\nlabel_prefix = "kr-"\n'
    (folder / "okrbot.toml").write_text(f'[okrbot]\ntimezone = "Europe/Amsterdam"\n{sources}\n{products}\n{links}', encoding="utf-8")
    return open_app(folder / "okrbot.toml", environment={}, clock=lambda: instant(END))


def _write(store: Store, sites: list[Site], at: int) -> None:
    with store.begin() as db:
        for site in sites:
            save_page(db, site.name, site.page())
            hide_absent(db, site.name, frozenset(site.items.keys() - site.hidden), now=at)
            save_goals(db, f"goals-{site.name}", dataclasses.replace(site.goals, check_ins=tuple(site.check_ins)), at=at)


def _facts(store: Store, app: App, at: int) -> dict[str, list[tuple[Any, ...]]]:
    facts = build(store, app.config, instant(at), processes=1)
    try:
        return {
            table.name: facts.connection.execute(f"select {', '.join(_quoted(c.name) for c in table.columns if c.name not in NAMED_TODAY)} from {table.name}").fetchall()
            for table in TABLES
        }  # fmt: skip
    finally:
        facts.close()


def _quoted(name: str) -> str:
    return f'"{name}"'


def _comparable(rows: list[tuple[Any, ...]], renamed: dict[str, str]) -> list[str]:
    """Return rows as sorted texts, with every key as it is today; floating point to nine digits."""
    told = ["|".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row) for row in rows]
    return sorted(re.sub(r"S\d{3}[AB]-\d+", lambda m: renamed.get(m.group(), m.group()), row) for row in told)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_looking_back_at_an_instant_gives_what_an_audit_then_saw(batch: int, tmp_path: Path) -> None:
    sites = [Site(batch * SITES + n, seed=1_000 * batch + n) for n in range(SITES)]
    app = _config(tmp_path, sites)
    final = open_store(f"sqlite:///{tmp_path}/final.db")
    seen: dict[int, dict[str, list[tuple[Any, ...]]]] = {}
    for at in (START + 20 * DAY, *LOOKS, END):
        for site in sites:
            site.run(at - 3_600_000)
            if at == LOOKS[2]:
                site.hide()
        _write(final, sites, at)
        if at in LOOKS:
            then = open_store(f"sqlite:///{tmp_path}/then.db")
            # what only this instant's store holds: the trackers as they show themselves now, the goals as they were read so far
            _copy_goals(final, then)
            _write(then, sites, at)
            seen[at] = _facts(then, app, at)
            then.close()
            (tmp_path / "then.db").unlink()
    renamed = {old: site.items[id_]["key"] for site in sites for id_, old in site.aliases}
    for at in LOOKS:
        back = _facts(final, app, at)
        for table, rows in seen[at].items():
            assert _comparable(back[table], renamed) == _comparable(rows, renamed), f"{table} as of {instant(at)}"
    final.close()


def _copy_goals(source: Store, target: Store) -> None:
    with source.connect() as old, target.begin() as new:
        for table in (t.objectives, t.key_results, t.check_ins, t.goal_changes, t.cycles):
            rows = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            if rows:
                new.execute(sa.insert(table), rows)
