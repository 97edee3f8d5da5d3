"""What went wrong with a call to Slack, sorted by what to do about it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import http.client
import re
from collections.abc import Mapping
from typing import Literal

from slack_sdk.errors import SlackApiError, SlackClientError

from okrbot.slack.client import UnsentError

# unsent, later, channel, workspace, ours: Slack has certainly not taken it. doubt: it may have.
Kind = Literal["unsent", "later", "channel", "workspace", "ours", "doubt"]

# Everything a call may raise: the SDK lets errors of urllib, sockets, http and json through, and trips over odd JSON.
ERRORS = (SlackClientError, OSError, http.client.HTTPException, ValueError, AttributeError, TypeError, LookupError)

DEFAULT_WAIT, LONGEST_WAIT = 30.0, 6 * 3600.0

_LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "accesslimited"})
_DOUBT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_WORKSPACE = {
    "token_revoked": "the bot's token was revoked. Install the app again and set the new token",
    "account_inactive": "the bot's account or workspace is gone. Install the app again",
    "invalid_auth": "Slack does not know the bot's token. Check [slack] bot_token",
    "not_authed": "no token reached Slack. Check [slack] bot_token",
    "token_expired": "the bot's token has expired. Switch token rotation off or set a new token",
    "missing_scope": "the app lacks a scope. Compare it with `okrbot manifest` and install it again",
    "not_allowed_token_type": "this is not a bot token. Check [slack] bot_token",
    "app_access_restricted": "an administrator has restricted the app",
    "org_login_required": "the workspace is being moved to an organisation",
    "team_added_to_org": "the workspace is being moved to an organisation",
    "team_access_not_granted": "the app is not granted to this workspace",
    "access_denied": "access is denied by the workspace",
    "no_permission": "the token has no permission for this",
    "ekm_access_denied": "an administrator has suspended posting (key management)",
}
# Of these, those after which nothing works any more, clicks included.
LOST = frozenset({"token_revoked", "account_inactive", "invalid_auth", "not_authed", "token_expired", "not_allowed_token_type"})
_CHANNEL = {
    "channel_not_found": "there is no such channel, or okrbot is not in it. Type /invite @okrbot there",
    "not_in_channel": "okrbot is not in the channel. Type /invite @okrbot there",
    "is_archived": "the channel is archived. Name another one in [[products]] channel",
    "messages_tab_disabled": "the app's messages tab is off. Switch it on in the app's settings",
    "user_disabled": "this person's account is deactivated",
    "user_not_found": "there is no such person in this workspace",
    "cannot_dm_bot": "this is a bot, and bots are not asked",
    "team_not_found": "the channel belongs to another workspace",
    "thread_not_found": "the message this belongs to is gone",
    "cannot_reply_to_message": "the message this belongs to takes no replies",
}
_OURS = frozenset(
    [
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "markdown_text_conflict",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_must_be_sent_from_app",
        "no_text",
        "msg_too_long",
        "too_many_attachments",
        "invalid_arguments",
        "invalid_arg_name",
        "invalid_array_arg",
        "invalid_json",
        "json_not_object",
        "invalid_post_type",
        "invalid_charset",
        "invalid_form_data",
        "missing_post_type",
        "too_many_contact_cards",
        "attachment_payload_limit_exceeded",
        "as_user_not_supported",
        "missing_file_data",
    ]
)


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """One failed call: what kind, in words for the operator, Slack's own code, and the seconds Slack asked to wait."""

    kind: Kind
    words: str
    code: str = ""
    after: float | None = None


def judge(error: Exception, now: dt.datetime) -> Trouble:
    """Return what `error` means for the message that was being sent. `now` is UTC."""
    if isinstance(error, UnsentError):
        return Trouble("unsent", str(error))
    if not isinstance(error, SlackApiError):
        return Trouble("doubt", f"Slack's answer was lost ({type(error).__name__})")
    status, said = int(error.response.status_code), error.response.data
    code = str(said.get("error", "")) if isinstance(said, Mapping) else ""
    if status == 429 or (status == 200 and code in _LATER):
        return Trouble("later", "Slack asked to wait", code or "ratelimited", wait_of(error.response.headers, now))
    if not re.fullmatch(r"[a-z0-9_]+", code) or code in _DOUBT or status >= 500 or 300 <= status < 400:
        return Trouble(
            "doubt",
            f"Slack answered {status} and no result" if status != 200 or not code or " " in code else f"Slack answered {code}",
            code,
        )
    if code in _WORKSPACE:
        return Trouble("workspace", _WORKSPACE[code], code)
    if code in _OURS:
        return Trouble("ours", f"Slack refused the message's form ({code})", code)
    if code.startswith("restricted_action"):
        return Trouble("channel", f"the workspace's rules forbid posting there ({code})", code)
    return Trouble("channel", _CHANNEL.get(code, f"Slack refused it ({code})"), code)


def wait_of(headers: Mapping[str, str], now: dt.datetime) -> float:
    """Return the seconds that `Retry-After` asks for, as seconds or as a date by the server's own clock; 30 where it is absent."""
    known = {name.lower(): value for name, value in headers.items()}
    text = known.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        until = _date(text)
        seconds = (until - (_date(known.get("date", "")) or now)).total_seconds() if until else DEFAULT_WAIT
    return min(max(seconds, 1.0), LONGEST_WAIT) if seconds == seconds else DEFAULT_WAIT


def _date(text: str) -> dt.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found
