"""Write the Linear part as its GraphQL answers it: connections of issues, projects, initiatives, teams and cycles."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from .company import Company, is_project
from .people import BACKLOGS, HOST, PEOPLE
from .words import NOW, Initiative, Item, Update, day

Json = dict[str, Any]
NAMESPACE = uuid.UUID("a2f0f9b4-5c2f-5f4d-8d6e-0d1b8f3c7e21")
STATES = {  # letter -> name, type, colour is nobody's business
    "t": ("Todo", "unstarted"),
    "w": ("In Progress", "started"),
    "h": ("In Progress", "started"),
    "r": ("In Review", "started"),
    "d": ("Done", "completed"),
    "v": ("Done", "completed"),
    "n": ("Done", "completed"),
    "x": ("Canceled", "canceled"),
}
LABELS = {
    "story": "feature",
    "bug": "Bug",
    "spike": "spike",
    "hypothesis": "hypothesis",
    "incident": "incident",
    "debt": "tech-debt",
    "task": "chore",
    "subtask": "feature",
}


def made_id(*parts: str) -> str:
    """Return a stable UUID for a thing."""
    return str(uuid.uuid5(NAMESPACE, " ".join(parts)))


def stamp(at: dt.datetime | None) -> str | None:
    """Return an instant as Linear spells it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None


def connection(nodes: list[Any]) -> Json:
    """Return a complete connection."""
    return {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None}}


def state(backlog: str, letter: str) -> Json:
    """Return a workflow state."""
    name, kind = STATES[letter]
    return {"id": made_id("state", backlog, name), "name": name, "type": kind}


def team(backlog: str) -> Json:
    """Return a team in short."""
    return {"id": made_id("team", backlog), "key": backlog, "name": BACKLOGS[backlog].name}


def user(ref: str) -> Json:
    """Return a user in short."""
    return {"id": made_id("user", ref), "displayName": PEOPLE[ref].name}


def label(name: str) -> Json:
    """Return a label."""
    return {"id": made_id("label", name), "name": name}


def label_names(item: Item) -> list[str]:
    """Return the labels of an issue: its kind, its key results, and what a hypothesis came to."""
    verdict = {"v": ["validated"], "n": ["invalidated"]}.get(item.state, []) if item.kind == "hypothesis" else []
    return [LABELS[item.kind], *verdict, *item.labels, *(f"kr-{name}" for name in item.key_results if item.how == "label")]


def cycle(backlog: str, number: int) -> Json:
    """Return a two-week cycle."""
    start = dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(days=14 * (number - 1))
    end = start + dt.timedelta(days=14)
    return {
        "id": made_id("cycle", backlog, str(number)),
        "number": number,
        "name": None,
        "startsAt": stamp(start),
        "endsAt": stamp(end),
        "completedAt": stamp(end) if end < NOW else None,
    }


def short(item: Item) -> Json:
    """Return an issue as relations quote it."""
    return {"id": made_id("issue", item.ref), "identifier": item.key}


def history(item: Item, company: Company) -> list[Json]:
    """Return the entries Linear keeps, newest first: one object an instant, from/to pairs, label ids."""
    found: dict[tuple[dt.datetime, str], Json] = {}
    for event in item.events:
        entry = found.setdefault(
            (event.at, event.by),
            {
                "id": made_id("history", item.ref, stamp(event.at) or "", event.by),
                "createdAt": stamp(event.at),
                "actor": None if PEOPLE[event.by].bot else user(event.by),
                "botActor": {"id": made_id("bot", event.by), "type": "workflow", "name": "Refinement rule"}
                if PEOPLE[event.by].bot
                else None,
            },
        )
        match event.field:
            case "state":
                entry["fromState"], entry["toState"] = state(item.backlog, event.before), state(item.backlog, event.after)
            case "assignee":
                entry["fromAssignee"], entry["toAssignee"] = (user(event.before) if event.before else None), user(event.after)
            case "labels":
                entry["addedLabelIds"], entry["addedLabels"] = [label(event.after)["id"]], [label(event.after)]
            case "sprint":
                before = event.before.split(",")[-1]
                entry["fromCycle"] = cycle(item.backlog, int(before)) if before else None
                entry["toCycle"] = cycle(item.backlog, int(event.after.split(",")[-1]))
            case "title":
                entry["fromTitle"], entry["toTitle"] = event.before, event.after
            case "body":
                entry["updatedDescription"] = True
            case "due":
                entry["fromDueDate"], entry["toDueDate"] = (f"2026-{text[:2]}-{text[2:]}" for text in (event.before, event.after))
            case "link":
                other = company.items[event.after.rpartition(" ")[2]]
                if BACKLOGS[other.backlog].tracker == "linear":
                    entry["relationChanges"] = [{"identifier": other.key, "type": "ab" if "block" in event.after else "ar"}]
    told = [entry for entry in found.values() if len(entry) > 4]
    return told[::-1]


