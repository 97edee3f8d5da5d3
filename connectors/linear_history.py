"""Turns Linear's issue history into changes in okrbot's words, for saved files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okrbot.model import Change
from okrbot.words import state_of

from .linear_lore import RELATIONS, LinearLore, author_of, mapping, moment, nodes, person, plain

_LONGEST = 4000


def issue_changes(number: str, issue: Mapping[str, Any], labels: tuple[str, ...], lore: LinearLore) -> tuple[list[Change], bool, bool]:
    """Return the changes, whether they are all, and whether the file says that some are missing."""
    history = issue.get("history")
    if not isinstance(history, (dict, list)):
        return [], False, False
    entries = sorted(nodes(history), key=lambda entry: moment(entry.get("createdAt"), "", []))
    cut = mapping(mapping(history).get("pageInfo")).get("hasNextPage") is True
    found: list[Change] = []
    held = set(labels)
    for entry in reversed(entries):
        found.extend(reversed(_entry(number, entry, held, lore)))
    found.reverse()
    return found, not cut, cut


def _entry(number: str, entry: Mapping[str, Any], held: set[str], lore: LinearLore) -> list[Change]:
    """Return the changes of one history entry; `held` are the labels after it, and are set to those before it."""
    at = moment(entry.get("createdAt"), "", [])
    name = plain(entry.get("id")) or str(at)
    author, kind = author_of(entry)
    steps: list[tuple[str, str, str, str, str]] = []
    for field, stem, reading in _PAIRS:
        before, after = (reading(entry, f"{side}{stem}", lore) for side in ("from", "to"))
        if before[0] != after[0] or before[1] != after[1]:
            steps.append((field, before[0], after[0], before[1], after[1]))
    added, removed = _label_names(entry, "added", lore), _label_names(entry, "removed", lore)
    if added or removed:
        after_labels = ",".join(sorted(held))
        held.difference_update(added)
        held.update(removed)
        before_labels = ",".join(sorted(held))
        steps.append(("labels", before_labels, after_labels, before_labels, after_labels))
    if entry.get("updatedDescription") is True:
        steps.append(("body", "", "", "", ""))
    if isinstance(entry.get("archived"), bool):
        steps.append(("archived", str(not entry["archived"]).lower(), str(entry["archived"]).lower(), "", ""))
    for change in nodes(entry.get("relationChanges")):
        word, target = plain(mapping(change).get("type")), plain(mapping(change).get("identifier"))
        if target:
            steps.append(("link", "", f"{RELATIONS.get(word, (word or 'relates',))[0]} {target}", "", target))
    return [
        Change(
            number,
            f"{name}-{field}-{place}",
            at,
            field,
            before[:_LONGEST],
            after[:_LONGEST],
            before_text[:_LONGEST],
            after_text[:_LONGEST],
            author,
            kind,
        )
        for place, (field, before, after, before_text, after_text) in enumerate(steps)
    ]


def _label_names(entry: Mapping[str, Any], side: str, lore: LinearLore) -> list[str]:
    names = [plain(label.get("name")) for label in nodes(entry.get(f"{side}Labels"))]
    if not names and isinstance(entry.get(f"{side}LabelIds"), list):
        names = [lore.labels.get(plain(label), plain(label)) for label in entry[f"{side}LabelIds"]]
    return [name for name in names if name]


Told = tuple[str, str]  # id or value, and as text


def _state_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:
    state = mapping(entry.get(field))
    known = lore.states.get(plain(state.get("id")) or plain(entry.get(f"{field}Id")), ("", ""))
    name = plain(state.get("name")) or known[0]
    category = plain(state.get("type")) or known[1]
    return (state_of(name, category), name) if name or category else ("", "")


def _thing_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    thing = mapping(entry.get(field))
    number = plain(thing.get("id")) or plain(entry.get(f"{field}Id"))
    text = plain(thing.get("identifier")) or plain(thing.get("key")) or plain(thing.get("name")) or plain(thing.get("number"))
    return number or text, text


def _team_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:
    number, text = _thing_told(entry, field, lore)
    return text or number, text


def _person_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    number = person(entry.get(field)) or plain(entry.get(f"{field}Id"))
    return number, number


def _value_told(entry: Mapping[str, Any], field: str, lore: LinearLore) -> Told:  # noqa: ARG001 - one signature for all
    text = plain(entry.get(field))
    return text, text


_PAIRS = (
    ("state", "State", _state_told), ("assignee", "Assignee", _person_told), ("sprint", "Cycle", _thing_told), ("field:Project", "Project", _thing_told),
    ("version", "ProjectMilestone", _thing_told), ("parent", "Parent", _thing_told), ("backlog", "Team", _team_told), ("title", "Title", _value_told),
    ("due", "DueDate", _value_told), ("estimate", "Estimate", _value_told), ("priority", "Priority", _value_told),
)  # fmt: skip
