"""Objectives and key results that live in Jira: issue types made for them, and Atlassian's own goals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from okrbot.model import Day, Goals, KeyResult, Objective, Problem, SourceError, clean
from okrbot.words import fold, state_of

from ..http import Sender
from ..text import instant_millis
from . import atlassian_goals, jql
from .fields import FieldRow, map_fields, named
from .rows import Found
from .search import Ask, Search
from .site import Who, read_types
from .values import as_number, as_text, long_text

_OBJECTIVES = (
    "objective, objectives, okr objective, okr, company objective, team objective, strategic objective, ziel, okr ziel, objectif, okr objectif, objetivo, okr objetivo, "
    "doelstelling, doel, obiettivo, cel, цель, 目標, 目标, 목표"
)
_KEY_RESULTS = (
    "key result, keyresult, key results, okr key result, kr, schlüsselergebnis, kernergebnis, résultat clé, resultado clave, resultado chave, "
    "kernresultaat, risultato chiave, kluczowy rezultat, ключевой результат, 主要な結果, 主な成果, 成果指標, 关键结果, 關鍵結果, 핵심 결과"
)
# Names of the fields that sites add for their OKRs, as people see them; the first that is there counts.
_FIELDS = {
    "metric": "metric, kr metric, measure, kpi, metrik, messgröße, métrique, indicateur, métrica, indicador, metriek, 指標",
    "unit": "unit, metric unit, unit of measure, einheit, unité, unidad, unidade, eenheid, 単位",
    "baseline": "baseline, baseline value, start value, starting value, initial value, from, startwert, ausgangswert, valeur initiale, valeur de départ, valor inicial, línea base, "
    "linha de base, beginwaarde, startwaarde, 開始値, 基準値",
    "target": "target, target value, goal value, to, zielwert, valeur cible, cible, valor objetivo, meta, valor alvo, doelwaarde, 目標値",
    "current": "current, current value, actual, actual value, progress value, aktueller wert, istwert, valeur actuelle, valor actual, valor atual, huidige waarde, 現在値",
    "cycle": "cycle, okr cycle, quarter, okr quarter, okr period, time period, period, quartal, zyklus, trimestre, ciclo, kwartaal, 四半期",
    "status": "okr status, health, confidence status, rag, rag status, status rag, ampel, santé, salud, saúde",
    "owner": "okr owner, objective owner, kr owner, key result owner, accountable",
    "team": "okr team, product team",
    "level": "okr level, objective level, ebene, niveau, nivel, nível",
    "kind": "kr type, okr type, key result type, commitment",
}
_HEALTH = {
    "green": "on_track",
    "yellow": "at_risk",
    "amber": "at_risk",
    "red": "off_track",
    "on track": "on_track",
    "at risk": "at_risk",
    "off track": "off_track",
}
_KINDS = {
    "aspirational": "aspirational",
    "moonshot": "aspirational",
    "stretch": "aspirational",
    "committed": "committed",
    "commitment": "committed",
    "roofshot": "committed",
    "health": "health",
}
_LEVELS = ("company", "product", "team")


def _folded(names: str) -> frozenset[str]:
    return frozenset(fold(name) for name in names.split(","))


def read_goals(sender: Sender, who: Who, search: Search, fields: list[FieldRow], clauses: str) -> Goals | None:
    """Return all goals of the site, None when it keeps none. Goals it keeps and does not show are a problem, not an error."""
    objectives: list[Objective] = []
    key_results: list[KeyResult] = []
    problems: list[Problem] = []
    kept = False
    types = {str(row.id): fold(row.name or "") for row in read_types(sender, who)}
    upper = {id_ for id_, name in types.items() if name in _folded(_OBJECTIVES)}
    lower = {id_ for id_, name in types.items() if name in _folded(_KEY_RESULTS)}
    if lower or (upper and named(fields, _FIELDS)["target"]):  # a type called Objective alone is often just a big epic
        kept = True
        objectives, key_results = _from_issues(search, who, fields, clauses, upper, lower)
    if who.cloud and map_fields(fields, ()).goals:
        try:
            theirs = atlassian_goals.read(sender)
        except SourceError as trouble:
            if trouble.code == "quota":
                raise
            problems.append(Problem("goals_hidden", f"Atlassian goals cannot be read with this account: {trouble}"))
        else:
            kept = True
            objectives += theirs.objectives
            key_results += theirs.key_results
            problems += theirs.problems
    if not kept and not problems:
        return None
    return Goals(objectives=tuple(objectives), key_results=tuple(key_results), problems=tuple(problems))


class _Issue(msgspec.Struct):
    id: str | int
    key: str
    fields: dict[str, Any]


def _from_issues(
    search: Search, who: Who, fields: list[FieldRow], clauses: str, upper: set[str], lower: set[str]
) -> tuple[list[Objective], list[KeyResult]]:
    """Read issues of the given types, whole; there are few of them."""
    roles = named(fields, _FIELDS)
    links = map_fields(fields, ())
    parents = [id_ for id_ in (links.epic_link, links.parent_link) if id_]
    wanted = (
        "summary",
        "description",
        "status",
        "resolution",
        "issuetype",
        "parent",
        "assignee",
        "duedate",
        "created",
        "labels",
        "issuelinks",
        "project",
        *parents,
    )
    asked = tuple(dict.fromkeys((*wanted, *links.start, *(id_ for ids in roles.values() for id_ in ids))))
    issues: list[_Issue] = []
    decode = msgspec.json.Decoder(_Page).decode

    def into(body: bytes) -> Found:
        page = decode(body)
        issues.extend(page.issues)
        ids = tuple(str(issue.id) for issue in page.issues)
        times = [_created(issue.fields) for issue in page.issues]
        return Found(ids=ids, read=len(ids), token=page.token or "", is_last=page.is_last, total=page.total, times=times)

    clause = jql.both(clauses, f"issuetype in ({', '.join(sorted(upper | lower))})")
    for _ in search.pages(clause, "created", Ask(asked, 100, into), low=0):
        pass
    found = {str(issue.id): issue for issue in issues}
    by_key = {issue.key: id_ for id_, issue in found.items()}
    reader = _Fields(roles, parents, links.start, by_key)
    objectives, key_results = [], []
    for id_, issue in found.items():
        kind = str((issue.fields.get("issuetype") or {}).get("id", ""))
        if kind in upper:
            objectives.append(reader.objective(id_, issue, who))
        else:
            key_results.append(reader.key_result(id_, issue, who, {str(i) for i in found if _type(found[i]) in upper}))
    return objectives, key_results


class _Page(msgspec.Struct):
    issues: list[_Issue]
    token: str | None = msgspec.field(name="nextPageToken", default=None)
    is_last: bool | None = msgspec.field(name="isLast", default=None)
    total: int | None = None


def _type(issue: _Issue) -> str:
    return str((issue.fields.get("issuetype") or {}).get("id", ""))


def _created(fields: Mapping[str, Any]) -> int:
    try:
        return instant_millis(fields.get("created"))
    except ValueError:
        return 0


class _Fields:
    """Reads goals out of issues with the fields a site has for them."""

    def __init__(
        self, roles: Mapping[str, tuple[str, ...]], parents: Iterable[str], starts: Iterable[str], by_key: Mapping[str, str]
    ) -> None:
        self._roles = roles
        self._parents = tuple(parents)
        self._starts = tuple(starts)
        self._by_key = by_key

    def objective(self, id_: str, issue: _Issue, who: Who) -> Objective:
        """Return an issue as an objective."""
        fields = issue.fields
        level = self._text(fields, "level").casefold()
        return Objective(
            id=id_,
            title=clean(as_text(fields.get("summary"))),
            cycle=self._text(fields, "cycle"),
            level=next((word for word in _LEVELS if word in level), ""),
            parent=self._parent(fields),
            product=as_text((fields.get("project") or {}).get("name")),
            team=self._text(fields, "team"),
            owner=self._text(fields, "owner") or as_text(fields.get("assignee")),
            status=self._status(fields),
            body=long_text(fields.get("description")),
            created=_created(fields),
            url=f"{who.home}/browse/{issue.key}",
            where=issue.key,
        )

    def key_result(self, id_: str, issue: _Issue, who: Who, objectives: set[str]) -> KeyResult:
        """Return an issue as a key result; its objective is its parent or an objective it is linked to."""
        fields = issue.fields
        kind = self._text(fields, "kind").casefold()
        return KeyResult(
            id=id_,
            objective=self._parent(fields) or self._linked(fields, objectives),
            title=clean(as_text(fields.get("summary"))),
            metric=self._text(fields, "metric"),
            unit=self._text(fields, "unit"),
            baseline=self._number(fields, "baseline"),
            target=self._number(fields, "target"),
            current=self._number(fields, "current"),
            start=next((as_text(fields.get(name))[:10] for name in self._starts if fields.get(name)), ""),
            due=_day(fields.get("duedate")),
            owner=self._text(fields, "owner") or as_text(fields.get("assignee")),
            kind=next((word for name, word in _KINDS.items() if name in kind), ""),
            status=self._status(fields),
            created=_created(fields),
            url=f"{who.home}/browse/{issue.key}",
            where=issue.key,
        )

    def _text(self, fields: Mapping[str, Any], role: str) -> str:
        return next((text for name in self._roles[role] if (text := as_text(fields.get(name)))), "")

    def _number(self, fields: Mapping[str, Any], role: str) -> float | None:
        return next((number for name in self._roles[role] if (number := as_number(fields.get(name))) is not None), None)

    def _parent(self, fields: Mapping[str, Any]) -> str:
        parent = fields.get("parent")
        if isinstance(parent, dict):
            return str(parent.get("id") or self._by_key.get(str(parent.get("key")), parent.get("key", "")))
        for name in self._parents:
            value = fields.get(name)
            value = (value.get("data") or value).get("key", "") if isinstance(value, dict) else value
            if value:
                return self._by_key.get(str(value), str(value))
        return ""

    @staticmethod
    def _linked(fields: Mapping[str, Any], objectives: set[str]) -> str:
        for link in fields.get("issuelinks") or ():
            for side in ("outwardIssue", "inwardIssue"):
                other = str((link.get(side) or {}).get("id", ""))
                if other in objectives:
                    return other
        return ""

    def _status(self, fields: Mapping[str, Any]) -> str:
        said = fold(self._text(fields, "status"))
        health = next((word for name, word in _HEALTH.items() if name in said), "") if said else ""
        status = fields.get("status") or {}
        name = as_text(status.get("name"))
        state = state_of(
            name, as_text((status.get("statusCategory") or {}).get("key")), as_text((fields.get("resolution") or {}).get("name"))
        )
        if state in ("done", "cancelled"):
            return "done" if state == "done" else "dropped"
        return health or _HEALTH.get(fold(name), "")


def _day(value: Any) -> Day:
    text = as_text(value)[:10]
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else ""