def spans(item: Item) -> list[Json]:
    """Return how long the issue was in which state."""
    marks = [(item.created, "t"), *((event.at, event.after) for event in item.events if event.field == "state")]
    ends = [*(at for at, _ in marks[1:]), None]
    return [
        {
            "id": made_id("span", item.ref, str(place)),
            "startedAt": stamp(at),
            "endedAt": stamp(end),
            "stateId": state(item.backlog, letter)["id"],
            "state": state(item.backlog, letter),
        }
        for place, ((at, letter), end) in enumerate(zip(marks, ends, strict=True))
    ]


def relations(item: Item, company: Company) -> tuple[list[Json], list[Json]]:
    """Return relations and inverse relations with other Linear issues."""
    own, inverse = [], []
    for other in company.items.values():
        if BACKLOGS[other.backlog].tracker != "linear" or is_project(other):
            continue
        for kind, target in other.links:
            if target not in company.items or BACKLOGS[company.items[target].backlog].tracker != "linear":
                continue
            first, second, name = (target, other.ref, "blocks") if kind == "is blocked by" else (other.ref, target, "related")
            number = made_id("relation", first, second)
            if item.ref == first:
                own.append({"id": number, "type": name, "relatedIssue": short(company.items[second])})
            if item.ref == second:
                inverse.append({"id": number, "type": name, "issue": short(company.items[first])})
    return own, inverse


def issue(item: Item, company: Company) -> Json:
    """Return one issue with its connections."""
    own, inverse = relations(item, company)
    done = item.finished if item.state in "dvn" else None
    above = company.items[item.parent] if item.parent else None
    epic = above if above is None or is_project(above) else company.items[above.parent]
    return {
        "id": made_id("issue", item.ref),
        "identifier": item.key,
        "number": item.number,
        "title": item.title,
        "description": item.body or None,
        "url": f"https://linear.{HOST}/veldmand/issue/{item.key}",
        "priority": 1 if item.kind == "incident" else 3,
        "priorityLabel": "Urgent" if item.kind == "incident" else "Medium",
        "estimate": item.points,
        "sortOrder": float(item.rank * 10),
        "dueDate": f"2026-{item.due[:2]}-{item.due[2:]}" if item.due else None,
        "createdAt": stamp(item.created),
        "updatedAt": stamp(item.updated),
        "startedAt": stamp(item.started),
        "completedAt": stamp(done),
        "canceledAt": stamp(item.finished) if item.state == "x" else None,
        "archivedAt": None,
        "previousIdentifiers": [],
        "state": state(item.backlog, item.state),
        "team": team(item.backlog),
        "assignee": user(item.assignee) if item.assignee else None,
        "creator": user(item.reporter),
        "parent": short(above) if above and not is_project(above) else None,
        "project": {"id": made_id("project", epic.ref), "name": epic.title} if epic else None,
        "cycle": cycle(item.backlog, item.sprints[-1]) if item.sprints else None,
        "labels": connection([label(name) for name in label_names(item)]),
        "comments": connection(
            [
                {"id": made_id("comment", item.ref, str(place)), "body": note.body, "createdAt": stamp(note.at), "user": user(note.by)}
                for place, note in enumerate(item.comments)
            ]
        ),
        "relations": connection(own),
        "inverseRelations": connection(inverse),
        "history": connection(history(item, company)),
        "stateHistory": connection(spans(item)),
    }


