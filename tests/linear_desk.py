"""A desk for the tests of Linear: a workspace, its endpoint on loopback, and a store that is pulled from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_linear import FakeLinear
from linear_site import Row, Site
from shelf import Shelf

from connectors.linear import Linear, Settings, connect
from okrbot.model import Item, Secret, Surroundings


@dataclasses.dataclass
class Desk:
    """A workspace, its endpoint, and a store that was pulled from it."""

    site: Site
    fake: FakeLinear
    url: str
    shelf: Shelf

    def linear(self, **more: Any) -> Linear:
        around = Surroundings(folder=Path(), clock=lambda: self.site.now, sleep=lambda seconds: self.site.tick(seconds=seconds))
        return connect(Settings(**{"name": "acme", "token": Secret("lin_api_good"), "url": self.url, **more}), around)

    def pull(self, *, full: bool = False, **more: Any) -> Shelf:
        self.site.tick(minutes=30)
        assert self.shelf.pull(self.linear(**more), self.site.now, full=full)
        return self.shelf

    def item(self, row: Row) -> Item:
        return self.shelf.items[row["id"]]

    def asked(self) -> list[str]:
        names = [name for name, _, _ in self.fake.asked]
        self.fake.asked.clear()
        return names


@pytest.fixture(name="desk")
def open_desk() -> Iterator[Desk]:
    site = Site()
    fake = FakeLinear(site)
    with fake.serving() as url:
        yield Desk(site, fake, url, Shelf())
