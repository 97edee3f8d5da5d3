"""The one escape for text that is not ours on its way into Slack's mrkdwn: it cannot ping, link, format or show as an emoji.

Slack has no character that switches its markup off, so what could begin markup is replaced by a letter that looks the same.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]+")
_LOOKALIKE = {"*": "∗", "_": "＿", "~": "∼"}
# A marker opens a stretch only where no letter or digit stands before it; snake_case and 2*3 stay as they are.
_OPENING = re.compile(r"(?<![^\W_])[*_~]")
_EMOJI = re.compile(r":(?=[a-z0-9_+'\-]+:)", re.IGNORECASE)
_QUOTE = re.compile(r"^(?:&gt;)+")


def one_line(text: str, width: int = 0) -> str:
    """Return foreign text as one line without control, bidirectional and invisible characters, cut to `width` characters if given."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if not width or len(line) <= width else line[: width - 1].rstrip() + "…"


def escape(text: str, width: int = 0) -> str:
    """Return foreign text for mrkdwn, on one line, cut to `width` characters (before escaping) if given."""
    line = one_line(text, width).replace("`", "ˋ")
    line = _OPENING.sub(lambda found: _LOOKALIKE[found.group()], line)
    line = _EMOJI.sub("꞉", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _QUOTE.sub(lambda found: "›" * (len(found.group()) // 4), line)


def fit(text: str, most: int) -> str:
    """Return our own markup cut to `most` characters: not inside an entity or a link, which would show as rubbish."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    begun = max(kept.rfind("<"), kept.rfind("&"))
    if begun >= 0 and not re.search(r"[>;]", kept[begun:]):
        kept = kept[:begun]
    return kept.rstrip() + "…"


def link(url: str, label: str, width: int = 0) -> str:
    """Return a link whose label is foreign text; only the label when `url` is no plain http address."""
    words = escape(label.replace("|", "¦"), width)
    address = safe_address(url)
    return f"<{address}|{words}>" if address and words else words


def safe_address(url: str) -> str:
    """Return an http address as it may stand inside a link or button, "" for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or len(url) > 1000:
        return ""
    address = quote(url, safe=":/?#[]@!$&'()*+,;=%~")
    return address.replace("&", "&amp;") if len(address) <= 1000 else ""
