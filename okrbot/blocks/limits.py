"""What Slack takes, checked before it is sent: the sizes of Block Kit, and no second message to make up for a refused one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Block = dict[str, Any]
Surface = Literal["message", "modal", "home"]

MOST_CHARACTERS = 12_000  # of a whole block payload; Slack refuses from about 13,200 on without saying so in its pages
MOST_FALLBACK = 4_000
MOST_BLOCKS: Mapping[str, int] = {"message": 50, "modal": 100, "home": 100}
# where a text stands: most characters
TEXTS: Mapping[str, int] = {
    "section": 3000,
    "field": 2000,
    "header": 150,
    "context": 3000,
    "button": 75,
    "option": 75,
    "placeholder": 150,
    "label": 2000,
    "title": 24,
    "confirm": 300,
    "confirm title": 100,
    "confirm button": 30,
}
VALUE, OPTION_VALUE, URL, NAME = 2000, 150, 3000, 255
OPTIONS = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}
ELEMENTS = {"actions": 25, "context": 10}
FIELDS, TABLE_ROWS, TABLE_COLUMNS = 10, 100, 20
SURFACES: Mapping[str, frozenset[str]] = {
    "message": frozenset({"header", "section", "context", "actions", "divider", "rich_text", "table"}),
    "modal": frozenset({"header", "section", "context", "actions", "divider", "rich_text", "input"}),
    "home": frozenset({"header", "section", "context", "actions", "divider", "rich_text", "table", "input"}),
}


class TooMuchError(ValueError):
    """A message or view that Slack would refuse; a fault of ours, never of the person's backlog."""