STATUSES = {"t": ("Planned", "planned"), "w": ("In Progress", "started"), "d": ("Completed", "completed"), "x": ("Canceled", "canceled")}


def project(item: Item, company: Company) -> Json:
    """Return an epic as a Linear project: its text, its dates, and what was said about it as status updates."""
    initiative = next((found for found in company.initiatives if found.ref == item.initiative), None)
    said = [update for found in company.initiatives for update in found.updates if update.on == item.ref]
    said += [Update(note.at.strftime("%m%d"), note.by, "onTrack", note.body, item.ref) for note in item.comments]
    updates = [
        {
            "id": made_id("update", item.ref, update.day, str(place)),
            "createdAt": stamp(dt.datetime.combine(day(update.day), dt.time(15, 0), tzinfo=dt.UTC)),
            "body": update.body,
            "health": update.health,
            "user": user(update.by),
        }
        for place, update in enumerate(sorted(said, key=lambda update: update.day))
    ]
    slug = "-".join("".join(letter if letter.isalnum() else " " for letter in item.title.lower()).split())
    name, kind = STATUSES[item.state]
    return {
        "id": made_id("project", item.ref),
        "slugId": item.slug,
        "name": item.title,
        "description": initiative.about if initiative else "",
        "content": "\n\n".join(filter(None, [item.body, f"Works for KR {item.key_results[0]}." if item.key_results else ""])),
        "url": f"https://linear.{HOST}/veldmand/project/{slug}-{item.slug}",
        "priorityLabel": "Medium",
        "sortOrder": float(item.rank * 10),
        "createdAt": stamp(item.created),
        "updatedAt": max([str(stamp(item.updated)), *(str(update["createdAt"]) for update in updates)]),
        "startedAt": stamp(item.started),
        "completedAt": stamp(item.finished) if item.state == "d" else None,
        "canceledAt": stamp(item.finished) if item.state == "x" else None,
        "archivedAt": None,
        "startDate": item.started.date().isoformat() if item.started else None,
        "targetDate": f"2026-{item.due[:2]}-{item.due[2:]}" if item.due else None,
        "health": updates[-1]["health"] if updates else None,
        "status": {"id": made_id("status", name), "name": name, "type": kind},
        "lead": user(item.assignee),
        "creator": user(item.reporter),
        "teams": connection([team(item.backlog)]),
        "initiatives": connection([{"id": made_id("initiative", initiative.ref), "name": initiative.name}] if initiative else []),
        "projectUpdates": connection(updates[::-1]),
    }


def initiative(found: Initiative, company: Company) -> Json:
    """Return an initiative with its projects."""
    below = [item for item in company.items.values() if is_project(item) and item.initiative == found.ref]
    return {
        "id": made_id("initiative", found.ref),
        "name": found.name,
        "description": found.about,
        "url": f"https://linear.{HOST}/veldmand/initiative/{found.ref}",
        "status": "Active",
        "health": found.health,
        "createdAt": "2026-06-29T08:00:00.000Z",
        "updatedAt": "2026-11-09T15:00:00.000Z",
        "targetDate": found.target or None,
        "projects": connection([{"id": made_id("project", item.ref), "name": item.title} for item in below]),
    }


def answer(company: Company) -> Json:
    """Return one GraphQL answer that holds the two teams whole."""
    items = [item for item in company.items.values() if BACKLOGS[item.backlog].tracker == "linear"]
    return {
        "data": {
            "teams": connection([{**team(key), "timezone": "Europe/Amsterdam", "private": False} for key in ("WEB", "RIDE")]),
            "cycles": connection([{**cycle("WEB", number), "team": team("WEB")} for number in range(1, 14)]),
            "initiatives": connection([initiative(found, company) for found in company.initiatives]),
            "projects": connection([project(item, company) for item in items if is_project(item)]),
            "issues": connection([issue(item, company) for item in items if not is_project(item)]),
        }
    }
