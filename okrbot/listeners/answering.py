"""Clicks on a question: keep the answer, acknowledge it, show it; or open the form that an answer needs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, Respond

from okrbot import answers, prompts
from okrbot.answers import Answer, AnswerError, Taken
from okrbot.blocks import modals
from okrbot.blocks import prompt as shown
from okrbot.blocks.escape import escape
from okrbot.blocks.limits import Block
from okrbot.listeners.desk import Body, Click, Desk, click_of, home_team_of
from okrbot.listeners.homing import publish
from okrbot.listeners.repaint import CLOSED, repaint
from okrbot.listeners.standing import SENTENCES
from okrbot.model import millis
from okrbot.slack.outbox import by_key, change
from okrbot.slack.trouble import ERRORS
from okrbot.store.people import may_speak

log = logging.getLogger(__name__)

NOT_YOURS = "Only the owners of this product can answer here. Nothing was changed."
FORMS = {shown.LINK: modals.link_form, shown.FINE: modals.fine_form, shown.OUTCOME: modals.outcome_form}


def clicked(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Take a one-click answer: into the store, then acknowledged, then shown."""
    click = click_of(body)
    action, value = _meaning(click)
    if action == "why":
        ack()
        _why(desk, click, respond)
        return
    prompt = shown.prompt_of(click.block)
    answer = Answer(click.workspace, prompt, click.person, action, click.stamp, value)
    standing = desk.standing.of(click.person, team=home_team_of(body))
    try:
        with desk.store.begin() as db:
            taken = answers.take(db, desk.config, answer, now=desk.clock(), standing=standing)
    except AnswerError as error:
        ack()
        note(desk, click, respond, str(error))
        return
    ack()
    tell(desk, click, respond, prompt, taken, standing=standing)


