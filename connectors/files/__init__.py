"""Reads exports as if they were a tracker: Jira and Linear CSV and JSON, and home-made lists, told apart by content."""

from __future__ import annotations

import codecs
import dataclasses
import datetime as dt
import zoneinfo

from okrbot.model import Connector, Surroundings

from .source import FilesSource, Wanted

KIND = "files"


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The keys of a `[[sources]]` table of kind "files"."""

    name: str = dataclasses.field(metadata=_help("how this source is called, in product backlogs and in messages"))
    paths: tuple[str, ...] = dataclasses.field(
        default=(), metadata=_help("files, folders or patterns (exports/*.csv), beside the config file")
    )
    timezone: str = dataclasses.field(
        default="", metadata=_help("IANA zone of the person who exported: CSV times carry none (Europe/Paris)")
    )
    backlog: str = dataclasses.field(default="", metadata=_help("backlog of rows that name none; else the file's name"))
    url: str = dataclasses.field(default="", metadata=_help("address of the tracker, for links to its items"))
    day_first: bool | None = dataclasses.field(
        default=None, metadata=_help("true: 3/4/25 is 3 April; false: 4 March; left out: the file must tell")
    )
    encoding: str = dataclasses.field(default="", metadata=_help("of the files, if it is not found right (cp1252, shift_jis, utf-16)"))


def connect(settings: Settings, surroundings: Surroundings) -> Connector:
    """Return the source. Raises ValueError("key: what is wrong and what to write instead"). Opens no file yet."""
    if not settings.paths or not all(path.strip() for path in settings.paths):
        raise ValueError('paths: name at least one file or pattern, such as paths = ["exports/*.csv"]')
    if settings.url and not settings.url.startswith(("https://", "http://")):
        raise ValueError(f"url: {settings.url!r} is no address; write https://acme.atlassian.net")
    if settings.encoding:
        try:
            codecs.lookup(settings.encoding)
        except LookupError:
            raise ValueError(f"encoding: {settings.encoding!r} is unknown; write utf-8, utf-16, cp1252 or shift_jis") from None
    return FilesSource(
        Wanted(
            name=settings.name,
            folder=surroundings.folder,
            paths=settings.paths,
            zone=_zone(settings.timezone),
            zone_given=bool(settings.timezone),
            backlog=settings.backlog.strip(),
            site=settings.url.rstrip("/"),
            day_first=settings.day_first,
            encoding=settings.encoding,
        )
    )


def _zone(name: str) -> dt.tzinfo:
    if not name or name.upper() == "UTC":
        return dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"timezone: {name!r} is no time zone; write one such as Europe/Amsterdam") from None
