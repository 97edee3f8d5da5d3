"""Say what ought to stand in the trackers: one note an item, made of its open findings."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from okrbot.config.settings import WriteBack
from okrbot.model import Millis, instant
from okrbot.store import tables as t

ACTIONS = ("comment", "label", "link")
LONGEST_TITLE = 240  # letters; Jira takes 255
LONGEST_SECOND = 500
LONGEST_NOTE = 600
MOST_LISTED = 10  # findings a note lists; the rest is counted
_SEVERITY = {"high": 0, "medium": 1, "low": 2}
_OPEN = ("open", "returned")
# What would ping, link, embed or run in Markdown or wiki text is said with its harmless twin.
_TWINS = str.maketrans({"@": "＠", "[": "(", "]": ")", "{": "(", "}": ")", "<": "‹", ">": "›", "|": "/", "`": "'", "!": "ǃ"})
# A number that is no part of a key: it grows from day to day ("in progress for 42 days") and is no news.
_DRIFTING = re.compile(r"(?<![\w-])\d+(?:[.,]\d+)*")


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What ought to stand on one item. `known` is the item's own `updated` (ms) as it was read; `order` puts grave ones first."""

    source: str
    item: str
    key: str
    action: str  # comment | label | link
    text: str
    value: str
    url: str
    known: Millis
    order: tuple[int, str]
    there: bool = False  # a person put it there already (labels)

    @property
    def place(self) -> tuple[str, str, str]:
        """Return source, item and action: at most one note stands in each place."""
        return self.source, self.item, self.action

    @property
    def fingerprint(self) -> str:
        """Return a hash of what is said, the same while only numbers drift: a note is not written anew every day."""
        said = [self.action, *(_DRIFTING.sub("#", text) for text in (self.text, self.value)), self.url]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def wanted(
    db: sa.Connection, settings: WriteBack, *, sources: Collection[str], titles: Mapping[str, str]
) -> tuple[list[Wanted], dict[str, int]]:
    """Return what ought to stand in `sources` by the last audit, and how many open findings of items each source has.

    `titles` are the rules' titles by name. Items that are hidden or archived are left out.
    """
    f = t.findings.c
    chosen = sa.select(t.findings).where(f.state.in_(_OPEN), f.subject_kind == "item", f.source != "").order_by(f.source, f.subject, f.rule)
    counts: dict[str, int] = {}
    found: list[Wanted] = []
    secret = _secrets(db)
    for source, rows in itertools.groupby(db.execute(chosen).mappings().all(), key=lambda row: str(row["source"])):
        findings: dict[str, list[Mapping[Any, Any]]] = {}
        for row in rows:
            findings.setdefault(str(row["subject"]).removeprefix(f"item:{source}/"), []).append(row)
        counts[source] = sum(map(len, findings.values()))
        if source not in sources:
            continue
        for item in items_of(db, source, list(findings)):
            if not item["hidden_since"] and not item["archived"]:
                found += _of_item(item, sorted(findings[item["id"]], key=_gravity), settings, titles, secret)
    return found, counts


def items_of(db: sa.Connection, source: str, ids: Sequence[str]) -> Iterator[Mapping[Any, Any]]:
    """Yield the stored items of `source` with these ids."""
    i = t.items.c
    columns = (i.source, i.id, i.key, i.url, i.their_kind, i.updated, i.labels, i.restricted, i.hidden_since, i.archived)
    for start in range(0, len(ids), 1000):
        chosen = sa.select(*columns).where(i.source == source, i.id.in_(list(ids[start : start + 1000])))
        yield from db.execute(chosen).mappings()


def _of_item(
    item: Mapping[Any, Any],
    findings: Sequence[Mapping[Any, Any]],
    settings: WriteBack,
    titles: Mapping[str, str],
    secret: Mapping[str, str],
) -> Iterator[Wanted]:
    names = [harmless(titles.get(f["rule"], f["rule"].replace("_", " "))) for f in findings]
    notes = [_note(f, item["id"], secret) for f in findings]
    url = address(settings.link_to, item["key"], item["url"])
    says = {
        "comment": (_comment(findings, names, notes), "", ""),
        "label": (settings.label, "", ""),
        "link": (_cut(f"okrbot: {'; '.join(names)}", LONGEST_TITLE), _cut(" · ".join(n for n in notes if n), LONGEST_SECOND), url),
    }
    for action in settings.actions:
        text, value, target = says[action]
        if action == "link" and not url:
            continue
        there = action == "label" and text.casefold() in (label.casefold() for label in json.loads(item["labels"]))
        order = (_gravity(findings[0])[0], str(item["key"]))
        yield Wanted(item["source"], item["id"], item["key"], action, text, value, target, int(item["updated"]), order, there)


def _comment(findings: Sequence[Mapping[Any, Any]], names: Sequence[str], notes: Sequence[str]) -> str:
    lines = [f"okrbot found {len(findings)} {'thing' if len(findings) == 1 else 'things'} to look at here:", ""]
    for f, name, note in list(zip(findings, names, notes, strict=True))[:MOST_LISTED]:
        lines.append(f"- {name} ({f['severity']}, since {instant(f['first_seen']):%Y-%m-%d}){': ' + note if note else ''}")
    if len(findings) > MOST_LISTED:
        lines.append(f"- and {len(findings) - MOST_LISTED} more")
    return "\n".join([*lines, "", "This note goes when the findings are resolved or set aside."])


def _note(finding: Mapping[Any, Any], item: str, secret: Mapping[str, str]) -> str:
    """Return what a finding says, "" where that would name a restricted item elsewhere than on itself."""
    note = str(finding["note"])
    if any(word in note for word, owner in secret.items() if owner != f"{finding['source']}/{item}"):
        return ""
    return _cut(harmless(note), LONGEST_NOTE)


def _secrets(db: sa.Connection) -> dict[str, str]:
    """Return keys and titles of restricted items, and whose they are."""
    i = t.items.c
    found: dict[str, str] = {}
    for source, id_, key, title in db.execute(sa.select(i.source, i.id, i.key, i.title).where(i.restricted == 1)):
        found |= {word: f"{source}/{id_}" for word in (key, title) if len(word) > 2}
    return found


def _gravity(finding: Mapping[Any, Any]) -> tuple[int, str]:
    return _SEVERITY.get(str(finding["severity"]), 3), str(finding["rule"])


def harmless(text: str) -> str:
    """Return `text` on one line, without anything that pings, links or formats in Markdown or wiki text."""
    seen = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return seen.replace("://", ": //").translate(_TWINS)


def address(pattern: str, key: str, url: str) -> str:
    """Return where a link leads: `pattern` with {key} filled in, else the item itself."""
    return pattern.replace("{key}", quote(key, safe="")) if pattern else f"{url}#okrbot" if url else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
