"""Whatever else arrives: clicks on messages of another age, on buttons nobody knows any more. Nobody is left without an answer."""

from __future__ import annotations

import logging

from slack_bolt import Ack, Respond

from okrbot.blocks import modals
from okrbot.blocks.prompt import prompt_of
from okrbot.listeners.answering import note
from okrbot.listeners.desk import Body, Desk, click_of
from okrbot.listeners.repaint import CLOSED, look, repaint

log = logging.getLogger(__name__)

OLD = "This button is from another version of okrbot. My Home tab shows what is open now."


def any_action(desk: Desk, body: Body, ack: Ack, respond: Respond) -> None:
    """Answer a click that no other listener takes, and show the question as it stands today."""
    ack()
    click = click_of(body)
    if (body.get("actions") or [{}])[0].get("url"):
        return  # a link: the click is only told to us
    if click.view is not None and not click.from_home and not prompt_of(click.block):
        return  # a choice inside a form: it counts when the form is sent
    prompt = prompt_of(click.block)
    seen = look(desk.store, prompt) if prompt else None
    if seen is not None and click.view is None:
        repaint(desk.store, desk.client, prompt, also=(click.channel, click.ts))
        note(desk, click, respond, "I brought this question up to date. Please choose again." if seen[0].open else CLOSED[""])
        return
    note(desk, click, respond, OLD)


def any_form(_desk: Desk, _body: Body, ack: Ack) -> None:
    """Answer a form of another version."""
    ack(
        response_action="update",
        view=modals.window("okrbot", "This form is from another version of okrbot. Nothing was kept; please open it again."),
    )


def any_options(_desk: Desk, _body: Body, ack: Ack) -> None:
    """Offer nothing where nobody knows what is asked."""
    ack(options=[])


def any_shortcut(_desk: Desk, _body: Body, ack: Ack) -> None:
    """Take a shortcut or closed window that means nothing to us."""
    ack()
