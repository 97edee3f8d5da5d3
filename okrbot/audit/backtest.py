"""Try a rule on past weeks: how often it would have fired, on what, and what became of that."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from okrbot.audit.outcomes import Row, ask
from okrbot.audit.subjects import identities
from okrbot.audit.trend import unknown
from okrbot.audit.waivers import every
from okrbot.config import Config
from okrbot.facts import Facts, build
from okrbot.facts.load import load
from okrbot.findings import Outcome
from okrbot.model import millis
from okrbot.rulebook import Page
from okrbot.store import Store

Fate = Literal["open", "fixed", "waived", "ended", "finished", "gone"]
FATES: tuple[Fate, ...] = ("open", "fixed", "waived", "ended", "finished", "gone")


@dataclasses.dataclass(frozen=True, slots=True)
class TriedWeek:
    """What the rule said as of one instant; `reason` says why it said nothing. `fresh` were not flagged the week before."""

    as_of: dt.datetime
    outcome: Outcome
    checked: int
    flagged: int
    fresh: int
    reason: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class TriedSubject:
    """A subject the rule would have flagged, and what became of it by the last week.

    `fate`: open (still flagged), fixed (no longer), waived (a person set it aside), ended (cancelled, or turned out to be
    upkeep), finished (done as it was, so no longer looked at), gone (no longer in the facts).
    """

    key: str
    kind: str
    title: str
    first: dt.datetime
    weeks: int
    fate: Fate
    note: str
    restricted: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Trial:
    """One rule under one set of settings, over the weeks."""

    rule: str
    settings: Mapping[str, Any]
    weeks: tuple[TriedWeek, ...]
    subjects: tuple[TriedSubject, ...]

    @property
    def fates(self) -> dict[Fate, int]:
        """Return how many subjects met each fate."""
        counts = Counter(subject.fate for subject in self.subjects)
        return {fate: counts[fate] for fate in FATES}

    @property
    def acted_on(self) -> float | None:
        """Return the share of subjects that were fixed, waived or ended, None without any."""
        acted = sum(1 for subject in self.subjects if subject.fate in ("fixed", "waived", "ended"))
        return acted / len(self.subjects) if self.subjects else None


@dataclasses.dataclass(slots=True)
class _Seen:
    first: dt.datetime
    weeks: int
    note: str
    identity: str
    title: str
    restricted: bool


def try_rule(
    store: Store,
    config: Config,
    page: Page,
    instants: Sequence[dt.datetime],
    variants: Sequence[Mapping[str, Any]],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Trial]:
    """Return one `Trial` for each of `variants` (settings over those of the page and the configuration), on the facts of `instants`.

    The facts of an instant are built once for all variants. A page that did not come with okrbot runs as in an audit.
    Nothing is remembered.
    """
    base = {key: value for key, value in config.rules.own.get(page.name, {}).items() if key != "severity"}
    weeks: list[list[TriedWeek]] = [[] for _ in variants]
    seen: list[dict[tuple[str, str], _Seen]] = [{} for _ in variants]
    last: list[set[tuple[str, str]]] = [set() for _ in variants]
    waived = _waived(store, page.name)
    ends: dict[tuple[str, str], tuple[bool, int]] = {}
    connection = load(store)
    try:
        for number, as_of in enumerate(instants, 1):
            facts = build(store, config, as_of, loaded=connection)
            lack = unknown(connection)
            for place, variant in enumerate(variants):
                outcome, rows = _ask_one(facts, page, {**base, **variant}, lack)
                flagged = _subjects(facts, page, rows)
                fresh = flagged.keys() - last[place]
                weeks[place].append(dataclasses.replace(outcome, fresh=len(fresh)))
                if not lack:
                    _note(seen[place], flagged, as_of)
                    last[place] = set(flagged)
            if number == len(instants):
                ends = _ends(facts, {identity for some in seen for identity in some})
            if progress:
                progress(number, len(instants))
    finally:
        connection.close()
    return [
        Trial(page.name, {**page.settings, **base, **variant}, tuple(weeks[i]), _fates(seen[i], last[i], ends, waived))
        for i, variant in enumerate(variants)
    ]


def _ask_one(facts: Facts, page: Page, settings: Mapping[str, Any], lack: str) -> tuple[TriedWeek, Sequence[Row]]:
    if lack:
        return TriedWeek(facts.as_of, "not_checked", 0, 0, 0, lack), ()
    outcomes, flagged = ask(facts, {page.name: page}, {page.name: settings})
    said = outcomes[0]
    return TriedWeek(facts.as_of, said.outcome, said.checked, said.flagged, 0, said.reason), flagged.get(page.name, ())


def _subjects(facts: Facts, page: Page, rows: Sequence[Row]) -> dict[tuple[str, str], _Seen]:
    known: dict[str, dict[str, tuple[str, str, bool]]] = {}
    found = {}
    for row in rows:
        kind, key = str(row.get("subject_kind") or page.subject), str(row["key"])
        if kind not in known:
            known[kind] = identities(facts, kind)
        identity, title, restricted = known[kind][key]
        found[kind, key] = _Seen(facts.as_of, 0, str(row["note"]), identity, title, restricted)
    return found


def _note(seen: dict[tuple[str, str], _Seen], flagged: Mapping[tuple[str, str], _Seen], as_of: dt.datetime) -> None:
    for subject, said in flagged.items():
        entry = seen.setdefault(subject, dataclasses.replace(said, first=as_of))
        entry.weeks += 1
        entry.note, entry.title = said.note, said.title


def _waived(store: Store, rule: str) -> set[str]:
    with store.connect() as db:
        return {waiver.subject for waiver in every(db) if waiver.rule in (rule, "*")}


def _ends(facts: Facts, subjects: set[tuple[str, str]]) -> dict[tuple[str, str], tuple[bool, int]]:
    """Return of every subject there is at the last instant whether it ended, and when it was done (0 = it is not)."""
    ends: dict[tuple[str, str], tuple[bool, int]] = {}
    for kind in {kind for kind, _ in subjects}:
        how = "state = 'cancelled' or work_class = 'ktlo', case when state = 'done' then coalesce(epoch_ms(finished), 0) else 0 end"
        rows = facts.connection.execute(f"select key, {how if kind == 'item' else 'false, 0'} from {kind}").fetchall()  # noqa: S608 -- one of six known names
        ends |= {(kind, str(key)): (over, done) for key, over, done in rows}
    return ends


def _fates(
    seen: Mapping[tuple[str, str], _Seen],
    flagged: set[tuple[str, str]],
    ends: Mapping[tuple[str, str], tuple[bool, int]],
    waived: set[str],
) -> tuple[TriedSubject, ...]:
    subjects = []
    for (kind, key), entry in seen.items():
        ended, done = ends.get((kind, key), (False, 0))
        fate: Fate
        if entry.identity in waived:
            fate = "waived"
        elif (kind, key) in flagged:
            fate = "open"
        elif (kind, key) not in ends:
            fate = "gone"
        elif ended:
            fate = "ended"
        else:
            fate = "finished" if done > millis(entry.first) else "fixed"
        subjects.append(TriedSubject(key, kind, entry.title, entry.first, entry.weeks, fate, entry.note, entry.restricted))
    return tuple(sorted(subjects, key=lambda s: (-s.weeks, millis(s.first), s.key)))