def size(blocks: Sequence[Block]) -> int:
    """Return the characters of a block payload as it is sent."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def check_message(blocks: Sequence[Block], text: str) -> None:
    """Raise TooMuchError if Slack would refuse this message."""
    wrong = [*faults(blocks, "message")]
    if not text.strip() or len(text) > MOST_FALLBACK:
        wrong.append(f"the text has {len(text)} characters, 1 to {MOST_FALLBACK} are allowed")
    if wrong:
        raise TooMuchError("; ".join(wrong[:5]))


def check_view(view: Mapping[str, Any]) -> None:
    """Raise TooMuchError if Slack would refuse this modal or Home."""
    wrong = [*faults(view["blocks"], view["type"])]
    if view["type"] == "modal":
        for name in ("title", "submit", "close"):
            if name in view:
                wrong += _text(view[name], "title", name)
        if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
            wrong.append("a modal with inputs needs a submit button")
    for name, most in (("private_metadata", 3000), ("callback_id", NAME), ("external_id", NAME)):
        if len(view.get(name, "")) > most:
            wrong.append(f"{name} has {len(view[name])} characters, {most} are allowed")
    if wrong:
        raise TooMuchError("; ".join(wrong[:5]))


def faults(blocks: Sequence[Block], surface: Surface) -> Iterator[str]:
    """Yield what Slack would refuse in `blocks` on `surface`."""
    if not 1 <= len(blocks) <= MOST_BLOCKS[surface]:
        yield f"{len(blocks)} blocks, 1 to {MOST_BLOCKS[surface]} are allowed"
    if surface == "message" and size(blocks) > MOST_CHARACTERS:
        yield f"the blocks have {size(blocks)} characters, {MOST_CHARACTERS} are allowed"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(names) != len(set(names)) or any(not 1 <= len(name) <= NAME for name in names):
        yield "a block_id is used twice, empty or too long"
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield "more than one table"
    for number, block in enumerate(blocks, 1):
        where = f"block {number} ({block['type']})"
        if block["type"] not in SURFACES[surface]:
            yield f"{where} does not belong on this surface"
        else:
            yield from _block(block, where)


def _block(block: Block, where: str) -> Iterator[str]:
    kind = block["type"]
    if kind == "header":
        yield from _text(block["text"], "header", where)
    elif kind == "section":
        yield from _section(block, where)
    elif kind in ELEMENTS:
        elements = block["elements"]
        if not 1 <= len(elements) <= ELEMENTS[kind]:
            yield f"{where} has {len(elements)} elements, 1 to {ELEMENTS[kind]} are allowed"
        actions = [element.get("action_id") for element in elements if kind == "actions"]
        if len(actions) != len(set(actions)):
            yield f"{where} uses an action_id twice"
        for element in elements:
            yield from _element(element, where) if kind == "actions" else _text(element, "context", where)
    elif kind == "input":
        yield from _text(block["label"], "label", where)
        if "hint" in block:
            yield from _text(block["hint"], "label", where)
        yield from _element(block["element"], where)
    elif kind == "table":
        yield from _table(block["rows"], where)


def _section(block: Block, where: str) -> Iterator[str]:
    if "text" in block:
        yield from _text(block["text"], "section", where)
    elif not block.get("fields"):
        yield f"{where} is empty"
    if len(block.get("fields", [0])) not in range(1, FIELDS + 1):
        yield f"{where} has {len(block['fields'])} fields, {FIELDS} are allowed"
    for field in block.get("fields", []):
        yield from _text(field, "field", where)
    if "accessory" in block:
        yield from _element(block["accessory"], where)


def _table(rows: Sequence[Sequence[Block]], where: str) -> Iterator[str]:
    widths = {len(row) for row in rows}
    if not 1 <= len(rows) <= TABLE_ROWS or len(widths) != 1 or not 1 <= max(widths) <= TABLE_COLUMNS:
        yield f"{where} must have 1 to {TABLE_ROWS} rows of 1 to {TABLE_COLUMNS} cells each"
    if any(cell["type"] == "raw_text" and not cell["text"] for row in rows for cell in row):
        yield f"{where} has an empty cell"


def _element(element: Block, where: str) -> Iterator[str]:
    kind = element["type"]
    if not 1 <= len(element.get("action_id", "")) <= NAME:
        yield f"{where}: {kind} needs an action_id of at most {NAME} characters"
    if kind == "button":
        yield from _text(element["text"], "button", where)
        if len(element.get("value", "x")) not in range(1, VALUE + 1) or len(element.get("url", "x")) not in range(1, URL + 1):
            yield f"{where}: a button's value or address is empty or too long"
    if "placeholder" in element:
        yield from _text(element["placeholder"], "placeholder", where)
    if "options" in element:
        options, most = element["options"], OPTIONS.get(kind, 100)
        if not 1 <= len(options) <= most:
            yield f"{where}: {kind} has {len(options)} options, 1 to {most} are allowed"
        for option in options:
            yield from _option(option, where)
    if element.get("max_length", 1) > 3000:
        yield f"{where}: an input takes at most 3000 characters"
    if "confirm" in element:
        confirm = element["confirm"]
        yield from _text(confirm["title"], "confirm title", where)
        yield from _text(confirm["text"], "confirm", where)
        yield from _text(confirm["confirm"], "confirm button", where)
        yield from _text(confirm["deny"], "confirm button", where)


def _option(option: Block, where: str) -> Iterator[str]:
    yield from _text(option["text"], "option", where)
    if "description" in option:
        yield from _text(option["description"], "option", where)
    if not 1 <= len(option["value"]) <= OPTION_VALUE:
        yield f"{where}: an option's value has {len(option['value'])} characters, 1 to {OPTION_VALUE} are allowed"


def _text(text: Block, place: str, where: str) -> Iterator[str]:
    if place not in ("section", "field", "context", "confirm") and text["type"] != "plain_text":
        yield f"{where}: a {place} must be plain text"
    if not text["text"].strip() or len(text["text"]) > TEXTS[place]:
        yield f"{where}: a {place} has {len(text['text'])} characters, 1 to {TEXTS[place]} are allowed"
