"""Show a message or view before anybody gets it: a link into Slack's Block Kit Builder, and a page that draws the blocks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from okrbot.blocks import DigestPosts, Post, digest_posts
from okrbot.digest import Digest
from okrbot.render import render

SHORT = 14  # characters of a cell that is not broken into lines
BUILDER = "https://app.slack.com/block-kit-builder/#"
_EMOJI = {"warning": "⚠", "white_check_mark": "✔", "hourglass": "⏳", "zzz": "💤", "house": "🏠", "wave": "👋"}

_TOKEN = re.compile(
    r"&lt;!date\^[0-9]+\^[^|]*\|(.*?)&gt;|&lt;(https?://.*?)(?:\|(.*?))?&gt;|&lt;@([A-Z0-9]+)(?:\|.*?)?&gt;|&lt;#([A-Z0-9]+)(?:\|(.*?))?&gt;"
)


def preview_digest(digest: Digest, folder: Path, *, posts: DigestPosts | None = None) -> str:
    """Write a page that shows the digest as Slack would, and return where it is with a link into Block Kit Builder."""
    found = posts or digest_posts(digest)
    path = _path(folder, "digest", digest.product)
    path.write_text(page(f"{digest.product} in {digest.channel or 'no channel'}", [found.message], found.thread), encoding="utf-8")
    return f"{digest.product}: {path}\n{builder_link(found.message.blocks)}"


def preview_question(product: str, post: Post, folder: Path) -> str:
    """Write a page that shows a question as its person would get it, and return where it is."""
    path = _path(folder, "question", product)
    path.write_text(page(f"A question to an owner of {product}", [post]), encoding="utf-8")
    return f"{product}, the next question: {path}"


def preview_home(product: str, view: dict[str, Any], folder: Path) -> str:
    """Write a page that shows App Home as an owner would see it, and return where it is."""
    path = _path(folder, "home", product)
    path.write_text(page(f"Home of an owner of {product}", (), view=view), encoding="utf-8")
    return f"{product}, Home of an owner: {path}"


def _path(folder: Path, what: str, product: str) -> Path:
    name = re.sub(r"[^a-z0-9]+", "-", product.lower()).strip("-") or "product"
    return folder / f"{what}-preview-{name}.html"


def builder_link(blocks: Sequence[dict[str, Any]], *, view: dict[str, Any] | None = None) -> str:
    """Return an address that opens the blocks (or a modal or Home) in Slack's Block Kit Builder; nothing is sent by making it."""
    return BUILDER + quote(json.dumps(view or {"blocks": list(blocks)}, ensure_ascii=False, separators=(",", ":")), safe="")


def page(title: str, posts: Sequence[Post], thread: Sequence[Post] = (), *, view: dict[str, Any] | None = None) -> str:
    """Return an HTML page that draws messages with a thread, or a modal or Home if `view` is given; without scripts."""
    shown = [draw(post.blocks) or f"<p>{mrkdwn(post.text)}</p>" for post in posts]
    replies = [draw(post.blocks) or f"<p>{mrkdwn(post.text)}</p>" for post in thread]
    body = draw(view["blocks"]) if view else ""
    return render("slack_preview.html.j2", {"title": title, "posts": shown, "thread": replies, "view": view, "body": body})


def draw(blocks: Sequence[dict[str, Any]]) -> str:
    """Return blocks as HTML, every text escaped."""
    return "\n".join(_block(block) for block in blocks)


def _block(block: dict[str, Any]) -> str:
    kind = block["type"]
    if kind == "header":
        return f"<h2>{_text(block['text'])}</h2>"
    if kind == "section":
        words = f"<div class='words'>{_text(block['text'])}</div>" if "text" in block else ""
        cells = "".join(f"<div>{_text(field)}</div>" for field in block.get("fields", []))
        side = f"<div class='side'>{_element(block['accessory'])}</div>" if "accessory" in block else ""
        return f"<div class='section'><div class='main'>{words}{f'<div class=fields>{cells}</div>' if cells else ''}</div>{side}</div>"
    if kind == "context":
        return "<div class='context'>" + " ".join(f"<span>{_text(e)}</span>" for e in block["elements"]) + "</div>"
    if kind == "actions":
        return "<div class='actions'>" + " ".join(_element(e) for e in block["elements"]) + "</div>"
    if kind == "divider":
        return "<hr>"
    if kind == "input":
        return f"<div class='input'><label>{_text(block['label'])}</label>{_element(block['element'])}{_hint(block)}</div>"
    if kind == "table":
        rows = ["".join(_cell(cell.get("text", "")) for cell in row) for row in block["rows"]]
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
    return f"<p class='context'>({html.escape(kind)})</p>"


def _cell(text: str) -> str:
    return f"<td{' class=short' if len(text) < SHORT else ''}>{html.escape(text)}</td>"


def _hint(block: dict[str, Any]) -> str:
    return f"<div class='context'>{_text(block['hint'])}</div>" if "hint" in block else ""


def _element(element: dict[str, Any]) -> str:
    kind = element["type"]
    if kind == "button":
        return f"<span class='button {html.escape(element.get('style', ''))}'>{_text(element['text'])}</span>"
    if kind == "overflow":
        return "<span class='button'>⋯</span>"
    if kind in ("radio_buttons", "checkboxes"):
        return "".join(f"<div>○ {_text(option['text'])}</div>" for option in element["options"])
    chosen = (element.get("initial_option") or {}).get("text") or element.get("placeholder") or {"type": "plain_text", "text": " "}
    words = element.get("initial_value") or ""
    return f"<span class='box'>{html.escape(words) if words else _text(chosen)}{'' if kind.endswith('input') else ' ▾'}</span>"


def _text(text: dict[str, Any]) -> str:
    return mrkdwn(text["text"]) if text["type"] == "mrkdwn" else html.escape(text["text"])


def mrkdwn(text: str) -> str:
    """Return Slack's mrkdwn as HTML: links, bold, italic, strike, code, a few emoji, lines."""
    safe = html.escape(text.replace("&lt;", "\x00").replace("&gt;", "\x01").replace("&amp;", "\x02"), quote=True)
    safe = _TOKEN.sub(_token, safe)
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s"), ("`", "code")):
        m = re.escape(mark)
        safe = re.sub(rf"(?<![\w<>/]){m}(?=\S)(.+?)(?<=\S){m}(?!\w)", rf"<{tag}>\1</{tag}>", safe)
    safe = re.sub(r":([a-z_]+):", lambda found: _EMOJI.get(found.group(1), found.group(0)), safe)
    safe = safe.replace("\x00", "&lt;").replace("\x01", "&gt;").replace("\x02", "&amp;")
    return re.sub(r"(?m)^ +", lambda found: "&nbsp;" * len(found.group()), safe).replace("\n", "<br>")


def _token(found: re.Match[str]) -> str:
    day, url, label, person, channel, name = found.groups()
    if day:
        return day
    if url:
        return f'<a href="{url}" rel="noopener noreferrer">{label or url}</a>'
    return f"<span class='mention'>{'@' + person if person else '#' + (name or channel)}</span>"
