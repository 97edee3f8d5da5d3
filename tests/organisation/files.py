"""Say which files the bundled sample consists of, and what is in each."""

from __future__ import annotations

import json
from typing import Any

from . import jira_json, linear_json, okr_toml, settings_toml
from .company import Company
from .goals import EARLIER

TODAY = "2026-11-16"


def compact(value: Any) -> str:
    """Return JSON with one issue a line, so that a changed word is a changed line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace(',{"id":"', ',\n{"id":"') + "\n"


def bundle(company: Company) -> dict[str, str]:
    """Return file name → text of everything in okrbot/sample."""
    files = {
        "veldmand-jira.json": compact(jira_json.search(company)),
        "veldmand-linear.json": compact(linear_json.answer(company)),
        "okrs.toml": okr_toml.text(company, TODAY),
        "okrbot.toml": settings_toml.text(company),
    }
    return files | {f"okrs-{day}.toml": okr_toml.text(company, day) for day in EARLIER}
