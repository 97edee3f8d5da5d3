"""Ask Slack who we are and what we may do, for `okrbot check`; nothing is posted."""

from __future__ import annotations

import datetime as dt
import http.client
from typing import Any

from slack_sdk.errors import SlackClientError

from okrbot.config import Config, Product
from okrbot.slack.client import Client, connect
from okrbot.slack.directory import SHARED, NotThereError, SharedError, look_up, refuse_shared
from okrbot.slack.manifest import LOOKING, SCOPES
from okrbot.slack.members import ABSENT, Company, company_of, why_not
from okrbot.slack.trouble import judge
from okrbot.store.people import DIRECT

FAULTS = (SlackClientError, OSError, http.client.HTTPException, ValueError)  # whatever the SDK raises; `judge` says what it means

MOST_PEOPLE = 40  # lookups are counted by Slack
CONNECT = "they are not asked until they press “Connect me” on okrbot's Home tab"
WHY = {
    "guest": "is a guest in Slack, and guests are neither asked nor may they answer",
    "bot": "is a bot in Slack, and bots are not asked",
    "deactivated": "is deactivated in Slack",
    "elsewhere": "is a member of another company's Slack, and is neither asked nor may answer. [slack] allow_external = true allows it",
    "unknown": "cannot be judged: Slack has not said which workspace okrbot is in",
}


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
    known: dict[str, dict[str, Any]] = {}
    for product in config.products:
        if product.channel:
            lines += _channel(client, config, given, product, known, now)
    lines += _people(client, config, given, company_of(answer), now)
    return not any(line.startswith("!") for line in lines), lines


def _channel(
    client: Client, config: Config, given: frozenset[str], product: Product, known: dict[str, dict[str, Any]], now: dt.datetime
) -> list[str]:
    """Return what is wrong with a product's channel."""
    try:
        found = look_up(client, given, product.channel)
        refuse_shared(client, given, product.channel, found, known)
    except SharedError as error:
        if not config.slack.allow_external:
            return [f"! {product.name}: {error}"]
        if str(error).endswith(SHARED):
            return [f"· {product.name}: {product.channel} is shared with another company; [slack] allow_external lets its digest go there"]
    except NotThereError as error:
        return [f"! {product.name}: {error}"]
    except FAULTS as error:
        return [f"! {product.name}: {product.channel}: {judge(error, now).words}"]
    return []


def _people(client: Client, config: Config, given: frozenset[str], company: Company, now: dt.datetime) -> list[str]:
    """Return who of the configured owners will not be asked, and why."""
    named = dict.fromkeys([*(owner for product in config.products for owner in product.owners), *config.questions.others])
    lines: list[str] = []
    for name in [*named][:MOST_PEOPLE]:
        direct = name.startswith(DIRECT)
        if given and not ({"users:read"} if direct else {"users:read", "users:read.email"}) <= given:
            continue  # said above as a missing scope
        try:
            user = client.users_info(user=name.removeprefix(DIRECT)) if direct else client.users_lookupByEmail(email=name)
        except FAULTS as error:
            trouble = judge(error, now)
            if trouble.code not in ABSENT:
                return [*lines, f"! owners: {trouble.words}"]
            lines.append(f"· {name}: Slack shows nobody of that {'id' if direct else 'address'}; {CONNECT}")
            continue
        if why := why_not(user["user"], company, external=config.slack.allow_external):
            lines.append(f"! {name}: {WHY[why]}")
    if len(named) > MOST_PEOPLE:
        lines.append(f"· {len(named) - MOST_PEOPLE} more owners were not looked up")
    return lines
