"""Which custom field of a site means what: found by the type Jira gives it, by display name only where types say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import msgspec

from okrbot.words import fold

_GREENHOPPER = "com.pyxis.greenhopper.jira:"
_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes:"
_BY_TYPE = {
    _GREENHOPPER + "gh-sprint": "sprint",
    _GREENHOPPER + "gh-epic-link": "epic_link",
    _GREENHOPPER + "gh-epic-label": "epic_name",
    _GREENHOPPER + "gh-lexo-rank": "rank",
    _GREENHOPPER + "jsw-story-points": "points",
    "com.atlassian.jpo:jpo-custom-field-parent": "parent_link",
    "com.atlassian.jpo:jpo-custom-field-baseline-start": "start",
    "com.atlassian.teams:rm-teams-custom-field-team": "team",
    "com.atlassian.rm.teams:rm-teams-custom-field-team": "team",
    _TYPES + "goals": "goals",
    _TYPES + "atlassian-team": "team",
}
# Names as `fold` leaves them, for what is an ordinary number or date field to Jira.
_BY_NAME = {
    "points": "story points, story point estimate, storypoints, estimate points, puntos de historia, story punkte, points d histoire, pontos de história, story punten, ストーリーポイント",
    "start": "start date, target start, planned start, startdatum, date de début, fecha de inicio, data de início, begindatum, 開始日",
    "parent_link": "parent link",
}
_NAMES = {name.strip(): role for role, names in _BY_NAME.items() for name in names.split(",")}


class FieldRow(msgspec.Struct):
    """A row of `GET /field`."""

    id: str
    name: str | None = None
    custom: bool | None = None
    schema: FieldSchema | None = None


class FieldSchema(msgspec.Struct):
    type: str | None = None
    custom: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Ids of the site's fields by our words; several ids where a site has twins. `wanted` = (display name, ids)."""

    sprint: str = ""
    epic_link: str = ""
    epic_name: str = ""
    parent_link: str = ""
    rank: str = ""
    points: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    wanted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()  # wanted names that no field has

    def shown(self) -> Mapping[str, str]:
        """Return our word → their id, for `okrbot check`."""
        words = {
            word: value if isinstance(value, str) else ", ".join(value)
            for word, value in asdict(self).items()
            if word not in ("wanted", "missing")
        }
        return {word: value for word, value in words.items() if value} | {name: ", ".join(ids) for name, ids in self.wanted}

    def by_id(self) -> Mapping[str, str]:
        """Return field id → our word for a change, for what history calls by id."""
        words = {"sprint": "sprint", "epic_link": "parent", "parent_link": "parent", "rank": "rank"}
        found = {str(getattr(self, attr)): word for attr, word in words.items()}
        for attr, word in (("points", "estimate"), ("start", "start"), ("team", "team"), ("goals", "goal")):
            found |= dict.fromkeys(getattr(self, attr), word)
        found.pop("", None)
        return found


def map_fields(rows: Iterable[FieldRow], wanted: Iterable[str]) -> FieldMap:
    """Return the map of a site's fields; `wanted` are display names (or ids) that somebody asks for, case and signs aside."""
    roles: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for row in rows:
        custom = row.schema.custom if row.schema and row.schema.custom else ""
        name = fold(row.name or "")
        by_name.setdefault(name, []).append(row.id)
        by_name.setdefault(fold(row.id), []).append(row.id)
        role = _BY_TYPE.get(custom) or (_NAMES.get(name, "") if row.id.startswith("customfield_") else "")
        if role:
            roles.setdefault(role, []).append(row.id)
    found = [(name, tuple(dict.fromkeys(by_name.get(fold(name), ())))) for name in dict.fromkeys(wanted)]
    first = {role: roles.get(role, [""])[0] for role in ("sprint", "epic_link", "epic_name", "parent_link", "rank")}
    several = {role: tuple(roles.get(role, ())) for role in ("points", "start", "team", "goals")}
    return FieldMap(
        first["sprint"],
        first["epic_link"],
        first["epic_name"],
        first["parent_link"],
        first["rank"],
        several["points"],
        several["start"],
        several["team"],
        several["goals"],
        wanted=tuple((name, ids) for name, ids in found if ids),
        missing=tuple(name for name, ids in found if not ids),
    )


def named(rows: Iterable[FieldRow], names: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Return role → field ids for the display names in `names` (role → names, comma-separated), in the order of the names."""
    by_name: dict[str, list[str]] = {}
    for row in rows:
        by_name.setdefault(fold(row.name or ""), []).append(row.id)
    return {role: tuple(id_ for name in text.split(",") for id_ in by_name.get(fold(name), ())) for role, text in names.items()}
