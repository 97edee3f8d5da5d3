"""Judge the wording of key results, objectives and backlog items, and say which words decided."""

from __future__ import annotations

from okrbot.wording.verdict import LEVELS, GoalTraits, Judgement, Level

__all__ = ["LEVELS", "GoalTraits", "Judgement", "Level", "guess_level", "judge", "traits"]


def judge(text: str, *, level: Level, language: str | None = None) -> Judgement:
    """Return what `text` is at its level, with the words that decided.

    `language` is an ISO code; None detects it. A language without a lexicon is answered `unclear`. Raises ValueError for
    an unknown level.
    """
    if level == "item":
        from okrbot.wording.items import judge_item

        return judge_item(text, "", language)
    if level not in LEVELS:
        raise ValueError(f"level {level!r} is not known: use {', '.join(LEVELS)}")
    from okrbot.wording.goals import judge_goal

    return judge_goal(text, level=level, language=language)


def traits(text: str, language: str | None = None) -> GoalTraits:
    """Return single observations about a goal's wording (opens with a delivery verb, has a baseline, names a metric …)."""
    from okrbot.wording.goals import traits as observe

    return observe(text, language)


def guess_level(text: str) -> Level:
    """Return the level a text most likely is when nobody says: key_result unless it is clearly an objective or an item."""
    from okrbot.wording.goal_level import guess

    return guess(text)
