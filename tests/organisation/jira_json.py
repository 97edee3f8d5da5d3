"""Write the Jira part as Jira Cloud's search answers it: `issues` with typed fields, ADF texts and whole changelogs."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from .company import Company
from .people import BACKLOGS, HOST, PEOPLE
from .words import NOW, Event, Item

Json = dict[str, Any]
SITE = f"https://jira.{HOST}"
NAMESPACE = uuid.UUID("6f1f5b0e-6c1c-5a8e-9b52-6d0a5a3f2c11")

FIELDS = {  # display name -> id, schema
    "Team": ("customfield_10001", {"type": "team", "custom": "com.atlassian.teams:rm-teams-custom-field-team", "customId": 10001}),
    "Story point estimate": (
        "customfield_10016",
        {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points", "customId": 10016},
    ),
    "Rank": ("customfield_10019", {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-lexo-rank", "customId": 10019}),
    "Sprint": (
        "customfield_10020",
        {"type": "array", "items": "json", "custom": "com.pyxis.greenhopper.jira:gh-sprint", "customId": 10020},
    ),
    "Key Result": (
        "customfield_10050",
        {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield", "customId": 10050},
    ),
}
TYPES = {  # kind -> id, name, level
    "epic": ("10000", "Epic", 1),
    "story": ("10001", "Story", 0),
    "task": ("10002", "Task", 0),
    "subtask": ("10003", "Sub-task", -1),
    "bug": ("10004", "Bug", 0),
    "spike": ("10005", "Spike", 0),
    "hypothesis": ("10006", "Hypothesis", 0),
    "incident": ("10007", "Incident", 0),
    "debt": ("10008", "Tech debt", 0),
}
CATEGORIES = {
    "t": (2, "new", "To Do"),
    "s": (2, "new", "To Do"),
    "w": (4, "indeterminate", "In Progress"),
    "r": (4, "indeterminate", "In Progress"),
    "h": (4, "indeterminate", "In Progress"),
}
DONE = (3, "done", "Done")
LINKS = {
    "is blocked by": ("10100", "Blocks", "is blocked by", "blocks"),
    "is validated by": ("10101", "Validation", "is validated by", "validates"),
    "relates to": ("10102", "Relates", "relates to", "relates to"),
}
RESOLUTIONS = {"d": "Done", "v": "Done", "n": "Done", "x": "Won't Do"}
ORDER = "twrdxhvns"


def stamp(at: dt.datetime) -> str:
    """Return an instant as Jira Cloud spells it, in Amsterdam's summer or winter offset."""
    summer = at < dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC)
    local = at.astimezone(dt.timezone(dt.timedelta(hours=2 if summer else 1)))
    return local.strftime("%Y-%m-%dT%H:%M:%S.000%z")


def issue_id(item: Item) -> str:
    """Return the immutable number of an issue, which keeps the project it was made in."""
    home, number = (item.moved_from, item.old_number) if item.moved_from else (item.backlog, item.number)
    return str(10000 * BACKLOGS[home].number + number)


def account(ref: str) -> Json:
    """Return a person as Jira shows them to a bot: no address."""
    person = PEOPLE[ref]
    return {"accountId": account_id(ref), "displayName": person.name, "accountType": "app" if person.bot else "atlassian", "active": True}


def account_id(ref: str) -> str:
    """Return the opaque account id."""
    return f"712020:{uuid.uuid5(NAMESPACE, ref)}"


def status(item_backlog: str, letter: str) -> Json:
    """Return a status with its category."""
    number, key, name = CATEGORIES.get(letter, DONE)
    return {
        "id": status_id(item_backlog, letter),
        "name": BACKLOGS[item_backlog].words[letter],
        "statusCategory": {"id": number, "key": key, "name": name},
    }


def status_id(backlog: str, letter: str) -> str:
    """Return the id of a status; every project has a workflow of its own."""
    return str(10000 + 100 * BACKLOGS[backlog].number + ORDER.index(letter))


