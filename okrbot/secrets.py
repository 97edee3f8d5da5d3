"""Keep secrets out of everything that is shown: a redaction for texts and a filter for logs."""

from __future__ import annotations

import base64
import logging
import re
import urllib.parse

# Shapes of tokens of the services okrbot talks to, and credentials inside an address.
_SHAPES = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{6,}|xapp-[A-Za-z0-9-]{6,}|lin_(?:api|oauth)_[A-Za-z0-9]{6,}|ATATT[A-Za-z0-9_\-=.]{10,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|(?i:(?<=bearer )|(?<=basic ))[A-Za-z0-9+/=._\-]{8,}"
)


def redact(text: str, *known: str) -> str:
    """Return `text` without anything that looks like a token, and without the values in `known`, also as base64 and URL-encoded."""
    for value in known:
        if len(value) >= 4:
            forms = (value, base64.b64encode(value.encode()).decode(), urllib.parse.quote(value, safe=""))
            for form in forms:
                text = text.replace(form, "***")
    return _SHAPES.sub("***", text)


class Redacting(logging.Filter):
    """Remove secrets from every log record, its arguments and its traceback."""

    def __init__(self, *known: str) -> None:
        super().__init__()
        self._known = known

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage(), *self._known)
        record.args = None
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info), *self._known)
            record.exc_info = None
        return True
