"""Block Kit's rules, read once more and independently of okrbot: what Slack would refuse in a message, a modal or a Home."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_CHARACTERS = 13_200  # of a message's block payload: undocumented, seen in the field
_MESSAGE = {
    "header",
    "section",
    "context",
    "actions",
    "divider",
    "image",
    "rich_text",
    "table",
    "input",
    "markdown",
    "context_actions",
    "video",
    "file",
}
_MODAL = {"header", "section", "context", "actions", "divider", "image", "rich_text", "input", "alert", "video"}
_HOME = {"header", "section", "context", "actions", "divider", "image", "rich_text", "input", "table", "video"}
SURFACES = {"message": _MESSAGE, "modal": _MODAL, "home": _HOME}
_SELECTS = {f"{w}_select" for w in ("static", "external", "users", "conversations", "channels")}
_MULTI = {f"multi_{name}" for name in _SELECTS}
_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes"}
_ACTION_ELEMENTS = {"button", "overflow", "workflow_button"} | _SELECTS | _MULTI | _PICKERS
_SECTION_ELEMENTS = _ACTION_ELEMENTS | {"image"}
_KEYS: dict[str, set[str]] = {
    "header": {"text"},
    "section": {"text", "fields", "accessory", "expand"},
    "context": {"elements"},
    "actions": {"elements"},
    "divider": set(),
    "image": {"image_url", "alt_text", "title", "slack_file"},
    "rich_text": {"elements"},
    "table": {"rows", "column_settings"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "alert": {"text", "level"},
}


def wrong_message(blocks: Any, text: Any = None) -> list[str]:
    """Return what Slack would refuse in a message's blocks and text."""
    said = list(_blocks(blocks, "message", 50)) if blocks is not None else []
    if blocks is not None and not said and len(json.dumps(blocks, ensure_ascii=False)) > MOST_CHARACTERS:
        said.append(f"blocks of {len(json.dumps(blocks, ensure_ascii=False))} characters: msg_blocks_too_long")
    if isinstance(text, str) and len(text) > 4000:
        said.append(f"text of {len(text)} characters; 4,000 is what Slack advises")
    tables = [b for b in blocks or [] if isinstance(b, dict) and b.get("type") == "table"]
    if len(tables) > 1:
        said.append("more than one table in a message")
    return said


