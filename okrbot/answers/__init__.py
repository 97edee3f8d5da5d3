"""What product owners answered: kept once, made to count at the next audit, and taken back on request."""

from __future__ import annotations

from okrbot.answers.connecting import claim, confirmers, decide
from okrbot.answers.effects import SNOOZES, WORK_CLASSES, AnswerError
from okrbot.answers.evidence import keep_evidence
from okrbot.answers.key_results import Choice, choices, chosen
from okrbot.answers.rows import Given, by_id, current, lately, snoozed, taken_back
from okrbot.answers.taking import Answer, Taken, take, undo

__all__ = [
    "SNOOZES",
    "WORK_CLASSES",
    "Answer",
    "AnswerError",
    "Choice",
    "Given",
    "Taken",
    "by_id",
    "choices",
    "chosen",
    "claim",
    "confirmers",
    "current",
    "decide",
    "keep_evidence",
    "lately",
    "snoozed",
    "take",
    "taken_back",
    "undo",
]
