"""Where a connector may send its credential, and which texts can be one: checked before anything is sent."""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
from urllib.parse import urlsplit

from okrbot.model import Secret


def address(url: str, *, key: str = "url") -> str:
    """Return `url` without a trailing slash. Raises ValueError naming `key`: https, or http to this machine; no user, no query."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError(f"{key}: not an address; write https://host") from None
    if "@" in parts.netloc:  # before any message could repeat it
        raise ValueError(f"{key}: must not hold a user or password; use the settings `user` and `token`")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\\]", text):
        raise ValueError(f"{key}: {text!r} is not an address; write https://host")
    if parts.query or parts.fragment:
        raise ValueError(f"{key}: leave out everything from ? or # on")
    number = _number(host)
    if number is not None and (number.is_link_local or number.is_multicast or number.is_unspecified):
        raise ValueError(f"{key}: {host} is no place for a service (link-local or metadata range)")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{key}: http:// would show the token to the network; write https://{host} (http only for loopback)")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address a host text stands for, old spellings (2130706433, 0x7f.1) included; None for a name."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(number, "ipv4_mapped", None) or number


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or number; nothing is looked up."""
    number = _number(host)
    return number.is_loopback if number is not None else host == "localhost" or host.endswith(".localhost")


def credential(secret: Secret | None, *, key: str = "token") -> str:
    """Return a token without the blanks around it. Raises ValueError that names the setting and never the value."""
    text = (secret.reveal() if secret is not None else "").strip()
    place = f" ({secret.source})" if secret is not None and secret.source else ""
    if not text:
        raise ValueError(f"{key}: is empty{place}; put the token there")
    if not all("!" <= letter <= "~" for letter in text):
        raise ValueError(f"{key}: holds a blank, a line end or a letter that no token has{place}; paste it again")
    return text


def basic(user: str, token: str, *, key: str = "user") -> str:
    """Return the Authorization value for user and token. Raises ValueError naming `key` for a user that cannot be sent."""
    if not user.strip() or not user.isprintable() or ":" in user:
        raise ValueError(f"{key}: is empty or holds a colon or a control letter; write the account's e-mail address")
    return "Basic " + base64.b64encode(f"{user.strip()}:{token}".encode()).decode("ascii")
