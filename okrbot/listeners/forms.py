"""Forms: what was typed becomes an answer or a setting, in the store before the form closes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack

from okrbot import answers, prompts
from okrbot.answers import Answer, AnswerError, Taken
from okrbot.blocks import modals
from okrbot.blocks import prompt as shown
from okrbot.blocks.escape import escape
from okrbot.blocks.limits import Block
from okrbot.blocks.parts import option
from okrbot.listeners.answering import NOT_YOURS, sentence
from okrbot.listeners.desk import Body, Desk, home_team_of, person_of, values_of, workspace_of
from okrbot.listeners.homing import publish
from okrbot.listeners.repaint import repaint
from okrbot.listeners.standing import SENTENCES
from okrbot.store.people import may_set, may_speak, put_setting

ACTIONS = {modals.LINK_FORM: "link", modals.FINE_FORM: "fine", modals.OUTCOME_FORM: "outcome"}
DAY_NAMES = {value: name for name, value in modals.DAYS}
FIELDS = {"link": ("key_result", "expected"), "fine": ("why", "weeks"), "outcome": ("verdict", "text")}


def submitted(desk: Desk, body: Body, ack: Ack) -> None:
    """Take the answer of a form; what does not fit is said beside its input, and the form stays open."""
    view = body["view"]
    action = ACTIONS[str(view.get("callback_id"))]
    remembered = modals.remembered(str(view.get("private_metadata", "")))
    prompt, person = remembered.get("prompt", ""), person_of(body)
    standing = desk.standing.of(person, team=home_team_of(body))
    try:
        with desk.store.begin() as db:
            value = _value(db, action, values_of(view))
            # The form's own id is the stamp: sent twice, it is one answer; opened again, it is another.
            answer = Answer(workspace_of(body), prompt, person, action, str(view.get("id", "")), value)
            taken = answers.take(db, desk.config, answer, now=desk.clock(), standing=standing)
    except AnswerError as error:
        ack(response_action="errors", errors={error.field or FIELDS[action][0]: str(error)})
        return
    ack(response_action="update", view=_result(taken, standing))
    if taken.outcome != "refused":
        repaint(desk.store, desk.client, prompt, also=(remembered.get("channel", ""), remembered.get("ts", "")))
        publish(desk, person)


def suggested(desk: Desk, body: Body, ack: Ack) -> None:
    """Offer the key results that match what a person types."""
    remembered = modals.remembered(str((body.get("view") or {}).get("private_metadata", "")))
    query, standing = str(body.get("value", "")), desk.standing.of(person_of(body), team=home_team_of(body))
    with desk.store.engine.connect().execution_options(reading=True) as db:
        prompt = prompts.by_id(db, remembered.get("prompt", ""))
        product = prompt.product if prompt else ""
        person = person_of(body)
        allowed = prompt is not None and not standing and may_speak(db, desk.config, product=product, asked=prompt.person, person=person)
        found = answers.choices(db, product, query, today=desk.clock().date()) if allowed else []
    ack(options=[option(choice.title, choice.value) for choice in found])


def day_changed(desk: Desk, body: Body, ack: Ack) -> None:
    """Keep the day and time that an owner wants a product's digest at."""
    view, person = body["view"], person_of(body)
    product = modals.remembered(str(view.get("private_metadata", ""))).get("product", "")
    said = values_of(view)
    standing = desk.standing.of(person, team=home_team_of(body))
    with desk.store.begin() as db:
        allowed = not standing and may_set(db, desk.config, product, person)
        if allowed:
            put_setting(db, f"product:{product}", day=said.get("day"), time=said.get("time"), by=person)
    if not allowed:
        ack(response_action="update", view=modals.window("okrbot", SENTENCES.get(standing, NOT_YOURS)))
        return
    words = f"From now on the digest of *{escape(product, 60)}* comes on {DAY_NAMES.get(said.get('day', ''), said.get('day'))}s at {said.get('time')} ({desk.config.okrbot.timezone})."
    ack(
        response_action="update",
        view=modals.window("Kept", f"{words} One a week at most: if this week's came already, it starts next week."),
    )
    publish(desk, person)


def _value(db: Any, action: str, typed: Mapping[str, str]) -> dict[str, Any]:
    value: dict[str, Any] = {name: typed.get(name, "").strip() for name in FIELDS[action]}
    if action == "link":
        choice = answers.chosen(db, value["key_result"])
        value |= {"key_result": choice.value, "title": choice.title} if choice else {"key_result": ""}
    if action == "fine":
        value["weeks"] = int(value["weeks"]) if value["weeks"].isdigit() else -1
    return value


def _result(taken: Taken, standing: str) -> Block:
    if taken.outcome == "refused":
        return modals.window("okrbot", SENTENCES.get(standing, NOT_YOURS))
    window = modals.window("Kept" if taken.outcome == "accepted" else "okrbot", sentence(taken))
    if taken.outcome == "accepted" and taken.counts is not None:
        window["blocks"] = [
            shown.outcome(taken.counts, block_id=f"w:{taken.counts.id}"[:255], about="*Kept. It counts at the next audit.*")
        ]
    return window
