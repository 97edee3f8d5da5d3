"""Sentences for Slack from `templates/slack_*.j2`: every value that is put in is escaped, unless it is a link of our own making."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from okrbot.blocks.escape import escape, link
from okrbot.render import count, templates_folder


class Marked(str):
    """Text that is mrkdwn already."""

    __slots__ = ()


def _finish(value: object) -> str:
    return value if isinstance(value, Marked) else escape(str(value))


def _link(url: str, label: str, width: int = 0) -> Marked:
    return Marked(link(url, label, width))


def _cut(text: str, width: int) -> Marked:
    return Marked(escape(text, width))


def _begun(text: str) -> str:
    """Return a note as the beginning of a sentence; a key or name that is written small stays small."""
    first = text.split(" ", 1)[0].rstrip(",:;")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,  # HTML's escape would show &#39; to people
        finalize=_finish,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(templates_folder()),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "cut": _cut, "begun": _begun, "count_of": lambda things, one: count(len(things), one)}
    environment.globals |= {"link": _link}
    return environment


def say(template: str, part: str, values: Mapping[str, Any]) -> str:
    """Return one part (a Jinja block) of `templates/<template>` filled with `values`, its lines trimmed."""
    page = _environment().get_template(template)
    text = "".join(page.blocks[part](page.new_context(dict(values))))
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
