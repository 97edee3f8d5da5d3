"""Ask Slack who we are and what we may do, for `okrbot check`; nothing is posted."""

from __future__ import annotations

import datetime as dt
import http.client

from slack_sdk.errors import SlackClientError

from okrbot.config import Config
from okrbot.slack.client import Client, connect
from okrbot.slack.directory import NotThereError, look_up
from okrbot.slack.manifest import LOOKING, SCOPES
from okrbot.slack.trouble import judge

FAULTS = (SlackClientError, OSError, http.client.HTTPException, ValueError)  # whatever the SDK raises; `judge` says what it means


def check(config: Config, *, now: dt.datetime) -> tuple[bool, list[str]]:
    """Return whether digests and questions can be sent, and lines that say as whom, with which scopes, and what is missing.

    Raises ConfigError for credentials or addresses that cannot work.
    """
    client = connect(config)
    try:
        answer = client.auth_test()
    except FAULTS as error:
        return False, [f"NOT reachable: {judge(error, now).words}"]
    given = frozenset(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(",")) - {""}
    mode = (
        "Socket Mode"
        if config.slack.app_token
        else "HTTP"
        if config.slack.signing_secret
        else "no app token and no signing secret: digests only, no clicks"
    )
    lines = [f"as {answer.get('user')} in {answer.get('team')}; {mode}"]
    missing = [f"{scope} ({why})" for scope, (why, _) in SCOPES.items() if scope not in given]
    if given and missing:
        lines.append(f"! scopes missing: {'; '.join(missing)}. Compare with `okrbot manifest`.")
    if given and not set(LOOKING) & given:
        lines.append(f'· no history scope: a digest whose answer was lost is handled by on_doubt = "{config.digest.on_doubt}"')
    channels = [_channel(client, given, product.name, product.channel, now) for product in config.products if product.channel]
    lines += [line for line in channels if line]
    return not any(line.startswith("!") for line in lines), lines


def _channel(client: Client, given: frozenset[str], product: str, channel: str, now: dt.datetime) -> str:
    try:
        look_up(client, given, channel)
    except NotThereError as error:
        return f"! {product}: {error}"
    except FAULTS as error:
        return f"! {product}: {channel}: {judge(error, now).words}"
    return ""
