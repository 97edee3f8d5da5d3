"""Ask somebody who may know whether a person is the owner they say they are."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from okrbot.model import millis
from okrbot.prompts.rows import Prompt, by_id, insert, prompt_id

RULE = "who_is_who"


def ask_who(db: sa.Connection, *, claimant: str, name: str, product: str, asked: str, now: dt.datetime) -> Prompt | None:
    """Write the question to `asked` whether `claimant` is `name`; None if it was asked within the day."""
    prompt = Prompt(
        id=prompt_id("connect", RULE, f"{claimant} {name}", millis(now) // 86_400_000),
        rule=RULE,
        subject=f"person:{claimant}",
        product=product,
        person=asked,
        kind="connect",
        state="planned",
        created=now,
        asked=None,
        closed=None,
        channel="",
        ts="",
        version=1,
        said={
            "key": name,
            "title": "",
            "name": name,
            "claimant": claimant,
            "question": f"Somebody says they are {name}, an owner of {product}. Is that so?",
        },
    )
    if by_id(db, prompt.id) is not None:
        return None
    insert(db, prompt)
    return prompt
