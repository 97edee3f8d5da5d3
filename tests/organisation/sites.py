"""Hand the organisation to stand-in servers: one dict a tracker with its tables, so that every tracker tells the same story."""

from __future__ import annotations

from typing import Any

from . import jira_json, linear_json
from .company import Company
from .people import BACKLOGS, PEOPLE

Json = dict[str, Any]
EPIC_LINK = "customfield_10014"


def linear(company: Company) -> Json:
    """Return the Linear workspace as one GraphQL answer."""
    return linear_json.answer(company)


def jira_cloud(company: Company) -> Json:
    """Return the Jira Cloud site: tables as their endpoints show them, and issues with ADF texts and whole changelogs."""
    found = jira_json.search(company)
    return {**_tables(), "issues": found["issues"]}


def jira_data_center(company: Company) -> Json:
    """Return the same site as Jira Data Center shows it: plain text, people by name, Epic Link, sprints as text blobs."""
    tables = _tables()
    tables["fields"].append(
        {
            "id": EPIC_LINK,
            "name": "Epic Link",
            "custom": True,
            "schema": {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link", "customId": 10014},
        }
    )
    return {
        **tables,
        "users": [_dc_person(person) for person in tables["users"]],
        "issues": [_dc_issue(issue) for issue in jira_json.search(company)["issues"]],
    }


def _tables() -> Json:
    """Return the small tables of the site."""
    projects = [backlog for backlog in BACKLOGS.values() if backlog.tracker == "jira"]
    return {
        "projects": [{"id": str(20000 + found.number), "key": found.key, "name": found.name} for found in projects],
        "fields": [
            {
                "id": number,
                "key": number,
                "name": name,
                "custom": True,
                "clauseNames": [f"cf[{schema['customId']}]", name],
                "schema": schema,
            }
            for name, (number, schema) in jira_json.FIELDS.items()
        ],
        "issue_types": [
            {"id": number, "name": name, "subtask": level < 0, "hierarchyLevel": level} for number, name, level in jira_json.TYPES.values()
        ],
        "statuses": [jira_json.status(found.key, letter) for found in projects for letter in found.words],
        "link_types": [
            {"id": number, "name": name, "inward": inward, "outward": outward} for number, name, inward, outward in jira_json.LINKS.values()
        ],
        "sprints": [jira_json.sprint(found.key, number) for found in projects if found.sprints for number in range(1, 14)],
        "users": [jira_json.account(ref) for ref in PEOPLE],
    }


def _dc_person(person: Json) -> Json:
    """Return a person as Data Center names them."""
    name = next(ref for ref in PEOPLE if jira_json.account_id(ref) == person["accountId"])
    return {"name": name, "key": f"JIRAUSER{sorted(PEOPLE).index(name) + 10100}", "displayName": person["displayName"], "active": True}


def _plain(document: Json | None) -> str | None:
    """Return the text of a document we wrote ourselves."""
    if document is None:
        return None
    return "\r\n\r\n".join("".join(node["text"] for node in block["content"]) for block in document["content"])


def _blob(sprint: Json) -> str:
    """Return a sprint as the text blob of old Data Center versions."""
    parts = {
        "id": sprint["id"],
        "rapidViewId": sprint["boardId"],
        "state": sprint["state"].upper(),
        "name": sprint["name"],
        "startDate": sprint["startDate"],
        "endDate": sprint["endDate"],
        "completeDate": sprint.get("completeDate", "<null>"),
        "sequence": sprint["id"],
    }
    inside = ",".join(f"{key}={value}" for key, value in parts.items())
    return f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint['id']:x}[{inside}]"


def _dc_issue(issue: Json) -> Json:
    """Return an issue in Data Center's words; parents of stories move to the Epic Link."""
    fields = dict(issue["fields"])
    fields["description"] = _plain(fields["description"])
    for role in ("assignee", "reporter"):
        fields[role] = _dc_person(fields[role]) if fields[role] else None
    notes = [{**note, "author": _dc_person(note["author"]), "body": _plain(note["body"])} for note in fields["comment"]["comments"]]
    fields["comment"] = {**fields["comment"], "comments": notes}
    fields["issuetype"] = {key: value for key, value in fields["issuetype"].items() if key != "hierarchyLevel"}
    fields["customfield_10001"] = fields["customfield_10001"]["name"]
    if "parent" in fields and not fields["issuetype"]["subtask"]:
        fields[EPIC_LINK] = fields.pop("parent")["key"]
    if "customfield_10020" in fields:
        fields["customfield_10020"] = [_blob(sprint) for sprint in fields["customfield_10020"]]
    histories = [
        {**entry, "author": _dc_person(entry["author"]), "items": [_dc_change(change) for change in entry["items"]]}
        for entry in issue["changelog"]["histories"]
    ]
    return {
        **issue,
        "self": issue["self"].replace("/3/", "/2/"),
        "fields": fields,
        "changelog": {**issue["changelog"], "histories": histories[::-1]},
    }


def _dc_change(change: Json) -> Json:
    """Return a changelog entry without the field id, which Data Center does not tell; people are keys."""
    found = {key: value for key, value in change.items() if key != "fieldId"}
    if change["field"] == "assignee":
        for side in ("from", "to"):
            found[side] = _dc_person({"accountId": change[side], "displayName": ""})["key"] if change[side] else None
    return found
