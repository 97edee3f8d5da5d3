"""Turn written epics and lines into items with whole lives: dates between the written ones, people, states, sprints."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import re
from collections.abc import Mapping

from .people import BACKLOGS, PEOPLE
from .words import LAST_EDIT, Comment, Epic, Event, Item, Loose, day

DAY = dt.timedelta(days=1)
FIRST_SPRINT = dt.date(2026, 6, 1)  # a Monday; sprints last two weeks
OPEN = "tw rh"
COMMERCIAL = ("carla", "diederik", "pilar", "gunnar", "beatrix", "lutz")  # they write the payments roadmap, and are in no team
KINDS = ("bug", "spike", "hypothesis", "incident", "debt", "task")
FLAG = re.compile(r"^(?P<name>[a-z]+)=(?P<value>\S+)$")
DATE_FLAG = re.compile(r"^(?P<name>[csf])(?P<value>\d{4})$")


@dataclasses.dataclass(slots=True)
class Line:
    """One written line: `state kind p3 @ref c0706 s0710 f0715 name=value | title | body`; a leading dash makes a sub-task."""

    state: str
    title: str
    body: str
    kind: str = "story"
    sub: bool = False
    ref: str = ""
    points: int | None = None
    made: str = ""
    start: str = ""
    end: str = ""
    flags: dict[str, str] = dataclasses.field(default_factory=dict)


def read_line(text: str) -> Line:
    """Return a written line as its parts. Raises ValueError for a word it does not know."""
    head, title, body = (part.strip() for part in (text + " | ").split("|")[:3])
    words = head.split()
    sub = words[0] == "-"
    words = words[1:] if sub else words
    line = Line(words[0], title, body, sub=sub)
    for word in words[1:]:
        if word in KINDS:
            line.kind = word
        elif word.startswith("@"):
            line.ref = word[1:]
        elif re.fullmatch(r"p\d+", word):
            line.points = int(word[1:])
        elif found := DATE_FLAG.match(word):
            setattr(line, {"c": "made", "s": "start", "f": "end"}[found["name"]], found["value"])
        elif found := FLAG.match(word):
            line.flags[found["name"]] = found["value"]
        elif word == "text":
            line.flags["how"] = "text"
        else:
            raise ValueError(f"unknown word {word!r} in {text!r}")
    return line


def workday(date: dt.date) -> dt.date:
    """Return the day, or the Monday after it."""
    return date + DAY * (7 - date.weekday()) if date.weekday() > 4 else date


def moment(date: dt.date, dice: random.Random, *, after: dt.datetime | None = None) -> dt.datetime:
    """Return an instant in office hours of the day, later than `after` where that is the same day."""
    at = dt.datetime.combine(date, dt.time(7, 30), tzinfo=dt.UTC) + dt.timedelta(minutes=dice.randrange(0, 500))
    return max(at, after + dt.timedelta(minutes=dice.randrange(4, 35))) if after else at


def crew(team: str, date: dt.date, quarters: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return who of a team works on a day; the Storefront team changed its people with the quarter."""
    if team == "Storefront":
        return list(quarters["2026-Q3" if date < dt.date(2026, 10, 1) else "2026-Q4"])
    return [ref for ref, person in PEOPLE.items() if person.team == team]


def sprint_number(date: dt.date) -> int:
    """Return the number of the sprint a day lies in, from 1 on."""
    return (date - FIRST_SPRINT).days // 14 + 1


