"""App Home: what waits for a person, what is snoozed, what was answered lately, their products, and the bot's health for admins."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from okrbot.answers import Given
from okrbot.blocks.digest import CHANGE_DAY, MUTE
from okrbot.blocks.escape import escape
from okrbot.blocks.limits import MOST_BLOCKS, TEXTS, Block
from okrbot.blocks.pieces import actions, button, context, divider, header, section
from okrbot.blocks.prompt import named, outcome, question, when
from okrbot.blocks.sentences import Marked, say
from okrbot.prompts import Prompt

QUIET, SPEAK, CONNECT, UNMUTE = "okr.v1.home.quiet", "okr.v1.home.speak", "okr.v1.home.connect", "okr.v1.home.unmute"
PAGE = "home.j2"
ROWS, SMALL = 12, 8  # questions and lines that are shown; the rest is counted


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """One product of this person, with its settings as they are now. `value` is what its buttons carry."""

    name: str
    channel: str
    open: int
    day: str
    time: str
    zone: str
    muted_until: dt.datetime | None
    value: str
    muted_by: str = ""  # the Slack id of who muted it
    missing: str = ""  # why the digest that was due has not arrived


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """What one person's Home shows. `health` are lines for admins, None for everybody else; `stopped`: the bot does not ask any more.

    `refused` is the sentence for somebody who may not speak for the company: they see nothing else.
    """

    waiting: Sequence[Prompt]
    more: int
    snoozed: Sequence[tuple[Given, dt.datetime | None]]
    lately: Sequence[Given]
    cards: Sequence[Card]
    muted_until: dt.datetime | None
    stopped: bool
    connect: bool
    health: Sequence[str] | None
    at: dt.datetime
    refused: str = ""


def home_view(home: Home) -> Block:
    """Return Home as a view; what does not fit is counted."""
    if home.refused:
        return _view([header("okrbot"), section(home.refused)], home.at)
    blocks: list[Block] = [header(f"Waiting for you ({len(home.waiting) + home.more})")]
    for prompt in home.waiting[:ROWS]:
        blocks += [*question(prompt)[:3], divider()]
    if not home.waiting:
        blocks.append(section(say(PAGE, "nothing", {"owner": bool(home.cards)})))
    if more := home.more + max(0, len(home.waiting) - ROWS):
        blocks.append(context(say(PAGE, "more", {"more": more})))
    blocks += _asking(home)
    if home.snoozed:
        blocks.append(header("Snoozed"))
        blocks += [_snooze(given, until, number) for number, (given, until) in enumerate(home.snoozed[:SMALL])]
        blocks += _rest(len(home.snoozed))
    if home.lately:
        blocks.append(header("Answered lately"))
        blocks += [
            outcome(given, block_id=f"l:{number}:{given.id}"[:255], about=_about(given)) for number, given in enumerate(home.lately[:SMALL])
        ]
        blocks += _rest(len(home.lately))
    if home.cards:
        blocks.append(header("Your products"))
        for card in home.cards[:SMALL]:
            blocks += _card(card)
        blocks += _rest(len(home.cards))
    if home.health is not None:
        blocks += [header("Health of okrbot"), section(_lines(home.health))]
    if home.connect:
        blocks.append(section(say(PAGE, "connect", {}), accessory=button("Connect me…", CONNECT), block_id="connect"))
    return _view(blocks, home.at)


def _view(blocks: Sequence[Block], at: dt.datetime) -> Block:
    shown = [*blocks[: MOST_BLOCKS["home"] - 1], context(f"As of {when(at)}. Only you see this page.")]
    return {"type": "home", "callback_id": "okr.v1.home", "blocks": shown}


def _rest(count: int) -> list[Block]:
    """Return the line that counts what is not shown."""
    return [context(f"and {count - SMALL} more")] if count > SMALL else []


def _lines(health: Sequence[str]) -> str:
    """Return as many lines as a section takes."""
    text = ""
    for line in health:
        more = f"{text}• {escape(line, 200)}\n"
        if len(more) > TEXTS["section"]:
            break
        text = more
    return text or "No word yet."


def _asking(home: Home) -> list[Block]:
    if home.muted_until:
        return [
            section(
                f"I do not ask you anything until {when(home.muted_until)}.", accessory=button("Ask me again", SPEAK), block_id="asking"
            )
        ]
    if home.stopped:
        return [section(say(PAGE, "stopped", {}), accessory=button("Ask me again", SPEAK), block_id="asking")]
    if home.cards:
        return [actions([button("Do not ask me for 4 weeks", QUIET)], block_id="asking")]
    return []


def _snooze(given: Given, until: dt.datetime | None, number: int) -> Block:
    end = Marked(when(until)) if until else "it changes"
    return section(
        say(PAGE, "snoozed", {"about": Marked(_about(given)), "end": end}),
        accessory=button("Wake it", "okr.v1.undo", value=given.id),
        block_id=f"z:{number}:{given.id}"[:255],
    )


def _about(given: Given) -> str:
    return named(given.said)


def _card(card: Card) -> list[Block]:
    muted = Marked(when(card.muted_until)) if card.muted_until else ""
    by = Marked(f"<@{card.muted_by}>") if card.muted_by else ""
    values = {"card": card, "muted": muted, "by": by}
    mute = button("Speak again", UNMUTE, value=card.value) if card.muted_until else button("Mute 4 weeks", MUTE, value=card.value)
    return [
        section(say(PAGE, "card", values)),
        actions([button("Change day", CHANGE_DAY, value=card.value), mute], block_id=f"p:{card.name}"[:255]),
    ]
