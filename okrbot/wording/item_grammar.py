"""Rules of grammar that speak before the model does: tags, story form, raised errors. They lean; they do not decide alone."""

from __future__ import annotations

from okrbot.wording.item_features import heads_of
from okrbot.wording.item_model import KINDS, Scores
from okrbot.wording.item_text import ItemText

_UPKEEP_TAGS = frozenset(
    {"deps", "dep", "ci", "cd", "build", "test", "tests", "docs", "doc", "e2e", "lint", "infra", "release", "types", "tooling"}
)
_UPKEEP_HEADS = frozenset({"uptests", "upbuild", "updeps", "updocs"})


def lean(item: ItemText) -> Scores:
    """Return how far tags and form alone lean to each kind, in the order of KINDS; zeros where they say nothing."""
    sums = dict.fromkeys(KINDS, 0.0)
    tag = next((kind for kind in item.kinds if kind != "learn"), "")
    if tag:
        sums[_tagged(tag, item)] += 3.0 if item.tags[0].startswith("cc-") else 2.0
    if "story" in item.shapes:
        sums["maintenance" if "builder" in item.shapes and _is_upkeep(item) else "solution"] += 2.0
    if "plight" in item.shapes:
        sums["problem"] += 0.7
    if "raised" in item.shapes:
        sums["bug"] += 1.0
    return sums["solution"], sums["problem"], sums["bug"], sums["maintenance"]


def _tagged(tag: str, item: ItemText) -> str:
    """Return the kind a tag leans to: a fix of tests, builds, docs or dependencies is upkeep."""
    if tag == "bug" and (
        any(_UPKEEP_TAGS & set(name.split("-")) for name in item.tags) or any("uptests" in heads_of(word) for word in item.words)
    ):
        return "maintenance"
    return tag


def _is_upkeep(item: ItemText) -> bool:
    return any(_UPKEEP_HEADS & set(heads_of(word)) or "upkeep" in heads_of(word) for word in item.words)
