"""Find the line of a key in a TOML text, which the standard parser does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_STRINGS = ('"""', "'''")


def line_of(text: str, table: str, key: str = "", *, index: int = 0) -> int:
    """Return the 1-based line of `key` in the `index`-th table called `table` ("" = the top), else the table's own line, else 1.

    Dotted keys (`links.field = …`) and inline tables count as their first part.
    """
    seen = -1 if table else 0
    current = ""
    header_line = 1
    open_string = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_string:
            if open_string in line:
                open_string = ""
            continue
        header = _HEADER.match(line)
        if header and "=" not in line.split("#", 1)[0].split("]", 1)[0]:
            current = ".".join(part.strip().strip("\"'") for part in header.group(2).split("."))
            if current == table:
                seen += 1
                if seen == index:
                    header_line = number
        elif current == table and seen == index and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return number
        for quote in _STRINGS:
            if line.count(quote) % 2:
                open_string = quote
    return header_line
