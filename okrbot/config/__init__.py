"""The configuration: one TOML file, checked whole before anything starts; secrets by reference only."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from okrbot.config.reading import ConfigError, Place, Reader
from okrbot.config.settings import LISTS, SECTIONS, Config, Links, Okrs, Product, Rules, Source, Team
from okrbot.config.talking import check_talking
from okrbot.model import Secret

__all__ = ["Config", "ConfigError", "Links", "Product", "Source", "Team", "fetch_secret", "find", "load"]

LONGEST_NAME = 100  # of a product; it stands on buttons and in headers
SIZE_LIMIT = 1_000_000  # bytes; a configuration is written by hand
_SCHEDULE = re.compile(r"off|every [1-9]\d{0,3} (minutes|hours)|(daily|mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_CLASSES = ("value", "discovery", "ktlo", "enabling", "unknown")


def find(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the configuration file: the one given, else okrbot.toml here, else $OKRBOT_CONFIG. Raises ConfigError."""
    if given is not None:
        return given
    here = Path("okrbot.toml")
    if here.exists():
        return here
    if named := environment.get("OKRBOT_CONFIG"):
        return Path(named)
    raise ConfigError(
        "There is no okrbot.toml here and $OKRBOT_CONFIG is not set. Run `okrbot init` to write one, or `okrbot demo` to look around first."
    )


