"""Fixtures that several test files share: a folder with the sample organisation, an audited store, PostgreSQL if there is one."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from okrbot.app import App, open_app
from okrbot.cli import cli

SAMPLE = Path(__file__).parents[1] / "okrbot" / "sample"
AS_OF = dt.datetime(2026, 11, 16, 7, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sample organisation, pulled and audited once for the whole run; copy it to change it."""
    folder = tmp_path_factory.mktemp("audited")
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    app = open_app(folder / "okrbot.toml", clock=lambda: AS_OF)
    with app.store() as store:
        app.pull(store)
        app.audit(store, as_of=AS_OF)
    return folder


@pytest.fixture
def organisation(audited: Path, tmp_path: Path) -> App:
    """Return the sample organisation's application on a store of this test's own, pulled and audited."""
    folder = tmp_path / "organisation"
    shutil.copytree(audited, folder)
    return open_app(folder / "okrbot.toml", clock=lambda: AS_OF)


@pytest.fixture
def run() -> Iterator[object]:
    """Return a function that runs a verb in this process and returns click's result."""

    def call(*arguments: str | Path, config: Path | None = None) -> Result:
        words = [str(a) for a in arguments]
        return CliRunner().invoke(cli, (["--config", str(config)] if config else []) + words, standalone_mode=False)

    return call


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of an empty store of each kind; PostgreSQL skips where $OKRBOT_TEST_POSTGRES names none."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/okrbot.db"
        return
    server = os.environ.get("OKRBOT_TEST_POSTGRES")
    if not server:
        pytest.skip("no PostgreSQL: $OKRBOT_TEST_POSTGRES is not set (.ci/run starts one)")
    name = f"okrbot_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    yield str(sa.make_url(server).set(database=name).render_as_string(hide_password=False))
    with admin.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
    admin.dispose()
