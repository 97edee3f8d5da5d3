"""An independent reader of what Slack would parse: who is mentioned, what is linked, which words a person sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r"<([^<>\n]*)>")
_BARE_URL = re.compile(r"(?<![\w|])(?:https?://|mailto:)[^\s<>|]+", re.IGNORECASE)
_STYLED = re.compile(r"(?<![^\s(\[{\"'.,;:!?/|>-])([*_~])(?=\S)([^\n]*?)(?<=\S)\1(?![A-Za-z0-9])")


def mrkdwn_texts(thing: Any, *, fallback: str = "") -> Iterator[tuple[str, bool]]:
    """Yield every text that Slack parses as mrkdwn, with whether it is verbatim (no bare address becomes a link)."""
    if fallback:
        yield fallback, True  # a notification shows no links, but it does ping
    if isinstance(thing, dict):
        if thing.get("type") == "mrkdwn" and isinstance(thing.get("text"), str):
            yield thing["text"], bool(thing.get("verbatim"))
        for value in thing.values():
            yield from mrkdwn_texts(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from mrkdwn_texts(value)


def _rich(thing: Any) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        if thing.get("type") in ("user", "broadcast", "usergroup", "channel", "link", "emoji", "text"):
            yield thing
        for value in thing.values():
            yield from _rich(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from _rich(value)


def mentions(blocks: Any, text: str = "") -> set[str]:
    """Return who would be pinged: user ids, `channel`, `here`, `everyone`, `subteam:S…`."""
    found: set[str] = set()
    for source, _ in mrkdwn_texts(blocks, fallback=text):
        for token in _TOKEN.findall(source):
            if token.startswith("@"):
                found.add(token[1:].split("|")[0])
            elif token.startswith("!subteam^"):
                found.add("subteam:" + token[9:].split("|")[0])
            elif token.startswith("!") and not token.startswith("!date^"):
                found.add(token[1:].split("|")[0])
    for element in _rich(blocks):
        if element["type"] == "user":
            found.add(str(element.get("user_id")))
        elif element["type"] == "broadcast":
            found.add(str(element.get("range")))
        elif element["type"] == "usergroup":
            found.add("subteam:" + str(element.get("usergroup_id")))
    return found


def links(blocks: Any, text: str = "") -> set[str]:
    """Return every address that a person could follow from the text (buttons left out)."""
    found: set[str] = set()
    for source, verbatim in mrkdwn_texts(blocks, fallback=text):
        for token in _TOKEN.findall(source):
            if not token.startswith(("@", "!", "#")):
                found.add(token.split("|")[0])
        if not verbatim:
            found.update(_BARE_URL.findall(_TOKEN.sub(" ", source)))
    found.update(str(e.get("url")) for e in _rich(blocks) if e["type"] == "link")
    return found


def styled(source: str) -> list[str]:
    """Return the stretches of an mrkdwn text that would be bold, italic, struck, code, quote or emoji."""
    bare = _TOKEN.sub(lambda m: m.group(1).split("|")[-1], source)
    found = [m.group(0) for m in _STYLED.finditer(bare)]
    found += re.findall(r"`[^`\n]+`", bare)
    found += re.findall(r"(?m)^(?:>|&gt;).*", bare)
    return found + re.findall(r":[a-z0-9_+'-]+:", bare)


def plain(source: str) -> str:
    """Return an mrkdwn text as a person reads it."""
    found = _TOKEN.sub(lambda m: m.group(1).split("|")[-1], source)
    return found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def shown(thing: Any) -> str:
    """Return every word a person sees in blocks, one text a line."""
    return "\n".join(_shown(thing))


def _shown(thing: Any) -> Iterator[str]:
    if isinstance(thing, list):
        for value in thing:
            yield from _shown(value)
        return
    if not isinstance(thing, dict):
        return
    kind = thing.get("type")
    if kind == "mrkdwn":
        yield plain(str(thing.get("text", "")))
    elif kind in ("plain_text", "raw_text"):
        yield str(thing.get("text", ""))
    elif kind in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        yield "".join(str(e.get("text") or e.get("url") or e.get("user_id") or "") for e in thing.get("elements", []))
    else:
        for key in (
            "title",
            "text",
            "label",
            "fields",
            "elements",
            "element",
            "accessory",
            "rows",
            "options",
            "placeholder",
            "hint",
            "blocks",
        ):
            if key in thing:
                yield from _shown(thing[key])
