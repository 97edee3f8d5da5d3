"""The forms: link a key result, say why it is fine, tell what happened, settings, connect; and windows that only show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from okrbot.blocks.escape import escape
from okrbot.blocks.limits import Block
from okrbot.blocks.parts import field, modal, radio, search, select, text_field
from okrbot.blocks.pieces import context, divider, section
from okrbot.blocks.prompt import question, subject
from okrbot.prompts import Prompt
from okrbot.render import count

LINK_FORM, FINE_FORM, OUTCOME_FORM = "okr.v1.link", "okr.v1.fine", "okr.v1.outcome"
DAY_FORM, CONNECT_FORM, SHOWN = "okr.v1.day", "okr.v1.connect", "okr.v1.shown"
KEY_RESULTS = "okr.v1.key_results"  # the select whose options come from the store
DAYS = (
    ("Monday", "mon"),
    ("Tuesday", "tue"),
    ("Wednesday", "wed"),
    ("Thursday", "thu"),
    ("Friday", "fri"),
    ("Saturday", "sat"),
    ("Sunday", "sun"),
)
TIMES = tuple((f"{hour:02d}:{minute:02d}",) * 2 for hour in range(6, 19) for minute in (0, 30))
HOLDS = (("4 weeks", "4"), ("13 weeks", "13"), ("26 weeks", "26"), ("until the finding changes", "0"))
VERDICTS = (("The number moved", "moved"), ("The number did not move", "not_moved"), ("It cannot be told yet", "unclear"))


def metadata(prompt: Prompt, *, channel: str = "", ts: str = "") -> str:
    """Return what a form must remember: its question, and the message it was opened from."""
    return json.dumps({"prompt": prompt.id, "version": prompt.version, "channel": channel, "ts": ts})


def remembered(text: str) -> Mapping[str, str]:
    """Return what `metadata` wrote; nothing where another version wrote something else."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def link_form(prompt: Prompt, remember: str) -> Block:
    """Return the form that asks for a key result."""
    blocks = [
        section(subject(prompt)),
        field(
            "Which key result should it move?", "key_result", search("Type to search, or open to see those of your product", KEY_RESULTS)
        ),
        text_field(
            "By about how much?", "expected", hint="In a month after it ships I ask what happened.", many_lines=False, optional=True
        ),
        context("It counts for this key result from the next audit on. Nothing is written to your tracker."),
    ]
    return modal("Link a key result", blocks, callback_id=LINK_FORM, submit="Link", close="Cancel", metadata=remember)


def fine_form(prompt: Prompt, remember: str) -> Block:
    """Return the form that asks why a finding is no problem."""
    blocks = [
        section(f"{subject(prompt)}\n{escape(str(prompt.said.get('note', '')), 400)}"),
        text_field("This is not a problem because…", "why", hint="The next reader of the report sees this.", least=5),
        field("Hold it back for", "weeks", select("Choose", "weeks", HOLDS, initial="13")),
    ]
    return modal("Not a problem", blocks, callback_id=FINE_FORM, submit="Set aside", close="Cancel", metadata=remember)


def outcome_form(prompt: Prompt, remember: str) -> Block:
    """Return the form that asks what happened after a launch."""
    expected = str(prompt.said.get("expected", ""))
    said = f"\nYou expected: {escape(expected, 400)}" if expected else ""
    blocks = [
        section(subject(prompt) + said),
        field("What happened?", "verdict", radio("verdict", VERDICTS)),
        text_field("In a sentence: what changed, and where can one read it?", "text", least=5),
    ]
    return modal("What happened?", blocks, callback_id=OUTCOME_FORM, submit="Keep", close="Cancel", metadata=remember)


def questions_window(product: str, prompts: Sequence[Prompt], *, more: int, decided: int = 0) -> Block:
    """Return the window that shows questions about a product, each with its answers; `decided` of the digest's are settled by now."""
    blocks: list[Block] = []
    for prompt in prompts[:12]:
        blocks += [*question(prompt)[:3], divider()]
    if not blocks:
        blocks = [section("Nothing waits for an answer.")]
    if decided:
        blocks.append(
            context(f"{count(decided, 'thing')} that this digest asked to decide {'is' if decided == 1 else 'are'} settled by now.")
        )
    if more:
        blocks.append(context(f"{count(more, 'more finding')} of this product {'is' if more == 1 else 'are'} in the report."))
    return modal(f"To decide: {product}", blocks, callback_id=SHOWN)


def window(title: str, *paragraphs: str) -> Block:
    """Return a window that only shows; foreign text must be escaped already."""
    return modal(title, [section(text) for text in paragraphs if text.strip()], callback_id=SHOWN)


def day_form(product: str, *, day: str, time: str) -> Block:
    """Return the form that changes when a product's digest comes."""
    times = TIMES if (time, time) in TIMES else ((time, time), *TIMES)
    blocks = [
        section(f"When should the weekly digest of *{escape(product, 60)}* come? The clock is the company's."),
        field("Day", "day", select("Day", "day", DAYS, initial=day)),
        field("Time", "time", select("Time", "time", times, initial=time)),
    ]
    return modal(
        "Day of the digest", blocks, callback_id=DAY_FORM, submit="Save", close="Cancel", metadata=json.dumps({"product": product})
    )


def connect_form() -> Block:
    """Return the form on which somebody says which owner of the configuration they are; it shows nobody's address."""
    blocks = [
        section("Some product owners are written in okrbot's configuration by an e-mail address that Slack does not show me."),
        text_field("By which address, or slack:U…, does the configuration name you?", "name", many_lines=False, least=3),
        context("Somebody who already answers for that product, or an admin of okrbot, is asked to confirm it."),
    ]
    return modal("Connect me", blocks, callback_id=CONNECT_FORM, submit="That is me", close="Cancel")
