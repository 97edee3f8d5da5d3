"""The pieces of Block Kit that okrbot uses, as plain objects; every mrkdwn text is verbatim, so that no bare address becomes a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from okrbot.blocks.escape import fit, one_line, safe_address
from okrbot.blocks.limits import NAME, TEXTS, VALUE, Block


def plain_text(text: str, most: int) -> Block:
    """Return a text in which nothing is parsed, cut to `most` characters; emoji names stay words."""
    return {"type": "plain_text", "text": one_line(text, most) or "–", "emoji": False}


def mrkdwn(text: str) -> Block:
    """Return a text of our own making, foreign parts already escaped."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """Return a header, cut to what fits."""
    return {"type": "header", "text": plain_text(text, TEXTS["header"])}


def section(text: str, *, accessory: Block | None = None, block_id: str = "") -> Block:
    """Return a section with one text, cut to what fits: what is escaped grows, up to five times."""
    found: Block = {"type": "section", "text": mrkdwn(fit(text, TEXTS["section"]))}
    if accessory:
        found["accessory"] = accessory
    if block_id:
        found["block_id"] = block_id[:NAME]
    return found


def fields(texts: Sequence[str]) -> Block:
    """Return a section of two columns; at most ten texts."""
    return {"type": "section", "fields": [mrkdwn(fit(text, TEXTS["field"])) for text in texts[:10]]}


def context(*texts: str) -> Block:
    """Return a line of small print."""
    return {"type": "context", "elements": [mrkdwn(fit(text, TEXTS["context"])) for text in texts[:10]]}


def divider() -> Block:
    """Return a line across."""
    return {"type": "divider"}


def actions(elements: Sequence[Block], *, block_id: str = "") -> Block:
    """Return a row of buttons and selects."""
    found: Block = {"type": "actions", "elements": list(elements)}
    return found | {"block_id": block_id[:NAME]} if block_id else found


def button(text: str, action: str, *, value: str = "", url: str = "", style: str = "", sure: str = "") -> Block:
    """Return a button; `style` is primary, danger or "", `sure` what Slack asks once more before the click counts."""
    found: Block = {"type": "button", "action_id": action[:NAME], "text": plain_text(text, TEXTS["button"])}
    if value:
        found["value"] = value[:VALUE]
    if address := safe_address(url).replace("&amp;", "&"):
        found["url"] = address
    if style:
        found["style"] = style
    if sure:
        found["confirm"] = {
            "title": plain_text(text, TEXTS["confirm title"]),
            "text": plain_text(sure, TEXTS["confirm"]),
            "confirm": plain_text("Yes", TEXTS["confirm button"]),
            "deny": plain_text("No", TEXTS["confirm button"]),
        }
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """Return a table of plain texts with a head row; at most 100 rows with it. Cells are cut to 150 characters."""

    def cell(text: str) -> dict[str, Any]:
        return {"type": "raw_text", "text": one_line(text, 150) or "–"}

    return {"type": "table", "rows": [[cell(text) for text in row] for row in (head, *rows[:99])]}
