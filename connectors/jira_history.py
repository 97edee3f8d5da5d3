"""Turns decoded Jira change logs, of one issue or in bulk, into changes in okrbot's words, for saved files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from okrbot.model import Change, Millis
from okrbot.words import state_of

from .jira_lore import LINK_PHRASES, LONGEST_FIELD, SCHEMA_ROLES, JiraLore, account, account_kind, entries, mapping, moment, plain

_LINK_TEXT = re.compile(r"^This (?:issue|work item|ticket) (.+?) (\S+)$")
_CHANGE_FIELDS = {
    "status": "state", "assignee": "assignee", "summary": "title", "description": "body", "duedate": "due", "sprint": "sprint", "link": "link",
    "issuelinks": "link", "parent": "parent", "epic link": "parent", "issueparentassociation": "parent", "parent link": "parent", "key": "key",
    "project": "backlog", "fix version": "version", "fixversions": "version", "labels": "labels", "priority": "priority", "rank": "rank",
    "issuetype": "type", "resolution": "resolution", "story points": "estimate", "story point estimate": "estimate", "team": "team",
    "start date": "start", "target start": "start", "goals": "goal", "archived": "archived",
}  # fmt: skip


def issue_changes(number: str, issue: Mapping[str, Any], lore: JiraLore) -> tuple[list[Change], bool, bool]:
    """Return the changes, whether they are all, and whether the file says that some are missing."""
    log = issue.get("changelog")
    if not isinstance(log, dict) or not isinstance(log.get("histories", log.get("values")), list):
        return [], False, False
    histories = entries(log.get("histories", log.get("values")))
    total, start = log.get("total"), log.get("startAt")
    cut = (isinstance(total, int) and total > len(histories)) or (isinstance(start, int) and start > 0) or log.get("isLast") is False
    return history_changes(number, histories, lore), not cut, cut


def history_changes(number: str, histories: list[Any], lore: JiraLore) -> list[Change]:
    """Return the changes of an issue's histories, of `expand=changelog` or of the bulk change log, oldest first."""
    found: dict[tuple[str, str], Change] = {}
    for place, member in enumerate(histories):
        entry = mapping(member)
        at = moment(entry.get("created"), "created", [])
        name = plain(entry.get("id")) or f"{at}.{place}"
        for number_of, step in enumerate(entries(entry.get("items"))):
            if isinstance(step, dict):
                change = _change(number, f"{name}-{number_of}", at, entry, step, lore)
                found[change.item, change.id] = change
    return sorted(found.values(), key=lambda change: change.at)


def _change(number: str, name: str, at: Millis, entry: Mapping[str, Any], step: Mapping[str, Any], lore: JiraLore) -> Change:
    label = plain(step.get("field"))
    field = _CHANGE_FIELDS.get(plain(step.get("fieldId")).casefold()) or _CHANGE_FIELDS.get(label.casefold()) or _role_field(step, lore)
    before, after = plain(step.get("from")), plain(step.get("to"))
    before_text, after_text = plain(step.get("fromString"))[:LONGEST_FIELD], plain(step.get("toString"))[:LONGEST_FIELD]
    if field == "state":
        ending = next(
            (plain(mapping(other).get("toString")) for other in entries(entry.get("items")) if mapping(other).get("field") == "resolution"),
            "",
        )
        categories = lore.categories
        before_category = categories.get(before_text.casefold()) or categories.get(before, "")
        after_category = categories.get(after_text.casefold()) or categories.get(after, "")
        before = state_of(before_text, before_category) if before_text else ""
        after = state_of(after_text, after_category, ending) if after_text else ""
    elif field == "labels":
        before, after = (",".join(sorted(text.split())) for text in (before_text, after_text))
    elif field == "link":
        before, after = _linked(before, before_text), _linked(after, after_text)
    elif field == "backlog":
        before, after = (lore.projects.get(a) or lore.projects.get(b) or _moved(entry, side) or b for a, b, side in
                         ((before, before_text, "fromString"), (after, after_text, "toString")))  # fmt: skip
        before_text, after_text = before, after
    elif field in {"due", "start"}:
        before, after = before[:10], after[:10]
    elif field in {"title", "body", "estimate", "priority", "key", "resolution", "type", "version", "rank"}:
        before, after = before_text, after_text
    author = entry.get("author")
    return Change(
        number,
        name,
        at,
        field or f"field:{label}",
        before[:LONGEST_FIELD],
        after[:LONGEST_FIELD],
        before_text,
        after_text,
        account(author),
        account_kind(author),
    )


def _role_field(step: Mapping[str, Any], lore: JiraLore) -> str:
    role = SCHEMA_ROLES.get(lore.customs.get(plain(step.get("fieldId")), ""), "")
    return {"epic_link": "parent", "parent_link": "parent", "goals": "goal"}.get(role, role)


def _linked(key: str, text: str) -> str:
    """Return "kind target" of a link in a history: `This issue is blocked by SHOP-3`."""
    found = _LINK_TEXT.match(text)
    if not found:
        return f"relates {key}" if key else ""
    phrase = found[1].casefold()
    return f"{LINK_PHRASES.get(phrase, phrase)} {key or found[2]}"


def _moved(entry: Mapping[str, Any], side: str) -> str:
    """Return the project key before or after a move, as the key changed with it."""
    for member in entries(entry.get("items")):
        step = mapping(member)
        if plain(step.get("field")).casefold() == "key":
            return plain(step.get(side)).rpartition("-")[0]
    return ""


def earlier_keys(changes: list[Change], key: str) -> list[str]:
    """Return the keys an issue had before this one, from its changes."""
    return list(dict.fromkeys(change.before for change in changes if change.field == "key" and change.before and change.before != key))
