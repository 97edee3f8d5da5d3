"""Build the parts of forms and choices: selects, overflows, inputs, modals; cut to what Slack takes."""

from __future__ import annotations

from collections.abc import Sequence

from okrbot.blocks.limits import TEXTS, Block
from okrbot.blocks.pieces import plain_text

MOST_TYPED = 3000


def option(label: str, value: str) -> Block:
    """Return one choice of a select."""
    return {"text": plain_text(label, TEXTS["option"]), "value": value}


def select(placeholder: str, action: str, options: Sequence[tuple[str, str]], *, initial: str = "") -> Block:
    """Return a select of (label, value) pairs, at most 100."""
    found: Block = {
        "type": "static_select",
        "placeholder": plain_text(placeholder, TEXTS["placeholder"]),
        "action_id": action,
        "options": [option(label, value) for label, value in options[:100]],
    }
    chosen = next((o for o in found["options"] if initial and o["value"] == initial), None)
    return found | {"initial_option": chosen} if chosen else found


def radio(action: str, options: Sequence[tuple[str, str]]) -> Block:
    """Return a group of which one is chosen."""
    return {"type": "radio_buttons", "action_id": action, "options": [option(label, value) for label, value in options]}


def overflow(action: str, options: Sequence[tuple[str, str]]) -> Block:
    """Return the three dots with at most five (label, value) pairs."""
    return {"type": "overflow", "action_id": action, "options": [option(label, value) for label, value in options]}


def search(placeholder: str, action: str) -> Block:
    """Return a select whose choices the bot is asked for while the person types."""
    return {
        "type": "external_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, TEXTS["placeholder"]),
        "min_query_length": 0,
    }


def field(label: str, name: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """Return an input of a form; `name` is its block id, under which the answer comes and an error is shown."""
    found: Block = {"type": "input", "block_id": name, "label": plain_text(label, TEXTS["label"]), "element": element, "optional": optional}
    return found | {"hint": plain_text(hint, TEXTS["label"])} if hint else found


def text_field(label: str, name: str, *, hint: str = "", many_lines: bool = True, optional: bool = False, least: int = 0) -> Block:
    """Return an input for a text."""
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": many_lines, "max_length": MOST_TYPED}
    return field(label, name, element | {"min_length": least} if least else element, hint=hint, optional=optional)


def modal(title: str, blocks: Sequence[Block], *, callback_id: str, submit: str = "", close: str = "Close", metadata: str = "") -> Block:
    """Return a modal; with `submit` it is a form."""
    found: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, TEXTS["title"]),
        "close": plain_text(close, TEXTS["title"]),
        "blocks": list(blocks)[:100],
        "private_metadata": metadata,
    }
    return found | {"submit": plain_text(submit, TEXTS["title"])} if submit else found
