"""Turn one TOML table into the dataclass that declares it, or say what is wrong, where, and what to write instead."""

from __future__ import annotations

import dataclasses
import difflib
import os
import stat
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from okrbot.config.lines import line_of
from okrbot.model import Secret


class ConfigError(Exception):
    """A configuration that cannot be used. `str()` names file, line, key, mistake and remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands in its file, for messages."""

    path: Path
    text: str
    table: str
    index: int = 0

    def error(self, key: str, message: str) -> ConfigError:
        """Return the error for `key` of this table."""
        line = line_of(self.text, self.table, key, index=self.index)
        name = f"[{self.table}] {key}" if self.table and key else self.table or key
        return ConfigError(f"{self.path}:{line}: {name}: {message}" if name else f"{self.path}:{line}: {message}")

    def unknown(self, key: str, known: typing.Iterable[str]) -> ConfigError:
        """Return the error for a key that nobody declared, with the nearest right spelling."""
        names = sorted(known)
        near = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(names)}."
        return self.error(key, f"is not a key okrbot knows. {hint}")


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """How tables are read: where relative secret files start, and whether secrets are fetched at all."""

    folder: Path
    environment: Mapping[str, str]
    fetch_secrets: bool
    keyring: Callable[[str, str], str | None]

    def read(self, declared: type[Any], table: Mapping[str, Any], place: Place, *, skip: typing.Collection[str] = ()) -> Any:
        """Return `declared` filled from `table`. Raises ConfigError for an unknown key, a wrong type or a missing key."""
        fields = {f.name: f for f in dataclasses.fields(declared)}
        hints = typing.get_type_hints(declared)
        for key in table:
            if key not in fields and key not in skip:
                raise place.unknown(key, fields)
        values = {}
        for name, field in fields.items():
            if name in table and name not in skip:
                values[name] = self._value(hints[name], table[name], name, place, field.metadata)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise place.error(name, f"is missing. {field.metadata.get('help', '')}".strip())
        return declared(**values)

    def _value(self, hint: Any, value: Any, key: str, place: Place, metadata: Mapping[str, Any]) -> Any:
        origin = typing.get_origin(hint)
        if origin is Literal:
            allowed = typing.get_args(hint)
            if value not in allowed:
                raise place.error(key, f"is {value!r}; write one of {', '.join(map(repr, allowed))}.")
            return value
        if origin in (types.UnionType, typing.Union):
            inner = [part for part in typing.get_args(hint) if part is not type(None)]
            return self._value(inner[0], value, key, place, metadata)
        if hint is Secret:
            return self.secret(value, key, place)
        if origin is tuple:
            if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
                raise place.error(key, f'must be a list of texts, e.g. ["a", "b"], not {_kind(value)}.')
            return tuple(value)
        if origin is dict:
            return self._mapping(hint, value, key, place)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            if not isinstance(value, dict):
                raise place.error(key, f"must be a table, not {_kind(value)}.")
            return self.read(hint, value, dataclasses.replace(place, table=f"{place.table}.{key}"))
        return self._plain(hint, value, key, place, metadata)

    def _plain(self, hint: Any, value: Any, key: str, place: Place, metadata: Mapping[str, Any]) -> Any:
        fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            value, fits = float(value), True
        if not fits:
            raise place.error(key, f"must be {_NAMES.get(hint, hint.__name__)}, not {_kind(value)}.")
        low, high = metadata.get("low"), metadata.get("high")
        if (low is not None and value < low) or (high is not None and value > high):
            raise place.error(key, f"is {value}; it must be between {low} and {high}.")
        return value

    def _mapping(self, hint: Any, value: Any, key: str, place: Place) -> dict[str, Any]:
        inner = typing.get_args(hint)[1]
        number = inner is float
        if not isinstance(value, dict) or not all(
            isinstance(v, int | float if number else str) and not isinstance(v, bool) for v in value.values()
        ):
            raise place.error(key, f"must be a table of {'numbers' if number else 'texts'}, not {_kind(value)}.")
        return dict(value)

    def secret(self, value: Any, key: str, place: Place) -> Secret:
        """Return the secret that a reference names; without its value where secrets are not fetched. Raises ConfigError."""
        forms = "Write env:NAME, file:PATH or keyring:SERVICE/USER."
        if not isinstance(value, str):
            raise place.error(key, f"must be a reference to a secret, not {_kind(value)}. {forms}")
        scheme, _, name = value.partition(":")
        if scheme not in ("env", "file", "keyring") or not name:
            raise place.error(
                key, f"holds a literal secret; okrbot does not take secrets from this file. {forms} If it was real, revoke it."
            )
        if not self.fetch_secrets:
            return Secret("", value)
        found = {"env": self._from_environment, "file": self._from_file, "keyring": self._from_keyring}[scheme](name, key, place).strip()
        if not found:
            raise place.error(key, f"the secret {value} is empty. Set it and try again.")
        if not all(" " < char < "\x7f" for char in found):
            raise place.error(key, f"the secret {value} holds a blank or a character that no token has. Copy it again.")
        return Secret(found, value)

    def _from_environment(self, name: str, key: str, place: Place) -> str:
        if name not in self.environment:
            raise place.error(key, f"the environment variable {name} is not set. Set it, e.g. export {name}=…")
        return self.environment[name]

    def _from_file(self, name: str, key: str, place: Place) -> str:
        path = self.folder / Path(name).expanduser()
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077 and os.name == "posix":
                raise place.error(key, f"the secret file {name} can be read by others. Run: chmod 600 {name}")
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise place.error(key, f"the secret file {name} cannot be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise place.error(key, f"the secret file {name} is not text.") from None

    def _from_keyring(self, name: str, key: str, place: Place) -> str:
        service, _, user = name.partition("/")
        try:
            found = self.keyring(service, user)
        except ModuleNotFoundError:
            raise place.error(key, "the keyring package is not installed. Run: pip install 'okrbot[keyring]'.") from None
        if found is None:
            raise place.error(key, f"the keyring holds nothing for {name}. Run: keyring set {service} {user}")
        return found


_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else f"a {type(value).__name__}"
