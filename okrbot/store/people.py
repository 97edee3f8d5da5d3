"""Know people by their Slack id: who owns which product, whose clock they live by, who may answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from okrbot.config import Config
from okrbot.model import clean, instant, millis
from okrbot.store import tables as t
from okrbot.store.bulk import upsert

DIRECT = "slack:"  # how the configuration names a Slack id


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """One person in Slack. `name` is how the configuration calls them; `settings` are theirs (muted_until, resumed, standing)."""

    id: str
    name: str
    timezone: str
    seen: dt.datetime
    settings: Mapping[str, Any]


def everyone(db: sa.Connection) -> dict[str, Person]:
    """Return the people the store knows, by Slack id."""
    return {row["person"]: _person(row) for row in db.execute(sa.select(t.people)).mappings()}


def find(db: sa.Connection, person: str, *, lock: bool = False) -> Person | None:
    """Return the person with this Slack id, None if nobody has met them. With `lock`, others wait who want to change them."""
    chosen = sa.select(t.people).where(t.people.c.person == person)
    row = db.execute(chosen.with_for_update() if lock else chosen).mappings().first()
    return _person(row) if row else None


def remember(db: sa.Connection, person: str, *, name: str = "", timezone: str = "", now: dt.datetime, **settings: Any) -> None:
    """Keep what is known of a person; empty texts leave what was known, a setting of None is forgotten."""
    old = find(db, person, lock=True)
    kept = {**(old.settings if old else {}), **settings}
    values = (
        person,
        clean(name) or (old.name if old else ""),
        timezone or (old.timezone if old else ""),
        millis(now),
        json.dumps({key: value for key, value in kept.items() if value is not None}, ensure_ascii=False, sort_keys=True),
    )
    upsert(db, t.people, [values])


def owners_of(db: sa.Connection, config: Config, product: str) -> tuple[str, ...]:
    """Return the Slack ids of a product's owners, in the configuration's order; those nobody could find are left out."""
    wanted = next((p.owners for p in config.products if p.name == product), ())
    return tuple(dict.fromkeys(_ids(db, wanted)))


def may_answer(db: sa.Connection, config: Config, product: str, person: str) -> bool:
    """Return whether `person` is an owner of `product` or one of those who answer for all; nobody is, where nobody is named."""
    return person in owners_of(db, config, product) or person in _ids(db, config.questions.others)


def may_speak(db: sa.Connection, config: Config, *, product: str, asked: str, person: str) -> bool:
    """Return whether `person` may answer a question about `product` that was put to `asked`.

    Where the configuration has no such product any more (it was renamed), the one who was asked keeps their voice while they own another.
    """
    if any(p.name == product for p in config.products):
        return may_answer(db, config, product, person)
    return person in _ids(db, config.questions.others) or (person == asked and bool(products_of(db, config, person)))


def may_set(db: sa.Connection, config: Config, product: str, person: str) -> bool:
    """Return whether `person` may say when the digest of `product` comes: who answers for it, and okrbot's admins."""
    known = any(p.name == product for p in config.products)
    return known and (person in config.slack.admins or may_answer(db, config, product, person))


def products_of(db: sa.Connection, config: Config, person: str) -> tuple[str, ...]:
    """Return the names of the products `person` may answer for."""
    if person in _ids(db, config.questions.others):
        return tuple(p.name for p in config.products)
    return tuple(p.name for p in config.products if person in owners_of(db, config, p.name))


def not_found(db: sa.Connection, config: Config) -> tuple[str, ...]:
    """Return the owners of the configuration whom nobody has found in Slack."""
    named = dict.fromkeys([*(owner for p in config.products for owner in p.owners), *config.questions.others])
    return tuple(owner for owner in named if not _ids(db, (owner,)))


def _ids(db: sa.Connection, names: tuple[str, ...]) -> list[str]:
    by_name = {row.name.lower(): row.person for row in db.execute(sa.select(t.people.c.name, t.people.c.person)) if row.name}
    found = (name.removeprefix(DIRECT) if name.startswith(DIRECT) else by_name.get(name.lower(), "") for name in names)
    return [person for person in found if person]


def _person(row: Mapping[Any, Any] | sa.RowMapping) -> Person:
    return Person(row["person"], row["name"], row["timezone"], instant(row["seen"]), json.loads(row["settings"]))


def setting(db: sa.Connection, name: str, *, lock: bool = False) -> dict[str, Any]:
    """Return what people set under `name` (e.g. "product:Shop"), {} if nothing. With `lock`, others wait who want to change it."""
    chosen = sa.select(t.settings.c.value).where(t.settings.c.name == name)
    said = db.execute(chosen.with_for_update() if lock else chosen).scalar()
    found: dict[str, Any] = json.loads(said) if said else {}
    return found


def put_setting(db: sa.Connection, name: str, **values: Any) -> None:
    """Change what is set under `name`; a value of None is forgotten."""
    kept = {key: value for key, value in {**setting(db, name, lock=True), **values}.items() if value is not None}
    upsert(db, t.settings, [(name, json.dumps(kept, ensure_ascii=False, sort_keys=True))])
