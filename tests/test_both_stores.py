"""The same organisation gives the same audit on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from conftest import AS_OF, SAMPLE

from okrbot.app import open_app
from okrbot.audit.output import as_json


def test_the_audit_is_the_same_on_every_store(store_url: str, audited: Path, tmp_path: Path) -> None:
    folder = tmp_path / "organisation"
    shutil.copytree(SAMPLE, folder)
    config = folder / "okrbot.toml"
    config.write_text(
        re.sub(r"^store = .*$", f'store = "{store_url}"', config.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    app = open_app(config, clock=lambda: AS_OF)
    with app.store() as store:
        assert [result.verdict for result in app.pull(store)] == ["complete", "complete"]
        said = as_json(app.audit(store, as_of=AS_OF))
        assert as_json(app.audit(store, as_of=AS_OF)) == said
    other = open_app(audited / "okrbot.toml", clock=lambda: AS_OF)
    with other.store() as store:
        assert as_json(other.audit(store, as_of=AS_OF, remember=False)) == said