def _spread(lines: list[Line], epic: Epic, *, tidy: bool) -> None:
    """Write starts and ends into the stories of an epic that have none, one after the other inside its window.

    A tidy team ends what it starts within the sprint.
    """
    if not epic.start:
        return
    first, last = day(epic.start), day(epic.end or epic.cancel) if epic.end or epic.cancel else LAST_EDIT
    begun = [line for line in lines if line.state not in "ts" and not line.sub]
    span = max((last - first).days - 4, 1)
    for place, line in enumerate(begun):
        start = first + DAY * (place * span // max(len(begun), 1))
        if not line.start and line.state in "wrh":
            start = max(start, LAST_EDIT - DAY * (3 + 2 * (place % 4)))
        if tidy and epic.end and place == len(begun) - 1 and line.state == "d":
            start = max(start, last - DAY * 6)
        if tidy and line.state == "d" and start.weekday() != 0 and sprint_number(start) != sprint_number(start + DAY * 6):
            start = min(start + DAY * (7 - start.weekday()), last - DAY * 2)
        if not line.start and line.state != "x":
            line.start = workday(start).strftime("%m%d")
        if not line.end and line.state in "dxvn":
            base = day(line.start) if line.start else start
            end = min(workday(base + DAY * (3 + (line.points or 2))), last - DAY if not epic.cancel else last)
            if epic.end and place == len(begun) - 1:
                end = last - DAY if last.weekday() else last - DAY * 3
            line.end = max(end, base).strftime("%m%d")


def _item(
    line: Line,
    backlog: str,
    ref: str,
    team: str,
    reporter: str,
    made: dt.date,
    quarters: Mapping[str, tuple[str, ...]],
    *,
    nth: int | None = None,
) -> Item:
    """Return the item of a line with its states and people; links and labels come later."""
    dice = random.Random(ref)
    kind = "subtask" if line.sub else line.kind
    team = line.flags.get("team", team).replace("_", " ")
    created = moment(day(line.made) if line.made else made, dice)
    if nth is not None:  # an epic's stories are written one after the other
        created = created.replace(hour=8, minute=0) + dt.timedelta(minutes=9 * nth + dice.randrange(0, 8))
    item = Item(ref, backlog, kind, line.title, line.body, line.state, created, reporter, team, points=line.points)
    item.how = line.flags.get("how", "label" if "kr" in line.flags else "")
    item.key_results = line.flags["kr"].split(",") if "kr" in line.flags else []
    item.moved_from = line.flags.get("moved", "")
    _live(item, line, dice, quarters)
    return item


def _live(item: Item, line: Line, dice: random.Random, quarters: Mapping[str, tuple[str, ...]]) -> None:
    """Append the events from the first to the last state of an item."""
    if line.state == "t":
        return
    if line.state == "s":
        at = moment(workday(item.created.date() + DAY * 2), dice, after=item.created)
        item.events.append(Event(at, item.reporter, "state", "t", "s"))
        return
    before, start = "t", day(line.start) if line.start else None
    hands = line.flags.get("hand", "").split(",") if "hand" in line.flags else []
    if start:
        people = crew(item.team, start, quarters)
        item.assignee = line.flags.get("w") or dice.choice(people)
        if BACKLOGS[item.backlog].words.get("s") and item.kind != "hypothesis":
            picked = max(start - DAY * 3, item.created.date())
            at = moment(picked, dice, after=item.created)
            item.events.append(Event(at, "tom", "state", "t", "s"))
            before = "s"
        at = moment(start, dice, after=max([item.created, *(event.at for event in item.events)]))
        item.events.append(Event(at, item.assignee, "assignee", "", item.assignee))
        item.events.append(Event(at, item.assignee, "state", before, "h" if item.kind == "hypothesis" else "w"))
        item.started, before = at, "h" if item.kind == "hypothesis" else "w"
    last = day(line.end) if line.end else LAST_EDIT
    if line.state == "r" or (line.state == "d" and start and (last - start).days > 3 and item.kind != "subtask"):
        review = max(last - DAY * 2, start or last) if line.state == "d" else last
        at = moment(review, dice, after=item.events[-1].at)
        item.events.append(Event(at, item.assignee, "state", before, "r"))
        before = "r"
    _hand_over(item, hands, last, dice)
    if line.state in "dxvn":
        at = moment(last, dice, after=max([item.created, *(event.at for event in item.events)]))
        by = item.assignee or item.reporter
        item.events.append(Event(at, by, "resolution", "", line.state))
        item.events.append(Event(at, by, "state", before, line.state))
        item.finished = at


def _hand_over(item: Item, hands: list[str], last: dt.date, dice: random.Random) -> None:
    """Append the changes of team and assignee between start and end; the team named last is the present one."""
    if not hands or not item.started:
        return
    step = (last - item.started.date()).days // (len(hands) + 1)
    team, who = item.team, item.assignee
    events = []
    for place, name in enumerate(hands):
        at = moment(workday(item.started.date() + DAY * step * (place + 1)), dice)
        other = dice.choice(crew(name, at.date(), {}))
        events += [Event(at, who, "team", team, name), Event(at, who, "assignee", who, other)]
        team, who = name, other
    item.team, item.assignee = team, who
    item.events = sorted([*item.events, *events], key=lambda event: event.at)


def grow(backlog: str, epics: tuple[Epic, ...], loose: Loose, quarters: Mapping[str, tuple[str, ...]]) -> list[Item]:
    """Return all items of one backlog in the order they were written down."""
    items: list[Item] = []
    for epic in epics:
        items += _grow_epic(backlog, epic, loose.team, quarters)
    for place, text in enumerate(loose.lines.strip().splitlines()):
        line = read_line(text)
        ref = line.ref or f"{backlog.lower()}.{place}"
        dice = random.Random(ref)
        made = day(line.made or (line.start or "0928"))
        if not line.start and line.state in "dwrvnh":
            line.start = workday(made + DAY * dice.randrange(0, 2)).strftime("%m%d")
        if line.state == "r" and not line.end:
            line.end = ""
        reporter = dice.choice(crew(loose.team, made, quarters)) if line.kind != "story" else _wisher(backlog, dice)
        line.made = line.made or made.strftime("%m%d")
        items.append(_item(line, backlog, ref, loose.team, reporter, made, quarters))
    return items


def _wisher(backlog: str, dice: random.Random) -> str:
    """Return who usually writes the stories of a backlog."""
    return {"SHOP": dice.choice(("noor", "bas", "ruben")), "PAY": dice.choice(COMMERCIAL), "DEPOT": "tom", "WEB": "lena", "RIDE": "jo"}[
        backlog
    ]


def _grow_epic(backlog: str, epic: Epic, home: str, quarters: Mapping[str, tuple[str, ...]]) -> list[Item]:
    """Return an epic and its stories and sub-tasks."""
    lines = [read_line(text) for text in epic.stories.strip().splitlines()]
    _spread(lines, epic, tidy=backlog == "PAY")
    state = "x" if epic.cancel else "d" if epic.end else "w" if epic.start else "t"
    whole = Line(state, epic.title, epic.body, made=epic.made, start=epic.start, end=epic.end or epic.cancel)
    team = epic.team or home
    parent = _item(whole, backlog, epic.ref, team, epic.by, day(epic.made), quarters)
    parent.kind, parent.assignee = "epic", parent.assignee or ("" if backlog == "PAY" else epic.by)
    parent.events = [event for event in parent.events if event.after != "r" or event.field != "state"]
    parent.events = [dataclasses.replace(event, before="w") if event.before == "r" else event for event in parent.events]
    parent.labels = epic.labels.split() if epic.labels else []
    parent.key_results, parent.how = ([epic.kr] if epic.kr else []), epic.how
    parent.due, parent.fix, parent.initiative = epic.due, epic.fix, epic.initiative
    parent.restricted, parent.quiet, parent.links = epic.restricted, epic.quiet, list(epic.links)
    dice = random.Random(epic.ref + "!")
    for when, who, body in epic.notes:
        parent.comments.append(Comment(moment(day(when), dice), who, body))
    for when, label in epic.bots:
        parent.events.append(Event(moment(day(when), dice), "automation", "labels", "", label))
        parent.labels.append(label)
    _name_key_result(parent, epic, dice)
    for when, field, before in epic.edits:
        parent.events.append(
            Event(moment(day(when), dice), epic.by, field, before, {"title": epic.title, "due": epic.due, "body": epic.body}[field])
        )
    items, above = [parent], ""
    for place, line in enumerate(lines):
        made = workday(day(epic.made) + DAY * (1 + place // 3))
        if line.start and day(line.start) < made:
            made = day(line.start)
        ref = line.ref or f"{epic.ref}.{place}"
        if line.sub:
            whole_story = next(item for item in items if item.ref == above)
            line.made, line.start = made.strftime("%m%d"), whole_story.started.strftime("%m%d") if whole_story.started else ""
            line.end = whole_story.finished.strftime("%m%d") if whole_story.finished and line.state == "d" else ""
        if backlog == "PAY" and epic.by in COMMERCIAL:
            reporter = COMMERCIAL[(place + len(epic.ref) + len(epic.title)) % len(COMMERCIAL)]
        else:
            reporter = epic.by if dice.random() < 0.8 else dice.choice(crew(team, made, quarters))
        item = _item(line, backlog, ref, team, reporter, made, quarters, nth=place)
        item.parent = above if line.sub else epic.ref
        item.fix, item.restricted, item.quiet = epic.fix, epic.restricted, epic.quiet
        above = above if line.sub else ref
        items.append(item)
    return items


def _name_key_result(item: Item, epic: Epic, dice: random.Random) -> None:
    """Append the event that named the key result, on its day."""
    if not epic.kr or epic.how not in ("field", "label"):
        return
    when = day(epic.kr_on) if epic.kr_on else workday(day(epic.made) + DAY)
    at = moment(when, dice, after=item.created)
    if epic.how == "field":
        item.events.append(Event(at, epic.by, "key_result", "", epic.kr))
    else:
        item.events.append(Event(at, epic.by, "labels", " ".join(item.labels), f"kr-{epic.kr}"))
