"""Find the connectors: packages that register under `okrbot.connectors` first, then those that come with okrbot."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from okrbot.model import Connector, Surroundings

GROUP = "okrbot.connectors"


def connectors_package() -> str:
    """Return the name of the package that holds our connectors: inside the installed package, or beside it in a checkout."""
    return "okrbot.connectors" if importlib.util.find_spec("okrbot.connectors") else "connectors"


class Kinds(Mapping[str, type]):
    """Kinds of sources by name; a connector is imported only when its kind is asked for."""

    def __init__(self) -> None:
        self._registered = {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
        package = connectors_package()
        found = importlib.util.find_spec(package)
        places = found.submodule_search_locations if found else None
        self._ours = {m.name: f"{package}.{m.name}" for m in pkgutil.iter_modules(places) if m.name in ("files", "jira", "linear")}

    def __getitem__(self, kind: str) -> type:
        settings: type = self.module(kind).Settings
        return settings

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._registered, *self._ours}))

    def __len__(self) -> int:
        return len({*self._registered, *self._ours})

    def module(self, kind: str) -> ModuleType:
        """Return the connector module of `kind`. Raises KeyError for an unknown kind."""
        if kind in self._registered:
            loaded: ModuleType = self._registered[kind].load()
            return loaded
        return importlib.import_module(self._ours[kind])

    def connect(self, kind: str, settings: Any, surroundings: Surroundings) -> Connector:
        """Return a connector for `settings`; nothing is sent yet. Raises ValueError with the key and the remedy."""
        connector: Connector = self.module(kind).connect(settings, surroundings)
        return connector


def okr_reader() -> ModuleType:
    """Return the module that reads OKR files."""
    return importlib.import_module(f"{connectors_package()}.okr_files")


def fetch_sheet(url: str, surroundings: Surroundings) -> bytes:
    """Return the bytes of a published sheet. Raises SourceError, or ValueError for an address that may not be asked."""
    body: bytes = importlib.import_module(f"{connectors_package()}.sheet").fetch(url, surroundings)
    return body


def sender(base: str, surroundings: Surroundings, *, name: str, headers: Mapping[str, str], secrets: tuple[str, ...]) -> Any:
    """Return the connectors' own sender for another service; `headers` go to `base` only. Raises ValueError for an address that may not be asked."""
    http = importlib.import_module(f"{connectors_package()}.http")
    return http.Sender(base, surroundings, name=name, headers=headers, secrets=secrets)
