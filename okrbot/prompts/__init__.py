"""Questions for product owners: whom to ask, about what, when, and how often at most."""

from __future__ import annotations

from okrbot.prompts.asking import arrived, expire, hold_outside_hours, rehome, supersede
from okrbot.prompts.choosing import came_at, delivery_key, has_stopped, likely, open_question, plan, show_question
from okrbot.prompts.connecting import ask_who
from okrbot.prompts.follow_up import plan_follow_ups
from okrbot.prompts.hours import may_write, next_time
from okrbot.prompts.rows import Prompt, by_id, expected_of, mark, of_person

__all__ = [
    "Prompt",
    "arrived",
    "ask_who",
    "by_id",
    "came_at",
    "delivery_key",
    "expected_of",
    "expire",
    "has_stopped",
    "hold_outside_hours",
    "likely",
    "mark",
    "may_write",
    "next_time",
    "of_person",
    "open_question",
    "plan",
    "plan_follow_ups",
    "rehome",
    "show_question",
    "supersede",
]