def wrong_view(view: Any) -> list[str]:
    """Return what Slack would refuse in a modal or Home."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["view.type must be modal or home"]
    said = list(_blocks(view.get("blocks"), view["type"], 100))
    known = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if view["type"] == "modal":
        known |= {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
        for name in ("title", "submit", "close"):
            if name in view:
                said += _text(view[name], name, 24, plain=True)
        if "title" not in view:
            said.append("a modal needs a title")
        inputs = [b for b in view.get("blocks") or [] if isinstance(b, dict) and b.get("type") == "input"]
        if inputs and "submit" not in view:
            said.append("a modal with inputs needs submit")
    said += [f"view.{key} is unknown" for key in sorted(set(view) - known)]
    for key, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if len(str(view.get(key, ""))) > most:
            said.append(f"view.{key} is longer than {most}")
    if len(json.dumps(view)) > 250_000:
        said.append("view_too_large")
    return said


def _blocks(blocks: Any, surface: str, most: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield "blocks is no list"
        return
    if not 1 <= len(blocks) <= most:
        yield f"{len(blocks)} blocks; 1 to {most}"
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"blocks[{index}]"
        if not isinstance(block, dict) or block.get("type") not in SURFACES[surface]:
            yield f"{where}: {block.get('type') if isinstance(block, dict) else block!r} does not belong in a {surface}"
            continue
        name = block.get("block_id")
        if name is not None:
            if not isinstance(name, str) or not 1 <= len(name) <= 255:
                yield f"{where}: block_id must have 1 to 255 characters"
            elif name in seen:
                yield f"{where}: block_id {name!r} twice"
            seen.add(str(name))
        kind = str(block["type"])
        for key in sorted(set(block) - _KEYS.get(kind, set(block)) - {"type", "block_id"}):
            yield f"{where}: {kind} has no '{key}'"
        yield from _block(kind, block, where, surface)


def _block(kind: str, b: dict[str, Any], where: str, surface: str) -> Iterator[str]:
    if kind == "header":
        yield from _text(b.get("text"), where, 150, plain=True)
    elif kind == "section":
        if not b.get("text") and not b.get("fields"):
            yield f"{where}: a section needs text or fields"
        if "text" in b:
            yield from _text(b["text"], where, 3000)
        fields = b.get("fields")
        if fields is not None:
            if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
                yield f"{where}: 1 to 10 fields"
            for field in fields if isinstance(fields, list) else ():
                yield from _text(field, f"{where}.fields", 2000)
        if "accessory" in b:
            yield from _element(b["accessory"], f"{where}.accessory", _SECTION_ELEMENTS, surface)
    elif kind == "context":
        elements = b.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
            yield f"{where}: 1 to 10 elements"
            return
        for element in elements:
            if isinstance(element, dict) and element.get("type") == "image":
                continue
            yield from _text(element, where, 3000)
    elif kind == "actions":
        elements = b.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
            yield f"{where}: 1 to 25 elements"
            return
        for element in elements:
            yield from _element(element, where, _ACTION_ELEMENTS, surface)
        names = [e["action_id"] for e in elements if isinstance(e, dict) and "action_id" in e]
        if len(names) != len(set(names)):
            yield f"{where}: an action_id twice in one block"
    elif kind == "input":
        yield from _text(b.get("label"), f"{where}.label", 2000, plain=True)
        if "hint" in b:
            yield from _text(b["hint"], f"{where}.hint", 2000, plain=True)
        yield from _element(b.get("element"), f"{where}.element", _INPUTS | _SELECTS | _MULTI | _PICKERS, surface)
    elif kind == "rich_text":
        yield from _rich(b, where)
    elif kind == "table":
        yield from _table(b, where)
    elif kind == "image" and (not b.get("alt_text") or not (b.get("image_url") or b.get("slack_file"))):
        yield f"{where}: an image needs an address and alt_text"


def _text(value: Any, where: str, most: int, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in ("plain_text", "mrkdwn"):
        yield f"{where}: no text object: {value!r}"
        return
    if plain and value["type"] != "plain_text":
        yield f"{where}: must be plain_text"
    allowed = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
    for key in sorted(set(value) - allowed):
        yield f"{where}: {value['type']} has no '{key}'"
    text = value.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        yield f"{where}: text of {len(text) if isinstance(text, str) else 'no'} characters; 1 to {most}"
    elif value["type"] == "mrkdwn" and re.search(r"&(?!amp;|lt;|gt;)", text):
        yield f"{where}: an & that is not escaped: {text[:60]!r}"
    elif not text.strip():
        yield f"{where}: blank text"


def _element(e: Any, where: str, allowed: set[str], surface: str) -> Iterator[str]:
    if not isinstance(e, dict) or e.get("type") not in allowed:
        yield f"{where}: element {e.get('type') if isinstance(e, dict) else e!r} does not belong here"
        return
    kind = str(e["type"])
    if kind != "image" and ("action_id" not in e or not 1 <= len(str(e["action_id"])) <= 255):
        yield f"{where}: {kind} needs an action_id of 1 to 255 characters"
    if kind == "button":
        yield from _text(e.get("text"), f"{where}.text", 75, plain=True)
        for key, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
            if key in e and not 1 <= len(str(e[key])) <= most:
                yield f"{where}.{key}: 1 to {most} characters"
        if e.get("style") not in (None, "primary", "danger"):
            yield f"{where}.style: {e['style']!r}"
        for key in sorted(set(e) - {"type", "action_id", "text", "value", "url", "style", "confirm", "accessibility_label"}):
            yield f"{where}: a button has no '{key}'"
    if "placeholder" in e:
        yield from _text(e["placeholder"], f"{where}.placeholder", 150, plain=True)
    if "options" in e or (kind in ("static_select", "overflow", "radio_buttons", "checkboxes") and "option_groups" not in e):
        most = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}.get(kind, 100)
        options = e.get("options")
        if not isinstance(options, list) or not 1 <= len(options) <= most:
            yield f"{where}: 1 to {most} options"
        for option in options if isinstance(options, list) else ():
            yield from wrong_option(option, where)
        values = [o.get("value") for o in options or [] if isinstance(o, dict)]
        if len(values) != len(set(values)):
            yield f"{where}: an option's value twice"
        initial = e.get("initial_option")
        if initial is not None and initial not in (options or []):
            yield f"{where}: initial_option is none of the options"
    if kind == "external_select" and "initial_option" in e:
        yield from wrong_option(e["initial_option"], where)
    if kind == "plain_text_input" and not 0 <= int(e.get("min_length", 0)) <= int(e.get("max_length", 3000)) <= 3000:
        yield f"{where}: max_length is at most 3000"
    if "confirm" in e:
        confirm = e["confirm"]
        yield from _text(confirm.get("title"), f"{where}.confirm.title", 100, plain=True)
        yield from _text(confirm.get("text"), f"{where}.confirm.text", 300)
        yield from _text(confirm.get("confirm"), f"{where}.confirm.confirm", 30, plain=True)
        yield from _text(confirm.get("deny"), f"{where}.confirm.deny", 30, plain=True)
    if kind in ("file_input", "rich_text_input") and surface == "message":
        yield f"{where}: {kind} does not belong in a message"


def wrong_option(option: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with one option of a select."""
    if not isinstance(option, dict):
        yield f"{where}: option is no object"
        return
    yield from _text(option.get("text"), f"{where}.option", 75)
    if not isinstance(option.get("value"), str) or not 1 <= len(option["value"]) <= 150:
        yield f"{where}.option: value of 1 to 150 characters"
    if "description" in option:
        yield from _text(option["description"], f"{where}.option.description", 75)


