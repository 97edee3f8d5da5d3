"""A question on its way to its person."""

from __future__ import annotations

import datetime as dt

from okrbot import prompts
from okrbot.blocks import prompt as shown
from okrbot.blocks.limits import Block
from okrbot.slack.outbox import Outgoing


def outgoing(prompt: prompts.Prompt, blocks: list[Block], *, now: dt.datetime) -> Outgoing:
    """Return the message that brings a question to its person: one question, one key, one message."""
    return Outgoing(
        key=prompts.delivery_key(prompt.id),
        kind="prompt",
        channel=prompt.person,
        text=shown.text(prompt),
        blocks=blocks,
        due=now,
        product=prompt.product,
        period=prompt.id,
    )
