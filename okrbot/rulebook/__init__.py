"""The rulebook: find, read and check rule pages, shipped ones and a team's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from okrbot.rulebook.page import PROFILES, SEVERITIES, Page, RuleError, Severity, read_page

FAMILIES = ("outcome", "key_results", "integrity", "ladder", "splintering", "discovery", "flow", "project_model")

__all__ = [
    "FAMILIES",
    "PROFILES",
    "SEVERITIES",
    "Page",
    "RuleError",
    "Severity",
    "in_profile",
    "read_folder",
    "read_page",
    "shipped_folder",
]


def shipped_folder() -> Path:
    """Return the folder of the rules that come with okrbot: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "rules"
    return inside if inside.is_dir() else package.parent / "rules"


def read_folder(folder: Path, *, shipped: bool = True) -> dict[str, Page]:
    """Return the pages of `folder` by name, sorted by family and name; pages in sub-folders take the sub-folder's name as family.

    Raises RuleError for a page that cannot be used, for two pages of one name, and for a folder that is not there.
    """
    if not folder.is_dir():
        raise RuleError(folder, 0, "is no folder. Name a folder with rule pages under [rules] folders.")
    pages: dict[str, Page] = {}
    for path in sorted(folder.rglob("*.md")):
        if path.name.lower() == "readme.md":
            continue
        page = read_page(path, family=path.parent.name if path.parent != folder else "own", shipped=shipped)
        if page.name in pages:
            raise RuleError(path, 0, f"there is already a rule '{page.name}' in {pages[page.name].path}. Rename one.")
        pages[page.name] = page
    return pages


def in_profile(pages: Mapping[str, Page], profile: str, *, on: Sequence[str] = (), off: Sequence[str] = ()) -> dict[str, Page]:
    """Return the pages that run under `profile` (first_week, steady or strict), with the names in `on` added and in `off` left out."""
    level = PROFILES.index(profile)
    return {
        name: page
        for name, page in pages.items()
        if name not in off and (name in on or not page.shipped or (PROFILES.index(page.profile) <= level and not page.off))
    }
