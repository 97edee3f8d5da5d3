"""Check what the configuration says of hours, days, people and addresses: a value that would only keep okrbot silent is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from okrbot.config.reading import Place
from okrbot.config.settings import Config

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/]*):(\d{1,5})")
DIRECT = "slack:"


def check_talking(config: Config, at: Callable[..., Place]) -> None:
    """Raise ConfigError for what cannot work."""
    _days(config.okrbot.working_days, at("okrbot"))
    _hours(config.questions.hours, at("questions"))
    _addresses(config, at)
    for person in config.slack.admins:
        if not _ID.fullmatch(person):
            raise at("slack").error(
                "admins", f"{person!r} is no Slack id. Write e.g. U012AB3CD: in Slack, the person's profile, ⋮, Copy member ID."
            )
    _owners(config.questions.others, "others", at("questions"))
    for index, product in enumerate(config.products):
        _owners(product.owners, "owners", at("products", index))
        if re.search(r"\s", product.channel):
            raise at("products", index).error(
                "channel", f"{product.channel!r}: a channel's name has no blanks. Write #its-name or its id, C…."
            )


def _days(days: Sequence[str], place: Place) -> None:
    for day in days:
        if day not in DAYS:
            raise place.error("working_days", f"{day!r} is no day. Write {', '.join(DAYS)}.")
    if not days or len(set(days)) < len(days):
        raise place.error("working_days", "names no day, or one of them twice. Write each working day once.")


def _hours(hours: Sequence[str], place: Place) -> None:
    if len(hours) != 2 or not all(_CLOCK.fullmatch(hour) for hour in hours) or hours[0] >= hours[1]:
        raise place.error("hours", f'{list(hours)} is no stretch of a day. Write from and to, e.g. ["09:00", "17:00"].')


def _addresses(config: Config, at: Callable[..., Place]) -> None:
    off = ("off",)
    for table, key, value, others in (("schedule", "health", config.schedule.health, off), ("slack", "listen", config.slack.listen, ())):
        found = _ADDRESS.fullmatch(value)
        if value not in others and (found is None or int(found[2]) > 65535):
            raise at(table).error(
                key, f"{value!r} is no address to listen at. Write host:port, e.g. 127.0.0.1:9464{', or off' if others else ''}."
            )


def _owners(names: Sequence[str], key: str, place: Place) -> None:
    for name in names:
        if name.startswith(DIRECT) and not _ID.fullmatch(name.removeprefix(DIRECT)):
            raise place.error(key, f"{name!r}: behind {DIRECT} stands a member id. Write e.g. slack:U012AB3CD, or the e-mail address.")
