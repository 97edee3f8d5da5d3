"""Holds what an OKR file may say and refuses the rest, naming file, line, key, the nearest right spelling and the remedy."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from okrbot.model import CheckIn, Cycle, Goals, KeyResult, Objective, Problem

LEVELS = ("company", "product", "team")
KINDS = ("aspirational", "committed", "health")
CADENCES = ("weekly", "fortnightly", "monthly", "quarterly")
PROGRESS = ("metric", "tickets", "milestones")
STATUSES = ("on_track", "at_risk", "off_track", "done", "dropped")

_WORDS: Mapping[str, Sequence[str]] = {"level": LEVELS, "kind": KINDS, "cadence": CADENCES, "progress": PROGRESS, "status": STATUSES}
_SAME: Mapping[str, str] = {
    "ontrack": "on_track", "green": "on_track", "atrisk": "at_risk", "amber": "at_risk", "yellow": "at_risk", "offtrack": "off_track", "red": "off_track",
    "behind": "off_track", "completed": "done", "achieved": "done", "closed": "done", "cancelled": "dropped", "canceled": "dropped", "abandoned": "dropped",
    "biweekly": "fortnightly", "everytwoweeks": "fortnightly", "moonshot": "aspirational", "stretch": "aspirational", "commit": "committed",
    "commitment": "committed", "organisation": "company", "organization": "company", "corporate": "company", "ticket": "tickets", "issues": "tickets",
    "epics": "tickets", "milestone": "milestones", "squad": "team",
    "unternehmen": "company", "firma": "company", "produkt": "product", "entreprise": "company", "produit": "product", "équipe": "team",
    "empresa": "company", "producto": "product", "equipo": "team", "produto": "product", "equipe": "team", "time": "team", "会社": "company", "全社": "company",
    "プロダクト": "product", "製品": "product", "チーム": "team", "wöchentlich": "weekly", "monatlich": "monthly", "hebdomadaire": "weekly", "mensuel": "monthly",
    "semanal": "weekly", "mensual": "monthly", "mensal": "monthly", "verpflichtend": "committed", "ambitioniert": "aspirational",
}  # fmt: skip
_QUARTER = re.compile(r"^(?:FY\s*)?(\d{4})\s*[-/ ]?\s*[QT]([1-4])$|^[QT]([1-4])\s*[-/ ]?\s*(?:FY\s*)?(\d{4})$", re.IGNORECASE)
_HALF = re.compile(r"^(\d{4})\s*[-/ ]?\s*[HS]([12])$|^[HS]([12])\s*[-/ ]?\s*(\d{4})$", re.IGNORECASE)


class OkrFileError(ValueError):
    """An OKR file that cannot be taken as it is. The message names file, line and key, and what to write instead."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = where


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for a near spelling, "" without one."""
    folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f' (did you mean "{folded[found[0]]}"?)' if found else ""


def known_word(key: str, text: str, where: str) -> str:
    """Return one of the words that `key` takes, "" for an empty text. Raises OkrFileError."""
    if not text.strip():
        return ""
    folded = re.sub(r"[\s_-]+", "", text.strip().casefold())
    for word in _WORDS[key]:
        if word.replace("_", "") == folded:
            return word
    if _SAME.get(folded) in _WORDS[key]:
        return _SAME[folded]
    raise OkrFileError(where, f"{key} = {text!r} is unknown{nearest(text, _WORDS[key])}; write one of {', '.join(_WORDS[key])}")


def finite(key: str, value: float, where: str) -> float:
    """Return a number that is one. Raises OkrFileError for nan and infinity."""
    if not math.isfinite(value):
        raise OkrFileError(where, f"{key} = {value} is no number; leave it out if it is not known")
    return value


def confidence(value: float | None, where: str) -> float | None:
    """Return a confidence between 0 and 10. Raises OkrFileError."""
    if value is not None and not 0 <= value <= 10:
        raise OkrFileError(where, f"confidence = {value:g} is outside 0 to 10")
    return value


def calendar_cycle(name: str) -> Cycle | None:
    """Return the days of a cycle named after a calendar quarter, half or year (2026-Q4, H2 2026, 2026), else None."""
    text = name.strip()
    quarter = _QUARTER.match(text)
    if quarter:
        year, part = int(quarter[1] or quarter[4]), int(quarter[2] or quarter[3])
        return _months(name, year, part * 3 - 2, part * 3)
    half = _HALF.match(text)
    if half:
        year, part = int(half[1] or half[4]), int(half[2] or half[3])
        return _months(name, year, part * 6 - 5, part * 6)
    if re.fullmatch(r"(?:FY\s*)?20\d\d", text, re.IGNORECASE):
        return _months(name, int(text[-4:]), 1, 12)
    return None


def _months(name: str, year: int, first: int, last: int) -> Cycle:
    days = {3: 31, 6: 30, 9: 30, 12: 31}[last]
    return Cycle(name, f"{year}-{first:02}-01", f"{year}-{last:02}-{days}")


@dataclasses.dataclass(slots=True)
class Collected:
    """What all files gave so far, each thing with its place."""

    cycles: dict[str, tuple[Cycle, str]] = dataclasses.field(default_factory=dict)
    objectives: dict[str, Objective] = dataclasses.field(default_factory=dict)
    key_results: dict[str, KeyResult] = dataclasses.field(default_factory=dict)
    check_ins: list[tuple[CheckIn, str]] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    lines: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)  # (id, key) → file:line, where a key has a line of its own

    def _line(self, objective: Objective, key: str) -> str:
        return self.lines.get((objective.id, key), objective.where)

    def add_cycle(self, cycle: Cycle, where: str) -> None:
        """Enter a cycle. Raises OkrFileError for a second one of its name with other days, or an end before its start."""
        if cycle.end < cycle.start:
            raise OkrFileError(where, f"cycle {cycle.name!r} ends on {cycle.end}, before its start on {cycle.start}; swap start and end")
        known = self.cycles.get(cycle.name)
        if known and known[0] != cycle:
            raise OkrFileError(where, f"cycle {cycle.name!r} is already at {known[1]} with other days; keep one of them")
        self.cycles.setdefault(cycle.name, (cycle, where))

    def add_objective(self, objective: Objective) -> None:
        """Enter an objective. Raises OkrFileError for an id that is taken."""
        self._free(objective.id, objective.where, "objective")
        self.objectives[objective.id] = objective

    def add_key_result(self, result: KeyResult) -> None:
        """Enter a key result. Raises OkrFileError for an id that is taken."""
        self._free(result.id, result.where, "key result")
        self.key_results[result.id] = result

    def _free(self, number: str, where: str, what: str) -> None:
        known = self.objectives.get(number) or self.key_results.get(number)
        if known:
            raise OkrFileError(where, f"id = {number!r} of this {what} is already used at {known.where}; give it another id")

    def goals(self) -> Goals:
        """Return the whole set, checked as a whole. Raises OkrFileError."""
        self._check_cycles()
        self._check_parents()
        for objective in self.objectives.values():
            self._check_circle(objective)
        for check_in, where in self.check_ins:
            if check_in.key_result not in self.key_results:
                message = (
                    f"check-in of key result {check_in.key_result!r}, which is in no file{nearest(check_in.key_result, self.key_results)}"
                )
                raise OkrFileError(where, message)
        ordered = sorted((check_in for check_in, _ in self.check_ins), key=lambda one: (one.key_result, one.on))
        return Goals(
            tuple(cycle for cycle, _ in self.cycles.values()),
            tuple(self.objectives.values()),
            tuple(self.key_results.values()),
            tuple(ordered),
            problems=tuple(self.problems),
        )

    def _check_cycles(self) -> None:
        declared = set(self.cycles)
        for objective in self.objectives.values():
            if not objective.cycle or objective.cycle in self.cycles:
                continue
            guessed = None if declared else calendar_cycle(objective.cycle)
            if guessed is None:
                near = nearest(objective.cycle, declared)
                remedy = "name a declared cycle, or declare it" if declared else "declare it"
                message = f"cycle = {objective.cycle!r} is declared nowhere{near}; {remedy} with name, start and end"
                raise OkrFileError(self._line(objective, "cycle"), message)
            self.add_cycle(guessed, objective.where)

    def _check_parents(self) -> None:
        known = {*self.objectives, *self.key_results}
        for objective in self.objectives.values():
            if objective.parent and objective.parent not in known:
                message = f"parent = {objective.parent!r} is no objective or key result of these files{nearest(objective.parent, known)}"
                raise OkrFileError(self._line(objective, "parent"), message)

    def _check_circle(self, objective: Objective) -> None:
        chain = [objective.id]
        above = objective.parent
        while above:
            result = self.key_results.get(above)
            above = result.objective if result else above
            if above in chain:
                circle = " → ".join([*chain[chain.index(above) :], above])
                raise OkrFileError(self._line(objective, "parent"), f"parent: {circle} is a circle; the objective at the top has no parent")
            chain.append(above)
            above = self.objectives[above].parent
