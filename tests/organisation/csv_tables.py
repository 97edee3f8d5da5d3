"""Write the same organisation as the CSV exports of Jira (names repeat, dates without a zone) and Linear (34 columns)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

from . import jira_json, linear_json
from .company import Company, is_project
from .people import BACKLOGS, PEOPLE
from .words import Item

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
JIRA_SINGLE = (
    "Summary",
    "Issue key",
    "Issue id",
    "Issue Type",
    "Status",
    "Project key",
    "Project name",
    "Priority",
    "Resolution",
    "Assignee",
    "Assignee Id",
    "Reporter",
    "Reporter Id",
    "Created",
    "Updated",
    "Resolved",
    "Due date",
    "Description",
    "Security Level",
    "Custom field (Key Result)",
    "Custom field (Rank)",
    "Custom field (Story point estimate)",
    "Team Id",
    "Team Name",
    "Parent",
    "Parent key",
    "Parent summary",
    "Status Category",
)
JIRA_MANY = (
    "Components",
    "Fix versions",
    "Labels",
    "Sprint",
    "Inward issue link (Blocks)",
    "Outward issue link (Blocks)",
    "Inward issue link (Validation)",
    "Outward issue link (Validation)",
    "Outward issue link (Relates)",
    "Comment",
)
LINEAR_COLUMNS = (
    "ID",
    "Team",
    "Title",
    "Description",
    "Status",
    "Estimate",
    "Priority",
    "Project ID",
    "Project",
    "Creator",
    "Assignee",
    "Labels",
    "Cycle Number",
    "Cycle Name",
    "Cycle Start",
    "Cycle End",
    "Created",
    "Updated",
    "Started",
    "Triaged",
    "Completed",
    "Canceled",
    "Archived",
    "Due Date",
    "Parent issue",
    "Initiatives",
    "Project Milestone ID",
    "Project Milestone",
    "SLA Status",
    "UUID",
    "Time in status (minutes)",
    "Related to",
    "Blocked by",
    "Duplicate of",
)


def wall(at: dt.datetime | None) -> str:
    """Return an instant as Jira's export writes it on an Amsterdam desk: 16/Nov/26 8:00 AM."""
    if not at:
        return ""
    local = at.astimezone(AMSTERDAM)
    return f"{local.day:02d}/{local:%b}/{local:%y} {local.hour % 12 or 12}:{local:%M %p}"


def jira(company: Company, projects: tuple[str, ...] = ("SHOP", "PAY", "DEPOT")) -> str:
    """Return one Jira CSV over the projects; columns repeat as often as the fullest row needs."""
    rows = [(_single(item, company), _many(item, company)) for item in company.items.values() if item.backlog in projects]
    widths = {name: max([1, *(len(many[name]) for _, many in rows)]) for name in JIRA_MANY}
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([*JIRA_SINGLE, *(name for name in JIRA_MANY for _ in range(widths[name]))])
    for single, many in rows:
        cells = [cell for name in JIRA_MANY for cell in [*many[name], *[""] * (widths[name] - len(many[name]))]]
        table.writerow([*(single[name] for name in JIRA_SINGLE), *cells])
    return out.getvalue()


def _single(item: Item, company: Company) -> dict[str, str]:
    """Return the cells of the columns that do not repeat."""
    fields = jira_json.fields(item, company)
    parent = company.items.get(item.parent)
    day = dt.date(2026, int(item.due[:2]), int(item.due[2:])) if item.due else None
    return {
        "Summary": item.title,
        "Issue key": item.key,
        "Issue id": jira_json.issue_id(item),
        "Issue Type": fields["issuetype"]["name"],
        "Status": fields["status"]["name"],
        "Project key": item.backlog,
        "Project name": BACKLOGS[item.backlog].name,
        "Priority": fields["priority"]["name"],
        "Resolution": (fields["resolution"] or {}).get("name", ""),
        "Assignee": PEOPLE[item.assignee].name if item.assignee else "",
        "Assignee Id": jira_json.account_id(item.assignee) if item.assignee else "",
        "Reporter": PEOPLE[item.reporter].name,
        "Reporter Id": jira_json.account_id(item.reporter),
        "Created": wall(item.created),
        "Updated": wall(item.updated),
        "Resolved": wall(item.finished),
        "Due date": f"{day:%d/%b/%y} 12:00 AM" if day else "",
        "Description": item.body,
        "Security Level": fields.get("security", {}).get("name", ""),
        "Custom field (Key Result)": fields.get("customfield_10050", ""),
        "Custom field (Rank)": fields["customfield_10019"],
        "Custom field (Story point estimate)": "" if item.points is None else f"{float(item.points)}",
        "Team Id": fields["customfield_10001"]["id"],
        "Team Name": item.team,
        "Parent": jira_json.issue_id(parent) if parent else "",
        "Parent key": parent.key if parent else "",
        "Parent summary": parent.title if parent else "",
        "Status Category": fields["status"]["statusCategory"]["name"],
    }


