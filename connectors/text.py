"""Turns what trackers write into plain text and numbers: rich documents, wiki and Markdown text, sprint blobs, instants."""

from __future__ import annotations

import datetime as dt
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from okrbot.model import Millis, Sprint, clean, millis

# --- instants ---------------------------------------------------------------------------------------------------------

# Seconds stay below this until the year 5138, milliseconds are above it from March 1973 on; the same step again for
# micro- and nanoseconds. Jira's bulk changelog answers seconds where its schema promises ISO text.
_LARGEST_SECONDS = 100_000_000_000
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d\d)(\d\d)$")


def instant_millis(value: str | float | None, *, zone: dt.tzinfo = dt.UTC) -> Millis:
    """Return ISO text (`+0000`, `+00:00`, `Z`) or epoch seconds, milli-, micro- or nanoseconds as UTC milliseconds.

    None and "" give 0. A text without offset is read in `zone`. Raises ValueError for what is no instant.
    """
    if value is None or value == "":
        return 0
    if isinstance(value, str):
        text = value.strip()
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return _odd_text_millis(text, zone)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return millis(moment)
    return _number_millis(value)


def _number_millis(value: float) -> Millis:
    size = abs(value)
    if value is True or value is False or not size < _LARGEST_SECONDS * 1_000_000_000:  # nan and inf are not smaller
        raise ValueError(f"{value!r} is no instant")
    if size < _LARGEST_SECONDS:
        return round(value * 1000)
    while size >= _LARGEST_SECONDS * 1000:
        value, size = value / 1000, size / 1000
    return round(value)


def _odd_text_millis(text: str, zone: dt.tzinfo) -> Millis:
    if re.fullmatch(r"-?\d{1,19}(\.\d+)?", text):
        return _number_millis(float(text) if "." in text else int(text))
    repaired = _OFFSET_WITHOUT_COLON.sub(r"\1:\2", text.replace(" UTC", "Z").replace(" Z", "Z"))
    try:
        moment = dt.datetime.fromisoformat(repaired)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no instant") from None
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=zone))


# --- Atlassian documents ----------------------------------------------------------------------------------------------

_BLOCKS = frozenset(
    {
        "paragraph", "heading", "codeBlock", "blockquote", "panel", "rule", "table", "bulletList", "orderedList", "listItem",
        "taskList", "taskItem", "decisionList", "decisionItem", "expand", "nestedExpand", "mediaSingle", "mediaGroup", "layoutSection",
        "layoutColumn", "blockCard", "embedCard", "bodiedExtension", "extension", "caption",
    }
)  # fmt: skip
_BULLETS = frozenset({"listItem", "taskItem", "decisionItem"})
_CELLS = frozenset({"tableCell", "tableHeader"})
_BREAK = "\n"
_CELL_END = "\t"


def adf_text(node: Any) -> str:
    """Return the words of an Atlassian document (a decoded v3 body), a line a block, "- " before list items.

    Unknown nodes give their own text and children. Takes a list of nodes too; None gives "". Never recurses.
    """
    out: list[str] = []
    todo: list[Any] = [node]
    while todo:
        step = todo.pop()
        if isinstance(step, str):
            if step == _CELL_END and out and out[-1] == _BREAK:
                out.pop()  # a cell ends with the paragraph in it
            _put(out, step)
        elif isinstance(step, list):
            todo.extend(reversed(step))
        elif isinstance(step, Mapping):
            kind = step.get("type")
            if kind == "text":
                _put(out, _plain(step.get("text")))
                continue
            if kind == "tableRow":
                todo.append(" \n")
            elif kind in _BLOCKS:
                _put(out, _BREAK)
                todo.append(_BREAK)
            elif kind in _CELLS:
                todo.append(_CELL_END)
            if kind in _BULLETS:
                out.append("- ")
            children = step.get("content")
            if isinstance(children, list):
                todo.extend(reversed(children))
            _put(out, _own_words(kind, step.get("attrs")))
    return tidy("".join(out))


