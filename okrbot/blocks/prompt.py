"""A question as a message: what was flagged and why, one question, its answers, and what each answer does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from okrbot.answers import Given
from okrbot.blocks.escape import escape, fit, link
from okrbot.blocks.limits import MOST_FALLBACK, Block
from okrbot.blocks.parts import overflow, select
from okrbot.blocks.pieces import actions, button, context, section
from okrbot.blocks.sentences import Marked, say
from okrbot.findings import called
from okrbot.prompts import Prompt

# Messages stay clickable for years: a new meaning gets a new version, an old one is answered kindly (see listeners).
LINK, KIND, STOP, FINE, SNOOZE, MORE = "okr.v1.link", "okr.v1.class", "okr.v1.stop", "okr.v1.fine", "okr.v1.snooze", "okr.v1.more"
OUTCOME, EARLY, UNDO = "okr.v1.outcome", "okr.v1.early", "okr.v1.undo"
CONFIRM, DENY = "okr.v1.confirm", "okr.v1.deny"
SNOOZES = (("for two weeks", "2w"), ("until the next cycle", "cycle"), ("until it changes", "change"))
PAGE = "prompt.j2"


def block_id(prompt: Prompt, part: str) -> str:
    """Return the id of one block of a question; it is new whenever the question is shown in a new state."""
    return f"{part}:{prompt.id}:{prompt.version}"


def prompt_of(block: str) -> str:
    """Return the id of the question that a block id names, "" if it names none."""
    parts = block.split(":")
    return parts[1] if len(parts) >= 3 else ""


def subject(prompt: Prompt) -> str:
    """Return what a question is about, as one line of Slack's markup."""
    return named(prompt.said)


def named(said: Mapping[str, object]) -> str:
    """Return the key of a finding's subject as a link, and its title; only the title where the key is a number for machines."""
    key, title = str(said.get("key", "")), str(said.get("title", ""))
    label = called(key, title)
    name = link(str(said.get("url", "")), label, 60 if label == key else 120) or "?"
    return f"*{name}*" if title in ("", label) else f"*{name}* {escape(title, 120)}"


def question(prompt: Prompt, *, number: int = 0, of: int = 0, first: bool = False) -> list[Block]:
    """Return the blocks of an open question; it is the `number`-th `of` so many this week, 0 says nothing of that."""
    said = _said(prompt) | {"number": number, "of": of}
    blocks = [
        section(subject(prompt), block_id=block_id(prompt, "s")),
        section(say(PAGE, "question", said), block_id=block_id(prompt, "q")),
        _answers(prompt),
        context(say(PAGE, "effects", said)),
    ]
    return [*blocks, context(say(PAGE, "first", said))] if first else blocks


def text(prompt: Prompt) -> str:
    """Return the sentence for notifications and screen readers."""
    return say(PAGE, "notice", _said(prompt))


def settled(prompt: Prompt, blocks: Sequence[Block]) -> str:
    """Return the sentence for screen readers of a question that takes no answer any more: what its last block says."""
    last = blocks[-1]
    words = str((last.get("text") or last["elements"][0])["text"])
    return fit(f"{escape(str(_said(prompt)['key']), 120)}: {words}", MOST_FALLBACK)


def answered(prompt: Prompt, given: Given) -> list[Block]:
    """Return the blocks of an answered question: who said what and when, and Undo."""
    return [section(subject(prompt), block_id=block_id(prompt, "s")), outcome(given, block_id=block_id(prompt, "u"))]


def outcome(given: Given, *, block_id: str, about: str = "", label: str = "Undo") -> Block:
    """Return one line that says who answered what and when, after what it is `about`, with a button that takes it back."""
    lead = f"{about}\n" if about else ""
    return section(
        f"{lead}:white_check_mark: <@{given.person}> {said(given)}, {when(given.at)}.",
        block_id=block_id,
        accessory=button(label, UNDO, value=given.id),
    )


def taken_back(given: Given, undo: Given) -> Block:
    """Return the line under an open question that says who took whose answer back, and when."""
    whose = "their own answer" if given.person == undo.person else f"the answer of <@{given.person}>"
    return context(f":leftwards_arrow_with_hook: <@{undo.person}> took back {whose}, {when(undo.at)}.")


def closed(prompt: Prompt, sentence: str) -> list[Block]:
    """Return the blocks of a question that takes no answer any more."""
    return [section(subject(prompt), block_id=block_id(prompt, "s")), context(sentence)]


def said(given: Given) -> str:
    """Return an answer in words, as what follows a name."""
    names = ("title", "key_result", "expected", "work_class", "until", "why", "weeks", "verdict", "text")
    return say(PAGE, "said", {"action": given.action, **{name: given.value.get(name, "") for name in names}})


def when(at: dt.datetime) -> str:
    """Return an instant that Slack shows in the reader's own zone, with UTC where it cannot."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC>"


def _said(prompt: Prompt) -> dict[str, object]:
    names = ("rule_title", "note", "question", "expected")
    return {
        "kind": prompt.kind,
        "about_item": prompt.about_item,
        "product": prompt.product,
        "claimant": Marked(f"<@{prompt.said['claimant']}>") if prompt.kind == "connect" else "",
        "key": called(str(prompt.said.get("key", "")), str(prompt.said.get("title", ""))),
        **{name: str(prompt.said.get(name, "")) for name in names},
    }


def _answers(prompt: Prompt) -> Block:
    place = block_id(prompt, "a")
    if prompt.kind == "connect":
        return actions([button("Yes, that is them", CONFIRM, style="primary"), button("No", DENY)], block_id=place)
    if prompt.kind == "followup":
        return actions([button("Tell what happened…", OUTCOME, style="primary"), button("Too early to tell", EARLY)], block_id=place)
    later = select("Ask me later…", SNOOZE, SNOOZES)
    if not prompt.about_item:
        return actions([button("Not a problem because…", FINE), later], block_id=place)
    elements = [
        button("Link a key result…", LINK, style="primary"),
        button("It is maintenance", KIND, value="ktlo"),
        button("We stop this", STOP),
        button("Not a problem because…", FINE),
        later,
        overflow(MORE, (("It is discovery", "discovery"), ("It is enabling work", "enabling"), ("Why am I asked?", "why"))),
    ]
    return actions(elements, block_id=place)
