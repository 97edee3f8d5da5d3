"""Judge a text that somebody typed in Slack: what people said of it counts first, then what the model once said, then the built-in judge."""

from __future__ import annotations

import dataclasses

from okrbot.config import Config
from okrbot.facts.asked import model_verdicts, taught
from okrbot.model import clean
from okrbot.store import Store
from okrbot.store.writing import text_hash
from okrbot.wording import LEVELS, guess_level, judge
from okrbot.wording.llm import Opinion

MOST = 1000  # characters of a text; a command of Slack's holds more


def opinion(store: Store, config: Config, typed: str) -> Opinion:
    """Return whose verdict on `typed` counts, at the level somebody taught it or else the one it most likely has.

    The model is not asked here, for an answer in Slack should not wait for it; what it said at an audit is known.
    """
    text = clean(typed.strip())[:MOST]
    said, hash_ = taught(store), text_hash(text)
    level = guess_level(text)
    level = next((one for one in (level, *LEVELS) if (one, hash_) in said), level)
    own = judge(text, level=level)
    if kind := said.get((level, hash_)):
        suggestion = own.suggestion if own.kind == kind else ""
        return Opinion(
            dataclasses.replace(own, kind=kind, confidence=1.0, because=("a person said so",), suggestion=suggestion), own, "person"
        )
    if kept := model_verdicts(store, config)[level].get(hash_):
        same = str(kept["kind"]) == own.kind
        verdict = dataclasses.replace(
            own,
            kind=str(kept["kind"]),
            confidence=float(kept["confidence"]),
            because=tuple(map(str, kept["because"])),
            suggestion=own.suggestion if same else "",
        )
        return Opinion(verdict, own, "llm")
    return Opinion(own, own, "built-in")