def _put(out: list[str], text: str) -> None:
    if text == _BREAK and (not out or out[-1] in {_BREAK, _CELL_END, "- "}):
        return
    if text:
        out.append(text)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _own_words(kind: Any, attrs: Any) -> str:
    """Give what a node says by its attributes: the name in a mention, the address of a card, the day of a date."""
    if kind == "hardBreak":
        return " \n"
    if not isinstance(attrs, Mapping):
        return ""
    match kind:
        case "mention" | "status" | "placeholder":
            return _plain(attrs.get("text"))
        case "emoji":
            return _plain(attrs.get("text")) or _plain(attrs.get("shortName"))
        case "inlineCard" | "blockCard" | "embedCard":
            return _plain(attrs.get("url"))
        case "date":
            try:
                return dt.datetime.fromtimestamp(int(attrs.get("timestamp", "")) / 1000, dt.UTC).date().isoformat()
            except (ValueError, TypeError, OverflowError, OSError):
                return ""
        case "expand" | "nestedExpand":
            title = _plain(attrs.get("title"))
            return f"{title}\n" if title else ""
        case "media" | "mediaInline":
            return _plain(attrs.get("alt"))
        case _:
            return _plain(attrs.get("text"))


# --- wiki text --------------------------------------------------------------------------------------------------------

_INNER = operator.itemgetter(1)  # three times as fast as the template r"\1"
_WIKI_LINKS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\[~(?:accountid:)?([^\[\]\n|]{1,200})\]"), r"@\1"),
    (re.compile(r"\[([^\[\]\n|]{1,500})\|[^\[\]\n]{1,2000}\]"), _INNER),
    (re.compile(r"\[((?:https?|ftp|mailto|file):[^\[\]\s|]{1,2000})\]"), _INNER),
    (re.compile(r"\[\^([^\[\]\n]{1,300})\]"), _INNER),
)
_Step = tuple[
    str, re.Pattern[str], str | Callable[[re.Match[str]], str]
]  # runs only where its first sign occurs: most cells hold no markup

_WIKI_STEPS: tuple[_Step, ...] = (
    (
        "{",
        re.compile(
            r"\{(?:code|noformat|quote|panel|color|anchor|toc|section|column|expand|info|note|tip|warning|jira)(?::[^{}\n]{0,500})?\}",
            re.IGNORECASE,
        ),
        "",
    ),
    ("{{", re.compile(r"\{\{([^{}\n]{1,500})\}\}"), _INNER),
    (". ", re.compile(r"(?m)^[ \t]*(?:h[1-6]|bq)\.[ \t]+"), ""),
    ("----", re.compile(r"(?m)^[ \t]*-{4,5}[ \t]*$"), ""),
    (" ", re.compile(r"(?m)^[ \t]*[*#-]{1,8}[ \t]+(?=\S)"), "- "),
    ("!", re.compile(r"!(?<!\w!)(?=\S)[^!\n|]{1,300}\.\w{2,5}(?:\|[^!\n]{0,300})?!(?!\w)"), ""),
    ("|", re.compile(r"(?m)^[ \t]*\|{1,2}|\|{1,2}[ \t]*$"), ""),
    ("||", re.compile(r"\|\|[ \t]*"), "\t"),
    ("*", re.compile(r"\*(?<![\w*]\*)(?=\S)([^*\n]{1,2000})(?<=\S)\*(?![\w*])"), _INNER),
    ("_", re.compile(r"_(?<![\w/]_)(?=\S)([^_\n]{1,2000})(?<=\S)_(?!\w)"), _INNER),
    ("+", re.compile(r"\+(?<![\w+]\+)(?=\S)([^+\n]{1,2000})(?<=\S)\+(?![\w+])"), _INNER),
    ("??", re.compile(r"\?\?(?=\S)([^?\n]{1,2000})\?\?"), _INNER),
    ("\\\\", re.compile(r"\\\\(?=\s|$)"), "\n"),
    ("\\", re.compile(r"\\([-{}\[\]*_+^~!|#?])"), _INNER),
)
_TABLE_ROW = re.compile(r"(?m)^[ \t]*\|[^|\n].*\|[ \t]*$")


def wiki_text(text: str) -> str:
    """Return Jira wiki markup (v2, Data Center, CSV) without its signs; text that is no markup stays as it is."""
    if not text:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for pattern, instead in _WIKI_LINKS if "[" in text else ():
        text = pattern.sub(instead, text)
    if "|" in text:
        text = _TABLE_ROW.sub(lambda row: row[0].strip().strip("|").replace("|", "\t"), text)
    for sign, pattern, instead in _WIKI_STEPS:
        if sign in text:
            text = pattern.sub(instead, text)
    return tidy(text)


# --- Markdown ---------------------------------------------------------------------------------------------------------

