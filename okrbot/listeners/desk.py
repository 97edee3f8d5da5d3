"""What every listener needs: the store, the configuration, the clock, a way to Slack; and what one payload says."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk import WebClient

from okrbot.blocks.limits import Block
from okrbot.config import Config
from okrbot.listeners.standing import Standing
from okrbot.rulebook import Page
from okrbot.store import Store

Body = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """Where listeners work. `client` never retries. `preview` returns the blocks of a product's digest as it would be now."""

    store: Store
    config: Config
    client: WebClient
    standing: Standing
    clock: Callable[[], dt.datetime]
    pages: Callable[[], Mapping[str, Page]]
    preview: Callable[[str], Sequence[Block]]
    health: Callable[[], Sequence[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Click:
    """One interaction as its payload tells it. `view` is set where it came from a modal or Home."""

    workspace: str
    person: str
    action: str
    value: str
    block: str
    stamp: str
    channel: str
    ts: str
    trigger: str
    view: Mapping[str, Any] | None

    @property
    def from_home(self) -> bool:
        """Return whether it was clicked in App Home."""
        return self.view is not None and self.view.get("type") == "home"


def click_of(body: Body) -> Click:
    """Return what a block_actions payload says."""
    action = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    chosen = action.get("selected_option") or {}
    return Click(
        workspace=workspace_of(body),
        person=person_of(body),
        action=str(action.get("action_id", "")),
        value=str(chosen.get("value") or action.get("value") or ""),
        block=str(action.get("block_id", "")),
        stamp=str(action.get("action_ts", "")),
        channel=str(container.get("channel_id") or (body.get("channel") or {}).get("id", "")),
        ts=str(container.get("message_ts", "")) if not container.get("is_ephemeral") else "",
        trigger=str(body.get("trigger_id", "")),
        view=body.get("view"),
    )


def person_of(body: Body) -> str:
    """Return the Slack id of who acted."""
    user = body.get("user")
    if isinstance(user, Mapping):
        return str(user.get("id", ""))
    return str(body.get("user_id", "") or user or "")


def workspace_of(body: Body) -> str:
    """Return the workspace (or organisation) where it happened."""
    for key in ("team", "enterprise"):
        found = body.get(key)
        if isinstance(found, Mapping) and found.get("id"):
            return str(found["id"])
    return str(body.get("team_id", ""))


def home_team_of(body: Body) -> str:
    """Return the workspace the person belongs to, which in a shared channel may be another company's; "" if not told."""
    user = body.get("user")
    return str(user.get("team_id", "")) if isinstance(user, Mapping) else ""


def values_of(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed and chosen in a form, by block id."""
    found: dict[str, str] = {}
    for block, elements in (view.get("state", {}).get("values") or {}).items():
        for element in elements.values():
            chosen = element.get("selected_option")
            found[block] = str((chosen or {}).get("value") or element.get("value") or "")
    return found