def load(
    path: Path,
    *,
    kinds: Mapping[str, type],
    secrets: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Read and check the file at `path`.

    `kinds` gives the settings dataclass of each kind of source. With `secrets=False` references are checked for their
    form but not fetched. Raises ConfigError.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {str(error)[:200]}.") from None
    reader = Reader(path.parent, environment, secrets, _keyring)
    top = Place(path, text, "")
    for key in document:
        if key not in SECTIONS and key not in LISTS and key != "sources":
            raise top.unknown(key, [*SECTIONS, *LISTS, "sources"])
    parts: dict[str, Any] = {}
    for name, declared in SECTIONS.items():
        table = document.get(name, {})
        if not isinstance(table, dict):
            raise top.error(name, f"must be a table. Write [{name}].")
        place = Place(path, text, name)
        if name == "rules":
            parts[name] = _rules(reader, table, place)
        elif name == "okrs":
            links = reader.read(Links, table.get("links", {}), dataclasses.replace(place, table="okrs.links"))
            parts[name] = dataclasses.replace(reader.read(Okrs, table, place, skip=("links",)), links=links)
        else:
            parts[name] = reader.read(declared, table, place)
    for name, declared in LISTS.items():
        parts[name] = tuple(reader.read(declared, table, place) for table, place in _tables(document, name, top))
    parts["sources"] = tuple(_source(reader, table, place, kinds) for table, place in _tables(document, "sources", top))
    config = Config(path=path, folder=path.parent, **parts)
    _check(config, text)
    return config


def fetch_secret(config: Config, table: str, key: str, secret: Secret, environment: Mapping[str, str] = os.environ) -> Secret:
    """Return one secret with its value, also where the configuration was loaded without fetching any. Raises ConfigError."""
    if secret.reveal():
        return secret
    reader = Reader(config.folder, environment, True, _keyring)
    return reader.secret(secret.source, key, Place(config.path, _text(config.path), table))


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder. Name the file, e.g. {path}/okrbot.toml.")
        if path.stat().st_size > SIZE_LIMIT:
            raise ConfigError(f"{path}: is larger than 1 MB; that is no configuration of okrbot.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: does not exist. Run `okrbot init` to write one.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from None


def _keyring(service: str, user: str) -> str | None:
    import keyring  # type: ignore[import-not-found,unused-ignore]

    found: str | None = keyring.get_password(service, user)
    return found


def _tables(document: Mapping[str, Any], name: str, top: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise top.error(name, f"must be a list of tables. Write [[{name}]].")
    for index, table in enumerate(tables):
        yield table, dataclasses.replace(top, table=name, index=index)


def _rules(reader: Reader, table: Mapping[str, Any], place: Place) -> Rules:
    own = {key: value for key, value in table.items() if isinstance(value, dict)}
    rules: Rules = reader.read(Rules, {k: v for k, v in table.items() if k not in own}, place, skip=("own",))
    return dataclasses.replace(rules, own=own)


def _source(reader: Reader, table: Mapping[str, Any], place: Place, kinds: Mapping[str, type]) -> Source:
    for key in ("name", "kind"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise place.error(key, f"is missing. Every [[sources]] needs a {key}.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", table["name"]):
        raise place.error("name", f"{table['name']!r} may hold letters, digits, '-', '_' and '.' only.")
    if table["kind"] not in kinds:
        raise place.error("kind", f"{table['kind']!r} is not known. There are: {', '.join(sorted(kinds))}.")
    return Source(table["name"], table["kind"], reader.read(kinds[table["kind"]], table, place, skip=("kind",)))


def _check(config: Config, text: str) -> None:
    def at(table: str, index: int = 0) -> Place:
        return Place(config.path, text, table, index)

    try:
        zoneinfo.ZoneInfo(config.okrbot.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise at("okrbot").error("timezone", f"{config.okrbot.timezone!r} is no IANA time zone. Write e.g. Europe/Amsterdam.") from None
    for day in config.okrbot.holidays:
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            raise at("okrbot").error("holidays", f"{day!r} is no ISO date. Write e.g. 2026-12-25.") from None
    if not 1 <= config.okrbot.fiscal_year_start <= 12:
        raise at("okrbot").error("fiscal_year_start", f"is {config.okrbot.fiscal_year_start}; write a month, 1 to 12.")
    if not _CLOCK.fullmatch(config.digest.time):
        raise at("digest").error("time", f"{config.digest.time!r} is no time of day. Write e.g. 09:00.")
    for key in ("pull", "audit"):
        value = getattr(config.schedule, key)
        if not _SCHEDULE.fullmatch(value):
            raise at("schedule").error(
                key, f'{value!r} is not understood. Write "every 30 minutes", "every 2 hours", "daily 06:00", "mon 06:00" or "off".'
            )
    for key in ("types", "labels", "components", "projects"):
        for word, value in getattr(config.work_classes, key).items():
            if value not in _CLASSES:
                raise at("work_classes").error(key, f"{word!r} = {value!r}: write one of {', '.join(_CLASSES)}.")
    check_talking(config, at)
    _check_names(config, at)


def _check_names(config: Config, at: Callable[..., Place]) -> None:
    for table, entries in (("sources", config.sources), ("products", config.products), ("teams", config.teams)):
        names = [str(entry.name) for entry in entries]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise at(table, index).error("name", f"{name!r} is used twice. Give each its own name.")
    for index, product in enumerate(config.products):
        if len(product.name) > LONGEST_NAME:
            raise at("products", index).error(
                "name", f"has {len(product.name)} characters; write at most {LONGEST_NAME}, as people say it."
            )
    sources = {source.name for source in config.sources}
    claimed: dict[str, str] = {}
    channels: dict[str, str] = {}
    for index, product in enumerate(config.products):
        for backlog in product.backlogs:
            source, slash, key = backlog.partition("/")
            if not slash or not key:
                raise at("products", index).error("backlogs", f"{backlog!r} must read source/KEY, e.g. acme/SHOP.")
            if source not in sources:
                raise at("products", index).error(
                    "backlogs", f"{backlog!r}: there is no source named {source!r}. There are: {', '.join(sorted(sources)) or 'none'}."
                )
            if backlog in claimed:
                raise at("products", index).error(
                    "backlogs", f"{backlog!r} already belongs to {claimed[backlog]!r}. A backlog has one product."
                )
            whole = next((name for other, name in claimed.items() if key != "*" and other == f"{source}/*"), "") or next(
                (name for other, name in claimed.items() if key == "*" and other.startswith(f"{source}/")), ""
            )
            if whole and whole != product.name:
                raise at("products", index).error(
                    "backlogs", f"{backlog!r}: {whole!r} has backlogs of {source!r} too, and {source}/* takes them all. Name each backlog."
                )
            claimed[backlog] = product.name
        if product.channel and product.channel in channels:
            raise at("products", index).error(
                "channel", f"{product.channel!r} is already the channel of {channels[product.channel]!r}. Give each product its own."
            )
        channels[product.channel] = product.name