_MARKDOWN_STEPS: tuple[_Step, ...] = (
    ("```", re.compile(r"(?m)^[ \t]*```[^\n]*$"), ""),
    ("](", re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)"), _INNER),
    ("](", re.compile(r"\[([^\[\]\n]{1,500})\]\(<?[^()\n]{0,2000}\)"), _INNER),
    ("<http", re.compile(r"<(https?://[^<>\s]{1,2000})>"), _INNER),
    ("#", re.compile(r"(?m)^[ \t]*#{1,6}[ \t]+"), ""),
    (">", re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+"), ""),
    ("\n", re.compile(r"(?m)^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$"), ""),
    (" ", re.compile(r"(?m)^[ \t]*[*+-][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)"), "- "),
    ("**", re.compile(r"\*\*(?<![\w*]\*\*)(?=\S)([^*\n]{1,2000})(?<=\S)\*\*(?![\w*])"), _INNER),
    ("__", re.compile(r"__(?<!\w__)(?=\S)([^_\n]{1,2000})(?<=\S)__(?!\w)"), _INNER),
    ("*", re.compile(r"\*(?<![\w*]\*)(?=\S)([^*\n]{1,2000})(?<=\S)\*(?![\w*])"), _INNER),
    ("_", re.compile(r"_(?<![\w/]_)(?=\S)([^_\n]{1,2000})(?<=\S)_(?!\w)"), _INNER),
    ("~~", re.compile(r"~~(?=\S)([^~\n]{1,2000})~~"), _INNER),
    ("`", re.compile(r"`{1,2}([^`\n]{1,2000})`{1,2}"), _INNER),
    ("\\", re.compile(r"\\([-\\`*_{}\[\]()#+.!|<>~])"), _INNER),
)


def markdown_text(text: str) -> str:
    """Return Markdown (Linear's descriptions and comments) without its signs."""
    if not text:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for sign, pattern, instead in _MARKDOWN_STEPS:
        if sign in text:
            text = pattern.sub(instead, text)
    return tidy(text)


def body_text(value: Any) -> str:
    """Return the words of a Jira body in any of its forms: a document, a document kept as JSON text, wiki text, None."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value.startswith("{") and '"type"' in value[:200] and '"content"' in value:
            try:
                return adf_text(json.loads(value))
            except (ValueError, RecursionError):
                return wiki_text(value)
        return wiki_text(value)
    return adf_text(value)


# --- sprints of old Data Center ---------------------------------------------------------------------------------------

_BLOB = re.compile(r"^com\.atlassian\.greenhopper\.service\.sprint\.Sprint@[0-9a-f]+\[(.*)\]$", re.DOTALL)
_BLOB_KEY = re.compile(
    r"(?:^|,)(id|rapidViewId|state|name|goal|startDate|endDate|completeDate|activatedDate|sequence|autoStartStop|synced|incompleteIssuesDestinationId)="
)


def sprint_blob(text: str) -> Sprint | None:
    """Return the sprint in `com.atlassian.greenhopper…Sprint@1f[id=1,state=ACTIVE,name=…]`, None when it is no such text.

    Names and goals may hold commas, brackets and equal signs: only the known keys divide the blob.
    """
    found = _BLOB.match(text.strip())
    if not found:
        return None
    inner = found[1]
    parts: dict[str, str] = {}
    marks = list(_BLOB_KEY.finditer(inner))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        value = inner[mark.end() : after.start() if after else len(inner)]
        parts.setdefault(mark[1], "" if value == "<null>" else value)
    if not parts.get("id"):
        return None
    return Sprint(
        id=parts["id"],
        name=clean(parts.get("name", "")),
        state=sprint_state(parts.get("state", "")),
        start=_millis_or_zero(parts.get("startDate")),
        end=_millis_or_zero(parts.get("endDate")),
        completed=_millis_or_zero(parts.get("completeDate")),
        goal=clean(parts.get("goal", "")),
    )


def sprint_state(word: str) -> str:
    """Return future, active or closed for a tracker's word, "" when it is none of them."""
    folded = word.strip().lower()
    return folded if folded in {"future", "active", "closed"} else ""


def _millis_or_zero(text: str | None) -> Millis:
    try:
        return instant_millis(text)
    except ValueError:
        return 0


# --- layout -----------------------------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """Return `text` cleaned for both databases, without trailing blanks and with at most one empty line in a row."""
    return "\n".join(_lines(clean(text))).strip()


def _lines(text: str) -> Iterator[str]:
    empty = 0
    for line in text.split("\n"):
        line = line.rstrip()
        empty = 0 if line else empty + 1
        if empty < 2:
            yield line
