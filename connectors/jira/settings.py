"""What a Jira source takes in the config, checked before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from okrbot.model import Secret

from ..addresses import address, basic, credential, is_loopback


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of a `[[sources]]` table of kind jira."""

    name: str
    url: str = field(default="", metadata={"help": "address of the site, e.g. https://acme.atlassian.net"})
    user: str = field(
        default="", metadata={"help": 'e-mail address of the account; "" for a personal access token or a service account\'s Bearer token'}
    )
    token: Secret | None = field(default=None, metadata={"help": "API token or personal access token, by reference (env:NAME)"})
    projects: tuple[str, ...] = field(default=(), metadata={"help": "keys of the projects to read; none = all that the account may see"})
    jql: str = field(default="", metadata={"help": "a filter of your own, instead of or on top of `projects`"})
    cloud: str = field(default="auto", metadata={"help": '"cloud", "datacenter" or "auto" (ask the site)'})
    cloud_id: str = field(default="", metadata={"help": "cloud id of the site, needed for scoped tokens and service accounts"})
    parallel: int = field(default=0, metadata={"help": "requests in flight at most; 0 = 8 for Cloud, 2 for Data Center"})
    history: bool = field(default=True, metadata={"help": "read the change history; without it, rules that need history are not checked"})
    comments: bool = field(
        default=True, metadata={"help": "read comments; they tell when a person last touched an issue and what was learnt"}
    )
    page_size: int = field(default=100, metadata={"help": "issues asked for in one request, 1 to 1000"})
    overlap_minutes: int = field(default=15, metadata={"help": "how far each pull looks back before the last one, at least 15"})
    goals: bool = field(default=True, metadata={"help": "read objectives and key results kept in Jira or in Atlassian goals"})


def checked(settings: Settings) -> Settings:
    """Return `settings` tidied. Raises ValueError that names the key and the remedy."""
    if not settings.url.strip():
        raise ValueError("url: is missing; write the site's address, e.g. https://acme.atlassian.net")
    if settings.cloud not in ("auto", "cloud", "datacenter"):
        raise ValueError(f'cloud: {settings.cloud!r} is not known; write "auto", "cloud" or "datacenter"')
    if settings.cloud_id and not re.fullmatch(r"[0-9A-Za-z-]{8,64}", settings.cloud_id):
        raise ValueError("cloud_id: is not a cloud id; copy it from https://SITE.atlassian.net/_edge/tenant_info")
    if settings.cloud_id and settings.cloud == "datacenter":
        raise ValueError('cloud_id: only Cloud has one; leave it out or set cloud = "cloud"')
    for key, value, low, high in (
        ("parallel", settings.parallel, 0, 64),
        ("page_size", settings.page_size, 1, 1000),
        ("overlap_minutes", settings.overlap_minutes, 15, 14 * 1440),
    ):
        if not low <= value <= high:
            raise ValueError(f"{key}: {value} is out of range; write {low} to {high}")
    for project in settings.projects:
        if not project.strip() or not project.isprintable():
            raise ValueError(f"projects: {project!r} is not a project key")
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in settings.jql):
        raise ValueError("jql: holds a control character; write it again by hand")
    return settings


def site_address(settings: Settings) -> str:
    """Return where people open the site. Raises ValueError."""
    return address(settings.url, key="url")


def api_address(settings: Settings) -> str:
    """Return where requests go: the site, or the cloud-id address for scoped tokens. Raises ValueError."""
    site = site_address(settings)
    if not settings.cloud_id:
        return site
    if is_loopback(urlsplit(site).hostname or ""):
        return f"{site}/ex/jira/{settings.cloud_id}"
    return f"https://api.atlassian.com/ex/jira/{settings.cloud_id}"


def login(settings: Settings) -> tuple[str, str]:
    """Return user ("" for a Bearer token) and token, checked. Raises ValueError that names the setting only."""
    token = credential(settings.token)
    if settings.user.strip():
        basic(settings.user, token)
    return settings.user.strip(), token
