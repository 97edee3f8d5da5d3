"""`/okrbot`: my questions, why a key was flagged, the judge, a preview, snoozing, settings; answered to the one who typed it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import sqlalchemy as sa
from slack_bolt import Ack, Respond

from okrbot import answers, prompts
from okrbot.answers import Answer, AnswerError
from okrbot.blocks import modals
from okrbot.blocks import prompt as shown
from okrbot.blocks.digest import CHANGE_DAY, MUTE
from okrbot.blocks.escape import escape
from okrbot.blocks.home import UNMUTE
from okrbot.blocks.limits import MOST_BLOCKS, MOST_CHARACTERS, Block, size
from okrbot.blocks.pieces import actions, button, context, section
from okrbot.blocks.sentences import Marked, say
from okrbot.listeners.answering import sentence
from okrbot.listeners.desk import Body, Desk
from okrbot.listeners.homing import card, publish, waiting_for
from okrbot.listeners.judging import opinion
from okrbot.listeners.repaint import repaint
from okrbot.listeners.standing import SENTENCES
from okrbot.model import instant
from okrbot.render import count
from okrbot.slack.trouble import ERRORS
from okrbot.store import tables as t
from okrbot.store.people import not_found, products_of

PAGE = "command.j2"
MOST = 5
ROOM = MOST_CHARACTERS - 500
SNOOZES = {"": "2w", "2w": "2w", "cycle": "cycle", "change": "change"}
FOR_OWNERS = "That is for owners of a product. `/okrbot connect` tells me who you are; `/okrbot judge …` is for everybody."


def command(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Answer `/okrbot`; what is to be kept is in the store before it is acknowledged."""
    words = html.unescape(str(body.get("text", ""))).split()
    verb = words[0].lower() if words else ""
    if verb != "snooze":
        ack()
    standing = desk.standing.of(str(body.get("user_id", "")), team="")
    snoozed = _snoozed(desk, body, words[1:]) if verb == "snooze" and not standing else []
    if verb == "snooze":
        ack()
    if verb == "help":
        _say(respond, [section(say(PAGE, "help", {}))], "What okrbot can do here")
    elif standing:
        _say(respond, [section(SENTENCES[standing])], SENTENCES[standing])
    elif verb == "judge":
        _judge(desk, respond, " ".join(words[1:]))
    elif verb == "connect":
        _connect(desk, body, respond)
    else:
        _for_owners(desk, body, respond, verb, words, snoozed)


def _for_owners(desk: Desk, body: Body, respond: Respond, verb: str, words: Sequence[str], snoozed: Sequence[tuple[str, str]]) -> None:
    person = str(body.get("user_id", ""))
    with desk.store.engine.connect().execution_options(reading=True) as db:
        mine = products_of(db, desk.config, person)
    if not mine and person in desk.config.slack.admins:
        mine = tuple(p.name for p in desk.config.products) if verb in ("preview", "settings") else ()
    if not mine:
        _say(respond, [section(FOR_OWNERS)], FOR_OWNERS)
    elif verb == "":
        _mine(desk, respond, person, mine)
    elif verb == "preview":
        _preview(desk, respond, mine, " ".join(words[1:]))
    elif verb == "settings":
        _settings(desk, respond, mine, " ".join(words[1:]))
    elif verb == "snooze":
        _snooze(desk, respond, person, words[1:], snoozed)
    else:
        _key(desk, respond, mine, " ".join(words))


def _preview(desk: Desk, respond: Respond, mine: tuple[str, ...], asked: str) -> None:
    wanted = _product(respond, mine, asked) if asked else mine[0]
    if not wanted:
        return
    said = f"The digest of {escape(wanted, 60)} as it would be now. Only you see this; nothing was sent."
    _say(respond, desk.preview(wanted), said)


def _product(respond: Respond, mine: tuple[str, ...], asked: str) -> str:
    """Return the product somebody named; "" where it is none of theirs, and they were told."""
    wanted = next((name for name in mine if name.casefold() == asked.casefold()), "")
    if not wanted:
        words = say(PAGE, "no_product", {"asked": asked, "mine": mine[:MOST], "more": max(0, len(mine) - MOST)})
        _say(respond, [section(words)], "No such product")
    return wanted


def _mine(desk: Desk, respond: Respond, person: str, mine: tuple[str, ...]) -> None:
    with desk.store.engine.connect().execution_options(reading=True) as db:
        waiting = waiting_for(db, person, mine)
    blocks = [block for prompt in waiting[:MOST] for block in shown.question(prompt)[:3]]
    if not waiting:
        blocks = [section("Nothing waits for your answer.")]
    elif len(waiting) > MOST:
        blocks.append(context(f"and {len(waiting) - MOST} more on my Home tab"))
    _say(respond, blocks, f"{count(len(waiting), 'question waits', 'questions wait')} for you")


def _key(desk: Desk, respond: Respond, mine: tuple[str, ...], key: str) -> None:
    f, e = t.findings.c, t.finding_events.c
    with desk.store.engine.connect().execution_options(reading=True) as db:
        chosen = sa.select(t.findings).where(_names(key), f.product.in_(list(mine))).order_by(f.state, f.rule)
        rows = db.execute(chosen).mappings().all()
        history = {
            row["rule"]: [
                (instant(at), what, detail)
                for at, what, detail in db.execute(
                    sa.select(e.at, e.what, e.detail).where(e.rule == row["rule"], e.subject == row["subject"]).order_by(e.at, e.id)
                )
            ]
            for row in rows
        }
    if not rows:
        _say(respond, [section(say(PAGE, "no_key", {"key": key}))], "No finding on that")
        return
    pages = desk.pages()
    blocks: list[Block] = []
    for row in rows[:MOST]:
        page = pages.get(row["rule"])
        values = {
            "row": row,
            "title": page.title if page else row["rule"],
            "since": instant(row["first_seen"]),
            "history": history[row["rule"]][-6:],
        }
        blocks += [
            section(shown.named(dict(row))),
            section(say(PAGE, "finding", values)),
            context(say(PAGE, "history", values)),
        ]
    if len(rows) > MOST:
        blocks.append(context(f"and {len(rows) - MOST} more findings"))
    _say(respond, blocks, f"Why {escape(key, 60)} was flagged")


