"""Who is who: a person says which owner they are, and somebody who may say so confirms it."""

from __future__ import annotations

from slack_bolt import Ack, Respond

from okrbot import answers, prompts
from okrbot.blocks import modals
from okrbot.blocks import prompt as shown
from okrbot.blocks.escape import escape
from okrbot.listeners.answering import note
from okrbot.listeners.desk import Body, Desk, click_of, home_team_of, person_of, values_of
from okrbot.listeners.homing import publish
from okrbot.listeners.outgoing import outgoing
from okrbot.listeners.repaint import repaint
from okrbot.listeners.standing import SENTENCES
from okrbot.slack.outbox import put
from okrbot.store.people import not_found, remember


def claimed(desk: Desk, body: Body, ack: Ack) -> None:
    """Take the word of somebody who says which owner they are: proven by Slack, or put to somebody who may confirm it."""
    view, person, now = body["view"], person_of(body), desk.clock()
    chosen = values_of(view).get("name", "").strip()
    with desk.store.connect() as db:
        name = next((one for one in not_found(db, desk.config) if one.casefold() == chosen.casefold()), "")
    standing = desk.standing.of(person, team=home_team_of(body))
    if standing:
        ack(response_action="update", view=modals.window("okrbot", SENTENCES[standing]))
        return
    if not name:
        ack(response_action="errors", errors={"name": "The configuration names nobody so whom I do not know already. Check the spelling."})
        return
    profile = desk.standing.profile(person)
    email = str((profile.get("profile") or {}).get("email", ""))
    with desk.store.begin() as db:
        remember(db, person, timezone=str(profile.get("tz", "")), now=now)
        asked = answers.claim(db, desk.config, person=person, name=name, email=email, now=now)
        product = next((p.name for p in desk.config.products if name in p.owners), "every product")
        prompt = None
        if asked not in ("", "known"):
            prompt = prompts.ask_who(db, claimant=person, name=name, product=product, asked=asked, now=now)
            if prompt is not None:
                put(db, outgoing(prompt, shown.question(prompt), now=now), now=now)
    if asked == "known":
        words = f"You are {escape(name, 150)}. Your questions are on the Home tab."
    elif asked:
        words = f"I asked <@{asked}> to confirm that you are {escape(name, 150)}. You hear from me when they did."
    else:
        words = f"Nobody here can confirm that. Ask whoever keeps okrbot's configuration to name you there as slack:{person}."
    ack(response_action="update", view=modals.window("Connect me", words))
    publish(desk, person)


def decided(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Take the yes or no of somebody who was asked who a person is."""
    click = click_of(body)
    prompt = shown.prompt_of(click.block)
    standing = desk.standing.of(click.person, team=home_team_of(body))
    outcome = "refused"
    if not standing:
        with desk.store.begin() as db:
            yes = click.action == shown.CONFIRM
            outcome = answers.decide(
                db, desk.config, prompt=prompt, person=click.person, yes=yes, stamp=click.stamp, workspace=click.workspace, now=desk.clock()
            )
    ack()
    if outcome == "refused":
        note(desk, click, respond, SENTENCES.get(standing, "Somebody else was asked that."))
        return
    repaint(desk.store, desk.client, prompt, also=(click.channel, click.ts) if click.view is None else ("", ""))
    if outcome != "accepted":
        note(desk, click, respond, "That was decided already.")
    publish(desk, click.person, home=click.view if click.from_home else None)
    with desk.store.engine.connect().execution_options(reading=True) as db:
        asked = prompts.by_id(db, prompt)
    if outcome == "accepted" and asked is not None:
        publish(desk, asked.subject.removeprefix("person:"))
