"""What an audit says, as plain data: the same for the terminal, JSON, the digest and the report."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from okrbot.model import Coverage

NOTHING = "nothing to judge"  # the reason of a rule that was asked, and no subject of its kind is in what was read

Outcome = Literal["flagged", "clear", "not_checked", "failed"]
FindingState = Literal["open", "waived", "resolved", "returned"]


# What names a Linear project (twelve hex digits), a Linear initiative (a UUID), an Atlassian goal (an ARI).
_MACHINE_KEY = re.compile(r"[0-9a-f]{12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|ari:\S+")


def called(key: str, title: str) -> str:
    """Return `key` as people would say it: the title, where the key is only a number for machines."""
    return title if title and _MACHINE_KEY.fullmatch(key) else key


@dataclasses.dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule. Only `clear` is clean; `reason` says why it was not checked, failed, or checked in part."""

    rule: str
    family: str
    title: str
    outcome: Outcome
    checked: int = 0
    unsure: int = 0
    flagged: int = 0
    reason: str | None = None
    by_product: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)  # (judged, flagged)
    blind: frozenset[str] = frozenset()  # products it could judge nothing of


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A rule flagged a subject. `subject` is its identity over renames and moves; `key` is how people call it."""

    rule: str
    family: str
    severity: str
    subject: str
    subject_kind: str
    source: str
    key: str
    title: str
    url: str
    product: str
    backlog: str
    note: str
    question: str
    evidence: Mapping[str, Any]
    restricted: bool
    first_seen: dt.datetime
    state: FindingState = "open"
    is_new: bool = False  # not seen in the audit before

    @property
    def label(self) -> str:
        """Return what people call the subject: its key, or its title where the key is only a number for machines."""
        return called(self.key, self.title)


@dataclasses.dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What the audit could see of one source; `read` counts items now in the store."""

    source: str
    complete: bool
    expected: int | None
    read: int
    with_history: int
    pulled: dt.datetime | None
    coverage: Coverage


@dataclasses.dataclass(frozen=True, slots=True)
class ProductResult:
    """Scores of one product (null where they cannot be told), what they are made of, and how many findings are open.

    `moved_by` gives for each score the keys of up to three findings that move it; `backlogs` the scores of each backlog.
    """

    name: str
    scores: Mapping[str, float | None]
    findings: int
    channel: str = ""
    parts: Mapping[str, Mapping[str, float | None]] = dataclasses.field(default_factory=dict)
    moved_by: Mapping[str, tuple[tuple[str, str], ...]] = dataclasses.field(default_factory=dict)  # (rule, key)
    backlogs: Mapping[str, Mapping[str, float | None]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Audit:
    """One audit, as of one instant. `resolved` are findings of the audit before that are gone now."""

    as_of: dt.datetime
    coverage: tuple[SourceCoverage, ...]
    products: tuple[ProductResult, ...]
    rules: tuple[RuleOutcome, ...]
    findings: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    problems: tuple[str, ...]
    first: bool  # nothing was audited before: everything is new, so nothing is news
    recorded: bool
    untold: str = ""  # why nothing is judged: the store's history does not reach so far into the past

    @property
    def complete(self) -> bool:
        """Return whether every source was read completely."""
        return all(source.complete for source in self.coverage)


def fingerprint_of(severity: str, note: str) -> str:
    """Return a short hash of what a finding says, for waivers that hold until it changes."""
    return hashlib.sha256(json.dumps([severity, note], ensure_ascii=False).encode()).hexdigest()[:16]