def _names(typed: str) -> sa.ColumnElement[bool]:
    """Return the condition that a finding is about what somebody typed: a key, or the title of what has no key for people."""
    f = t.findings.c
    return sa.or_(sa.func.lower(f.key) == typed.lower(), sa.func.lower(f.title) == typed.lower())


def _judge(desk: Desk, respond: Respond, text: str) -> None:
    if not text.strip():
        _say(
            respond,
            [section("Write the text behind it: `/okrbot judge Raise completed checkouts from 62 % to 70 %`")],
            "What shall I judge?",
        )
        return
    found = opinion(desk.store, desk.config, text)
    said = say(PAGE, "verdict", {"v": found.verdict, "other": found.built_in if found.disagrees else None, "by": found.by})
    _say(respond, [section(said)], "A judgement")


def _snoozed(desk: Desk, body: Body, words: Sequence[str]) -> list[tuple[str, str]]:
    """Keep a snooze of every open finding on a key; return each question with what became of it, in words."""
    until = _until(words)
    if until is None:
        return []
    f, now, person = t.findings.c, desk.clock(), str(body.get("user_id", ""))
    found: list[tuple[str, str]] = []
    with desk.store.begin() as db:
        mine = products_of(db, desk.config, person)
        chosen = sa.select(f.rule, f.subject).where(_names(words[0]), f.product.in_(list(mine)), f.state.in_(["open", "returned"]))
        for row in db.execute(chosen).all():
            prompt = prompts.open_question(db, row.rule, row.subject, person=person, pages=desk.pages(), now=now)
            if prompt is None:
                continue
            stamp = f"/{body.get('trigger_id', '')}"
            answer = Answer(str(body.get("team_id", "")), prompt.id, person, "snooze", stamp, {"until": until})
            try:
                said = sentence(answers.take(db, desk.config, answer, now=now))
            except AnswerError as error:
                said = str(error)
            found.append((prompt.id, said))
    return found


def _until(words: Sequence[str]) -> str | None:
    return SNOOZES.get(words[1].lower() if len(words) > 1 else "") if words else None


def _snooze(desk: Desk, respond: Respond, person: str, words: Sequence[str], snoozed: Sequence[tuple[str, str]]) -> None:
    if _until(words) is None:
        _say(respond, [section("Write `/okrbot snooze KEY`, and if you like `2w`, `cycle` or `change` behind it.")], "Which one?")
        return
    if not snoozed:
        _say(respond, [section(say(PAGE, "no_key", {"key": words[0]}))], "No finding on that")
        return
    for prompt, _ in snoozed:
        repaint(desk.store, desk.client, prompt)
    publish(desk, person)
    _say(respond, [section("\n".join(dict.fromkeys([said for _, said in snoozed][:10])))], "Snoozed")


def _settings(desk: Desk, respond: Respond, mine: tuple[str, ...], asked: str) -> None:
    if asked and not (named := _product(respond, mine, asked)):
        return
    mine = (named,) if asked else mine
    blocks: list[Block] = []
    with desk.store.engine.connect().execution_options(reading=True) as db:
        for name in mine[:MOST]:
            found = card(db, desk.config, name, now=desk.clock())
            muted = shown.when(found.muted_until) if found.muted_until else ""
            blocks.append(
                section(
                    say(
                        "home.j2",
                        "card",
                        {"card": found, "muted": Marked(muted), "by": Marked(f"<@{found.muted_by}>") if found.muted_by else ""},
                    )
                )
            )
            mute = button("Speak again", UNMUTE, value=found.value) if muted else button("Mute 4 weeks", MUTE, value=found.value)
            blocks.append(actions([button("Change day", CHANGE_DAY, value=found.value), mute], block_id=f"p:{name}"[:255]))
    if len(mine) > MOST:
        blocks.append(context(f"and {len(mine) - MOST} more: name one, `/okrbot settings NAME`"))
    _say(respond, blocks, "Settings")


def _connect(desk: Desk, body: Body, respond: Respond) -> None:
    with desk.store.engine.connect().execution_options(reading=True) as db:
        names = not_found(db, desk.config)
    if not names:
        _say(respond, [section("Everybody whom the configuration names is known to me.")], "Nothing to connect")
        return
    try:
        desk.client.views_open(trigger_id=str(body.get("trigger_id", "")), view=modals.connect_form())
    except ERRORS:
        _say(respond, [section("Slack did not let me open the form. Please try again.")], "Please try again")


def _say(respond: Respond, blocks: Sequence[Block], text: str) -> None:
    """Answer the one who typed; what does not fit into one answer is left out, and that is said."""
    kept = list(blocks)[: MOST_BLOCKS["message"]]
    while size(kept) > ROOM and len(kept) > 1:
        kept.pop()
    if len(kept) < len(blocks):
        kept = [*kept[: MOST_BLOCKS["message"] - 1], context("There is more; it did not fit here. My Home tab and the report have it.")]
    respond(text=text, blocks=kept, response_type="ephemeral", replace_original=False)