def sprint(backlog: str, number: int) -> Json:
    """Return a two-week sprint as the sprint field shows it."""
    start = dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC) + dt.timedelta(days=14 * (number - 1))
    end = start + dt.timedelta(days=13, hours=8)
    state = "closed" if end < NOW else "active" if start <= NOW else "future"
    found: Json = {
        "id": sprint_id(backlog, number),
        "name": f"{backlog} sprint {number}",
        "state": state,
        "boardId": BACKLOGS[backlog].number * 10,
        "startDate": start.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "endDate": end.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if state == "closed":
        found["completeDate"] = end.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return found


def sprint_id(backlog: str, number: int) -> int:
    """Return the id of a sprint."""
    return BACKLOGS[backlog].number * 100 + number


def team(name: str) -> Json:
    """Return a value of the Team field."""
    return {"id": str(uuid.uuid5(NAMESPACE, "team " + name)), "name": name}


def adf(text: str) -> Json | None:
    """Return paragraphs of plain text as an Atlassian document, None for nothing."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    if not blocks:
        return None
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": block}]} for block in blocks],
    }


def short(item: Item) -> Json:
    """Return an issue as parents and links quote it."""
    number, name, level = TYPES[item.kind]
    return {
        "id": issue_id(item),
        "key": item.key,
        "fields": {
            "summary": item.title,
            "status": status(item.backlog, item.state),
            "issuetype": {"id": number, "name": name, "subtask": level < 0, "hierarchyLevel": level},
        },
    }


def component(item: Item) -> str:
    """Return the component of an item: every team has a home it rarely leaves, and payments never does."""
    if item.backlog == "PAY":
        return "payment-gateway"
    home, away = {"DEPOT": ("scanner", "dock"), "SHOP": ("slot-service" if item.team == "Checkout" else "basket-service", "app")}[
        item.backlog
    ]
    return away if item.number % 4 == 0 else home


def fields(item: Item, company: Company) -> Json:
    """Return the `fields` object of an issue."""
    number, name, level = TYPES[item.kind]
    found: Json = {
        "summary": item.title,
        "description": adf(item.body),
        "issuetype": {"id": number, "name": name, "subtask": level < 0, "hierarchyLevel": level},
        "project": {"id": str(20000 + BACKLOGS[item.backlog].number), "key": item.backlog, "name": BACKLOGS[item.backlog].name},
        "status": status(item.backlog, item.state),
        "priority": {"id": "3", "name": "Medium"} if item.kind != "incident" else {"id": "1", "name": "Highest"},
        "created": stamp(item.created),
        "updated": stamp(item.updated),
        "resolutiondate": stamp(item.finished) if item.finished else None,
        "resolution": {"name": RESOLUTIONS[item.state]} if item.state in RESOLUTIONS else None,
        "duedate": f"2026-{item.due[:2]}-{item.due[2:]}" if item.due else None,
        "labels": labels(item),
        "components": [{"id": str(500 + BACKLOGS[item.backlog].number), "name": component(item)}]
        if item.kind != "epic" or item.backlog == "PAY"
        else [],
        "fixVersions": [{"id": "900", "name": item.fix, "released": False, "releaseDate": "2026-12-31"}] if item.fix else [],
        "assignee": account(item.assignee) if item.assignee else None,
        "reporter": account(item.reporter),
        "issuelinks": links(item, company),
        "comment": {
            "comments": [
                {
                    "id": f"{issue_id(item)}{place}",
                    "author": account(note.by),
                    "body": adf(note.body),
                    "created": stamp(note.at),
                    "updated": stamp(note.at),
                }
                for place, note in enumerate(item.comments)
            ],
            "total": len(item.comments),
            "maxResults": len(item.comments),
            "startAt": 0,
        },
        "customfield_10001": team(item.team),
        "customfield_10019": f"0|i{item.rank:04d}{BACKLOGS[item.backlog].number}:",
    }
    if item.parent:
        found["parent"] = short(company.items[item.parent])
    if item.points is not None:
        found["customfield_10016"] = float(item.points)
    if item.sprints:
        found["customfield_10020"] = [sprint(item.backlog, number) for number in item.sprints]
    if item.how == "field" and item.key_results:
        found["customfield_10050"] = item.key_results[0]
    if item.restricted:
        found["security"] = {"id": "10300", "name": "Buying only", "description": "People named in the supplier contracts"}
    return found


def labels(item: Item) -> list[str]:
    """Return the labels now, key results named by label among them."""
    return sorted({*item.labels, *(f"kr-{name}" for name in item.key_results if item.how == "label")})


def links(item: Item, company: Company) -> list[Json]:
    """Return both directions of the links to items in Jira; a Linear twin cannot be linked from here."""
    found = []
    for kind, target in item.links:
        other = company.items[target]
        if BACKLOGS[other.backlog].tracker == "jira" and kind in LINKS:
            found.append((kind, "outwardIssue" if kind == "relates to" else "inwardIssue", other))
    for other in company.items.values():
        if BACKLOGS[other.backlog].tracker == "jira":
            found += [
                (kind, "inwardIssue" if kind == "relates to" else "outwardIssue", other)
                for kind, target in other.links
                if target == item.ref and kind in LINKS
            ]
    answer = []
    for kind, side, other in found:
        number, name, inward, outward = LINKS[kind]
        first, second = (item, other) if side == "inwardIssue" else (other, item)
        answer.append(
            {
                "id": f"{issue_id(first)}{issue_id(second)}",
                "type": {"id": number, "name": name, "inward": inward, "outward": outward},
                side: short(other),
            }
        )
    return answer


def changes(event: Event, item: Item, company: Company) -> list[Json]:
    """Return the changelog entries of one event: `from` and `to` hold ids, the texts what people read."""

    def entry(
        field: str,
        field_id: str,
        before: str | None,
        before_text: str | None,
        after: str | None,
        after_text: str | None,
        kind: str = "jira",
    ) -> Json:
        return {
            "field": field,
            "fieldtype": kind,
            "fieldId": field_id,
            "from": before,
            "fromString": before_text,
            "to": after,
            "toString": after_text,
        }

    words, backlog = BACKLOGS[item.backlog].words, item.backlog
    match event.field:
        case "state":
            return [
                entry(
                    "status",
                    "status",
                    status_id(backlog, event.before),
                    words[event.before],
                    status_id(backlog, event.after),
                    words[event.after],
                )
            ]
        case "resolution":
            return [entry("resolution", "resolution", None, None, "10" + str(ORDER.index(event.after)), RESOLUTIONS[event.after])]
        case "assignee":
            old_id, old_name = (account_id(event.before), PEOPLE[event.before].name) if event.before else (None, None)
            return [entry("assignee", "assignee", old_id, old_name, account_id(event.after), PEOPLE[event.after].name)]
        case "team":
            return [
                entry("Team", "customfield_10001", team(event.before)["id"], event.before, team(event.after)["id"], event.after, "custom")
            ]
        case "labels":
            return [entry("labels", "labels", "", event.before, "", f"{event.before} {event.after}".strip())]
        case "key_result":
            return [entry("Key Result", "customfield_10050", None, None, None, event.after, "custom")]
        case "sprint":
            before_ids, after_ids = (
                ", ".join(str(sprint_id(backlog, int(number))) for number in text.split(",") if number)
                for text in (event.before, event.after)
            )
            before_text, after_text = (
                ", ".join(f"{backlog} sprint {number}" for number in text.split(",") if number) for text in (event.before, event.after)
            )
            return [entry("Sprint", "customfield_10020", before_ids, before_text, after_ids, after_text, "custom")]
        case "rank":
            return [entry("Rank", "customfield_10019", "", "", "", event.after, "custom")]
        case "title":
            return [entry("summary", "summary", None, event.before, None, event.after)]
        case "body":
            return [entry("description", "description", None, event.before, None, event.after)]
        case "due":
            before_day, after_day = (f"2026-{text[:2]}-{text[2:]}" for text in (event.before, event.after))
            return [entry("duedate", "duedate", before_day, f"{before_day} 00:00:00.0", after_day, f"{after_day} 00:00:00.0")]
        case "key":
            old, new = event.before.split("-")[0], event.after.split("-")[0]
            return [
                entry(
                    "project",
                    "project",
                    str(20000 + BACKLOGS[old].number),
                    BACKLOGS[old].name,
                    str(20000 + BACKLOGS[new].number),
                    BACKLOGS[new].name,
                ),
                entry("Key", "Key", None, event.before, None, event.after),
            ]
        case "link":
            kind, _, ref = event.after.rpartition(" ")
            other = company.items[ref]
            if BACKLOGS[other.backlog].tracker != "jira" or kind not in LINKS:
                return []
            return [entry("Link", "issuelinks", None, None, other.key, f"This work item {kind} {other.key}")]
    raise ValueError(f"no changelog entry for {event.field}")


def histories(item: Item, company: Company) -> list[Json]:
    """Return the changelog, newest first as Jira shows it; changes of one instant and person are one entry."""
    groups: dict[tuple[dt.datetime, str], list[Json]] = {}
    for event in item.events:
        if entries := changes(event, item, company):
            groups.setdefault((event.at, event.by), []).extend(entries)
    found = [
        {"id": f"{issue_id(item)}{place:03d}", "author": account(who), "created": stamp(at), "items": entries}
        for place, ((at, who), entries) in enumerate(groups.items())
    ]
    return found[::-1]


def issue(item: Item, company: Company) -> Json:
    """Return one issue whole."""
    log = histories(item, company)
    return {
        "id": issue_id(item),
        "self": f"{SITE}/rest/api/3/issue/{issue_id(item)}",
        "key": item.key,
        "fields": fields(item, company),
        "changelog": {"startAt": 0, "maxResults": len(log), "total": len(log), "histories": log},
    }


def search(company: Company) -> Json:
    """Return the answer of a search over the three projects with names, schema and changelog expanded."""
    items = [item for item in company.items.values() if BACKLOGS[item.backlog].tracker == "jira"]
    return {
        "expand": "names,schema",
        "issues": [issue(item, company) for item in items],
        "isLast": True,
        "names": {number: name for name, (number, _) in FIELDS.items()} | {"summary": "Summary", "duedate": "Due date"},
        "schema": dict(FIELDS.values()),
    }