def _rich(b: dict[str, Any], where: str) -> Iterator[str]:
    elements = b.get("elements")
    if not isinstance(elements, list) or not elements:
        yield f"{where}: rich_text needs elements"
        return
    for element in elements:
        kind = element.get("type")
        if kind == "rich_text_list":
            if element.get("style") not in ("bullet", "ordered"):
                yield f"{where}: a list is bullet or ordered"
            for item in element.get("elements", []):
                yield from _run(item, where)
        elif kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
            yield from _run(element, where)
        else:
            yield f"{where}: {kind} does not belong in rich_text"


def _run(section: Any, where: str) -> Iterator[str]:
    for leaf in section.get("elements", []):
        kind = leaf.get("type")
        if kind not in ("text", "link", "user", "emoji", "broadcast", "channel", "usergroup", "date", "color"):
            yield f"{where}: {kind} does not belong in a rich text section"
        if kind == "text" and not leaf.get("text"):
            yield f"{where}: empty rich text"
        if kind == "link" and not re.match(r"https?://", str(leaf.get("url", ""))):
            yield f"{where}: a link without an address"


def _table(b: dict[str, Any], where: str) -> Iterator[str]:
    rows = b.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        yield f"{where}: 1 to 100 rows"
        return
    for row in rows:
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield f"{where}: 1 to 20 columns"
            continue
        for cell in row:
            if cell.get("type") == "raw_text":
                if not cell.get("text"):
                    yield f"{where}: an empty cell"
            elif cell.get("type") == "rich_text":
                yield from _rich(cell, where)
            else:
                yield f"{where}: a cell is raw_text or rich_text"
    if len({len(row) for row in rows}) != 1:
        yield f"{where}: rows of unequal length"
    if len(b.get("column_settings", [])) > 20:
        yield f"{where}: at most 20 column settings"