def undone(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Take an answer back."""
    click = click_of(body)
    standing = desk.standing.of(click.person, team=home_team_of(body))
    with desk.store.begin() as db:
        taken = answers.undo(db, desk.config, click.value, person=click.person, stamp=click.stamp, now=desk.clock(), standing=standing)
        given = answers.by_id(db, click.value)
    ack()
    prompt = given.prompt if given else ""
    if taken.outcome == "undone":
        _show(desk, click, respond, prompt, "Taken back. The question is open again.")
    elif taken.outcome == "refused":
        note(desk, click, respond, SENTENCES.get(standing, NOT_YOURS))
    else:
        words = _undone_before(desk, prompt, taken)
        _show(desk, click, respond, prompt, words)
        note(desk, click, respond, words)
    if given is not None and given.person != click.person and taken.outcome == "undone":
        publish(desk, given.person)


def _undone_before(desk: Desk, prompt: str, taken: Taken) -> str:
    """Return what a person is told who takes back what counts no more."""
    if taken.counts is not None:
        given = taken.counts
        return f"That answer counts no more. <@{given.person}> has answered since, {shown.when(given.at)}: {shown.said(given)}."
    with desk.store.engine.connect().execution_options(reading=True) as db:
        before = answers.taken_back(db, prompt)
    if before is not None:
        return f"<@{before[1].person}> took that back already, {shown.when(before[1].at)}. The question is open again."
    return "There is nothing to take back here any more."


def opened(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Open the form of an answer that needs words, for those who may answer an open question; tell the others."""
    click = click_of(body)
    ack()
    prompt_id = shown.prompt_of(click.block)
    standing = desk.standing.of(click.person, team=home_team_of(body))
    with desk.store.engine.connect().execution_options(reading=True) as db:
        prompt = prompts.by_id(db, prompt_id)
        allowed = (
            prompt is not None
            and not standing
            and may_speak(db, desk.config, product=prompt.product, asked=prompt.person, person=click.person)
        )
        counts = answers.current(db, prompt_id)
    if prompt is None:
        note(desk, click, respond, CLOSED[""])
    elif not allowed:
        note(desk, click, respond, SENTENCES.get(standing, NOT_YOURS))
    elif not prompt.open:
        tell(desk, click, respond, prompt_id, Taken("also_said" if counts else "late", counts, prompt.state))
    else:
        remember = modals.metadata(prompt, channel=click.channel, ts=click.ts)
        _open(desk, click, respond, FORMS[click.action](prompt, remember))


def tell(desk: Desk, click: Click, respond: Respond, prompt: str, taken: Taken, *, standing: str = "") -> None:
    """Show the person what became of an answer, and everybody else who can see the question."""
    if taken.outcome == "refused":
        note(desk, click, respond, SENTENCES.get(standing, NOT_YOURS))
        return
    mine = taken.counts is not None and taken.counts.person == click.person
    said = sentence(taken, yours=mine)
    _show(desk, click, respond, prompt, said)
    if taken.outcome != "accepted" and not (taken.again and mine):
        note(desk, click, respond, said)


def sentence(taken: Taken, *, yours: bool = False) -> str:
    """Return what became of an answer, for the person who gave it; `yours`: the answer that counts is theirs as well."""
    if taken.outcome == "accepted" and taken.counts is not None:
        return f"Kept: you {shown.said(taken.counts)}. It counts at the next audit."
    if taken.counts is not None:
        given = taken.counts
        if yours:
            return f"You answered already, {shown.when(given.at)}: {shown.said(given)}. Undo takes that back; this one changes nothing."
        return (
            f"<@{given.person}> answered first, {shown.when(given.at)}: {shown.said(given)}. Yours is kept beside it and changes nothing."
        )
    return CLOSED.get(taken.state, CLOSED[""])


def note(desk: Desk, click: Click, respond: Respond, words: str) -> None:
    """Tell one person something that nobody else sees."""
    try:
        if click.view is None:
            answer = respond(text=words, response_type="ephemeral", replace_original=False)
            if answer.status_code != 200 and click.channel:
                desk.client.chat_postEphemeral(channel=click.channel, user=click.person, text=words)
        elif click.from_home:
            desk.client.views_open(trigger_id=click.trigger, view=modals.window("okrbot", words))
        else:
            desk.client.views_push(trigger_id=click.trigger, view=modals.window("okrbot", words))
    except ERRORS as error:
        log.warning("a private note did not arrive: %s", type(error).__name__)


def _meaning(click: Click) -> tuple[str, dict[str, Any]]:
    if click.action == shown.KIND:
        return "class", {"work_class": click.value}
    if click.action == shown.MORE:
        return ("why", {}) if click.value == "why" else ("class", {"work_class": click.value})
    if click.action == shown.SNOOZE:
        return "snooze", {"until": click.value}
    return ("stop" if click.action == shown.STOP else "too_early"), {}


def _show(desk: Desk, click: Click, respond: Respond, prompt: str, said: str) -> None:
    if click.view is None and click.ts:
        _seen(desk, click, prompt)
    fine = repaint(desk.store, desk.client, prompt, also=(click.channel, click.ts) if click.view is None else ("", ""))
    if click.view is not None and not click.from_home:
        _refresh_window(desk, click.view, prompt, said)
    publish(desk, click.person, home=click.view if click.from_home else None)
    if not fine and click.view is None:
        note(desk, click, respond, said)


def _seen(desk: Desk, click: Click, prompt: str) -> None:
    """Take a click on a message of which nobody knew whether it arrived for what it is: it did."""
    key = prompts.delivery_key(prompt)
    with desk.store.engine.connect().execution_options(reading=True) as db:
        row = by_key(db, key)
    if row is not None and row.state in ("doubt", "held"):
        at = millis(desk.clock())
        with desk.store.begin() as db:
            change(db, key, only=("doubt", "held"), state="sent", channel_id=click.channel, ts=click.ts, sent=at, error="")


def _refresh_window(desk: Desk, view: Mapping[str, Any], prompt: str, said: str) -> None:
    window = modals.window("okrbot", said)
    with desk.store.engine.connect().execution_options(reading=True) as db:
        given = answers.current(db, prompt)
    if given is not None:
        window["blocks"] = [shown.outcome(given, block_id=f"w:{given.id}"[:255], about="*Kept. It counts at the next audit.*")]
    try:
        desk.client.views_update(view_id=str(view.get("id", "")), view=window)
    except ERRORS as error:
        log.warning("a window could not be refreshed: %s", type(error).__name__)


def _open(desk: Desk, click: Click, respond: Respond, view: Block) -> None:
    try:
        if click.view is not None and not click.from_home:
            desk.client.views_push(trigger_id=click.trigger, view=view)
        else:
            desk.client.views_open(trigger_id=click.trigger, view=view)
    except ERRORS as error:
        log.warning("a form could not be opened: %s", type(error).__name__)
        note(desk, click, respond, "Slack did not let me open the form. Please click again.")


def _why(desk: Desk, click: Click, respond: Respond) -> None:
    with desk.store.engine.connect().execution_options(reading=True) as db:
        prompt = prompts.by_id(db, shown.prompt_of(click.block))
    if prompt is None:
        note(desk, click, respond, CLOSED[""])
        return
    page = desk.pages().get(prompt.rule)
    why = escape(page.why, 1500) if page else ""
    remedy = escape(page.remedy, 1000) if page else ""
    words = (
        shown.subject(prompt),
        f"Rule “{escape(str(prompt.said.get('rule_title', '')), 100)}”: {escape(str(prompt.said.get('note', '')), 400)}.",
    )
    _open(desk, click, respond, modals.window("Why am I asked?", *words, why, f"*What to do:* {remedy}" if remedy else ""))