def _many(item: Item, company: Company) -> dict[str, list[str]]:
    """Return the cells of the columns that repeat."""
    fields = jira_json.fields(item, company)
    found: dict[str, list[str]] = {name: [] for name in JIRA_MANY}
    found["Components"] = [part["name"] for part in fields["components"]]
    found["Fix versions"] = [part["name"] for part in fields["fixVersions"]]
    found["Labels"] = list(fields["labels"])
    found["Sprint"] = [f"{item.backlog} sprint {number}" for number in item.sprints]
    found["Comment"] = [f"{wall(note.at)};{jira_json.account_id(note.by)};{note.body}" for note in item.comments]
    for link in fields["issuelinks"]:
        side = "Inward" if "inwardIssue" in link else "Outward"
        name = f"{side} issue link ({link['type']['name']})"
        if name in found:
            found[name].append(link["inwardIssue" if side == "Inward" else "outwardIssue"]["key"])
    return found


def linear(company: Company, teams: tuple[str, ...] = ("WEB", "RIDE")) -> str:
    """Return one Linear CSV over the teams."""
    out = io.StringIO()
    table = csv.DictWriter(out, LINEAR_COLUMNS, lineterminator="\n", restval="")
    table.writeheader()
    for item in company.items.values():
        if item.backlog not in teams or is_project(item):
            continue
        node = linear_json.issue(item, company)
        cycle = node["cycle"] or {}
        project = node["project"] or {}
        epic = next((found for found in company.items.values() if is_project(found) and found.title == project.get("name")), None)
        initiative = next((found.name for found in company.initiatives if epic and found.ref == epic.initiative), "")
        blocked = [relation["issue"]["identifier"] for relation in node["inverseRelations"]["nodes"] if relation["type"] == "blocks"]
        related = [relation["relatedIssue"]["identifier"] for relation in node["relations"]["nodes"] if relation["type"] == "related"]
        table.writerow(
            {
                "ID": item.key,
                "Team": BACKLOGS[item.backlog].name,
                "Title": item.title,
                "Description": item.body,
                "Status": node["state"]["name"],
                "Estimate": "" if item.points is None else item.points,
                "Priority": node["priorityLabel"],
                "Project ID": project.get("id", ""),
                "Project": project.get("name", ""),
                "Creator": PEOPLE[item.reporter].mail,
                "Assignee": PEOPLE[item.assignee].mail if item.assignee else "",
                "Labels": ", ".join(linear_json.label_names(item)),
                "Cycle Number": cycle.get("number", ""),
                "Cycle Start": cycle.get("startsAt", ""),
                "Cycle End": cycle.get("endsAt", ""),
                "Created": node["createdAt"],
                "Updated": node["updatedAt"],
                "Started": node["startedAt"] or "",
                "Completed": node["completedAt"] or "",
                "Canceled": node["canceledAt"] or "",
                "Due Date": node["dueDate"] or "",
                "Parent issue": (node["parent"] or {}).get("identifier", ""),
                "Initiatives": initiative,
                "UUID": node["id"],
                "Related to": ", ".join(related),
                "Blocked by": ", ".join(blocked),
            }
        )
    return out.getvalue()
