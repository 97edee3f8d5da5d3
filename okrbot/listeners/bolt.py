"""The Bolt app: which payload goes to which listener, and what happens when one breaks."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.authorization import AuthorizeResult

from okrbot.blocks import digest, home, modals
from okrbot.blocks import prompt as shown
from okrbot.listeners import answering, commands, connecting, digest_buttons, forms, homing, kindly
from okrbot.listeners.desk import Desk
from okrbot.slack.trouble import ERRORS

log = logging.getLogger(__name__)

THREADS = 20  # Bolt's own five are soon busy: a click that waits for a thread is a click that Slack calls failed
BROKEN = "That could not be kept. Nothing was changed; please try again in a minute."
_EVERYTHING = re.compile(".*", re.DOTALL)


def make_bolt(desk: Desk, *, signing_secret: str = "", bot_user: Callable[[], str], executor: Executor | None = None) -> App:
    """Return the Bolt app that works at `desk`. Without `signing_secret` it is for Socket Mode, where the line is trusted."""
    token = str(desk.client.token)

    def authorize(**_: Any) -> AuthorizeResult:
        # One workspace, one token: nothing is asked of Slack before a click is kept.
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token, bot_user_id=bot_user() or None)

    quiet = logging.getLogger("okrbot.bolt")
    quiet.setLevel(logging.CRITICAL)  # Bolt logs whole bodies; what matters is said by `_broke`
    hidden = {name: os.environ.pop(name) for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET") if name in os.environ}
    try:
        # With these two in the environment Bolt would switch to OAuth and drop our token.
        app = App(
            name="bolt.okrbot",  # not our package's name: Bolt sets the level of the logger so called
            client=desk.client,
            signing_secret=signing_secret or "socket mode needs none",
            authorize=authorize,
            request_verification_enabled=bool(signing_secret),
            listener_executor=executor or ThreadPoolExecutor(THREADS, thread_name_prefix="listener"),
            logger=quiet,
        )
    finally:
        os.environ.update(hidden)
    _register(app, desk)
    app.error(_broke)
    return app


def _register(app: App, desk: Desk) -> None:
    def on(decorator: Callable[..., Any], listener: Callable[..., None], *, responds: bool = True) -> None:
        if responds:

            def handed(body: dict[str, Any], ack: Ack, respond: Respond) -> None:
                listener(desk, body, ack, respond)

            decorator(handed)
        else:

            def handed_over(body: dict[str, Any], ack: Ack) -> None:
                listener(desk, body, ack)

            decorator(handed_over)

    for name in (shown.KIND, shown.STOP, shown.SNOOZE, shown.MORE, shown.EARLY):
        on(app.action(name), answering.clicked)
    for name in (shown.LINK, shown.FINE, shown.OUTCOME):
        on(app.action(name), answering.opened)
    on(app.action(shown.UNDO), answering.undone)
    for name in (shown.CONFIRM, shown.DENY):
        on(app.action(name), connecting.decided)
    for name in (digest.OPEN, digest.WHY, digest.CHANGE_DAY, digest.MUTE, home.UNMUTE):
        on(app.action(name), digest_buttons.pressed)
    for name in (home.QUIET, home.SPEAK):
        on(app.action(name), homing.asking_changed, responds=False)
    on(app.action(home.CONNECT), homing.connect_wanted)
    for name in forms.ACTIONS:
        on(app.view(name), forms.submitted, responds=False)
    on(app.view(modals.DAY_FORM), forms.day_changed, responds=False)
    on(app.view(modals.CONNECT_FORM), connecting.claimed, responds=False)
    on(app.options(modals.KEY_RESULTS), forms.suggested, responds=False)
    on(app.command(_EVERYTHING), commands.command)

    def home_opened(event: dict[str, Any]) -> None:
        homing.opened(desk, event)

    app.event("app_home_opened")(home_opened)
    # Last: what nobody above takes.
    on(app.action(_EVERYTHING), kindly.any_action)
    on(app.view_submission(_EVERYTHING), kindly.any_form, responds=False)
    on(app.view_closed(_EVERYTHING), kindly.any_shortcut, responds=False)
    on(app.options(_EVERYTHING), kindly.any_options, responds=False)
    on(app.shortcut(_EVERYTHING), kindly.any_shortcut, responds=False)

    def other_event() -> None:
        return

    app.event(_EVERYTHING)(other_event)


def _broke(error: Exception, body: dict[str, Any], respond: Respond) -> BoltResponse:
    log.error("a listener broke: %s", type(error).__name__, exc_info=error)
    if body.get("response_url"):
        try:
            respond(text=BROKEN, response_type="ephemeral", replace_original=False)
        except ERRORS as trouble:
            log.warning("nor could the person be told: %s", type(trouble).__name__)
    return BoltResponse(status=500)  # not acknowledged: Slack shows the person that it failed
