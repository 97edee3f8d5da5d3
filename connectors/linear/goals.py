"""Initiatives as objectives: sub-initiatives stand under their parents, and the health people reported is kept as edits.

Linear keeps no metric, baseline or target value for an initiative, so there are no key results here; they come from an
OKR file or another source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from okrbot.model import Cycle, GoalChange, Goals, Objective

from ..text import instant_millis, markdown_text
from . import shapes
from .calendar import period
from .rows import Tables, health

_LEVELS = ("company", "product")


def goals(initiatives: Sequence[shapes.Initiative], updates: Iterable[shapes.Update], tables: Tables) -> Goals:
    """Return all initiatives as objectives with their periods, and each change of reported health as an edit."""
    parents = {one.id: one.parent_initiative.id if one.parent_initiative else "" for one in initiatives}
    periods: dict[str, Cycle] = {}
    objectives = []
    for one in initiatives:
        cycle = period(one.target_date, one.target_date_resolution, tables.fiscal_start)
        if cycle is not None:
            periods[cycle.name] = cycle
        objectives.append(_objective(one, cycle, _level(one.id, parents), tables))
    return Goals(
        cycles=tuple(periods[name] for name in sorted(periods)),
        objectives=tuple(objectives),
        changes=tuple(_health_changes(updates)),
    )


def _objective(one: shapes.Initiative, cycle: Cycle | None, level: str, tables: Tables) -> Objective:
    team = tables.teams.get(one.lead_team.id) if one.lead_team else None
    status = {"completed": "done", "canceled": "dropped"}.get((one.status or "").lower()) or health(one.health)
    return Objective(
        id=one.id,
        title=one.name or "",
        cycle=cycle.name if cycle else "",
        level=level,
        parent=one.parent_initiative.id if one.parent_initiative else "",
        team=(team.name or team.key) if team else "",
        owner=one.owner.id if one.owner else "",
        status=status,
        body="\n\n".join(markdown_text(text) for text in (one.description, one.content) if text),
        created=instant_millis(one.created_at),
        archived=bool(one.archived_at) or bool(one.trashed),
        url=one.url or "",
    )


def _level(id_: str, parents: Mapping[str, str]) -> str:
    """Return company, product or team by the steps to the top; a circle counts as far down."""
    depth, above = 0, parents.get(id_, "")
    while above in parents and depth < len(parents):
        depth, above = depth + 1, parents[above]
    return _LEVELS[depth] if depth < len(_LEVELS) else "team"


def _health_changes(updates: Iterable[shapes.Update]) -> Iterable[GoalChange]:
    last: dict[str, str] = {}
    for update in sorted(updates, key=lambda one: (instant_millis(one.created_at), one.id)):
        goal, word = (update.initiative.id if update.initiative else ""), health(update.health)
        if goal and word and word != last.get(goal, ""):
            yield GoalChange(
                goal=goal,
                kind="objective",
                at=instant_millis(update.created_at),
                field="status",
                before=last.get(goal, ""),
                after=word,
                author=update.user.id if update.user else "",
            )
            last[goal] = word
