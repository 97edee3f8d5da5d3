"""What a judgement of a text looks like, shared by the judges of goals and of items."""

from __future__ import annotations

import dataclasses
from typing import Literal

Level = Literal["key_result", "objective", "item"]
LEVELS: tuple[Level, ...] = ("key_result", "objective", "item")


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """What a text is, how sure that is, and why.

    `kind` is outcome | output | outcome_unmeasured for key results, qualitative | has_metric | output for objectives,
    solution | problem | bug | maintenance for items, and `unclear` for any. `confidence` (0..1) is calibrated: of the texts
    judged with 0.8, about eight in ten are right (bench/judgement.py measures it). `because` holds exact spans of the text
    and short reasons. `suggestion` is one sentence or question for a person. `language` is an ISO code or "".
    """

    text: str
    level: Level
    kind: str
    confidence: float
    because: tuple[str, ...] = ()
    suggestion: str = ""
    language: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class GoalTraits:
    """Single observations about a goal's wording, for rules. A text field holds the exact span found, "" for none."""

    delivery_verb: str  # the goal opens with launch, build, migrate …
    activity_verb: str  # the goal opens with help, analyse, attend …
    has_number: bool  # a number that is no date, version or placeholder
    has_baseline: bool  # "from 20 % …", "20 % -> 35 %", "(today 20 %)"
    has_target: bool  # a number, or zero, or all
    lagging: str  # a lagging company metric: revenue, churn, NPS
    business_as_usual: str  # maintain, keep, continue
    metric: str  # the noun that is measured
    actor: str  # customer, user, colleague … mentioned
    about_backlog: bool  # it is about the backlog itself: open bugs to zero
    language: str
