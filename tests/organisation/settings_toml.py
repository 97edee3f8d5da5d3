"""Write the configuration of the demo: two sources of kind files, two products, how items name their key result."""

from __future__ import annotations

from .company import Company
from .goals import EARLIER

TEXT = """\
# Veldmand, a made-up online grocery: the organisation that `okrbot demo` audits.
# The Jira part is a saved search answer, the Linear part a saved GraphQL answer; nothing is fetched.

[okrbot]
store = "sqlite:///okrbot.db"
timezone = "Europe/Amsterdam"

[[sources]]
name = "jira"
kind = "files"
paths = ["veldmand-jira.json"]
timezone = "Europe/Amsterdam"

[[sources]]
name = "linear"
kind = "files"
paths = ["veldmand-linear.json"]
timezone = "Europe/Amsterdam"

[[products]]
name = "Shop"
backlogs = ["jira/SHOP", "jira/PAY", "linear/WEB"]
owners = ["noor@veldmand.example", "bas@veldmand.example"]
channel = "#shop"

[[products]]
name = "Depot"
backlogs = ["jira/DEPOT", "linear/RIDE"]
owners = ["ilse@veldmand.example", "tom@veldmand.example"]
channel = "#depot"

[okrs]
files = ["okrs.toml"]
earlier = [{earlier}]

[okrs.links]
field = "Key Result"
label_prefix = "kr-"
projects = {{ "Rounds that know about bridges and rain" = "on-time-q3" }}
text = true

[work_classes]
types = {{ "Tech debt" = "enabling", "Hypothesis" = "discovery" }}
labels = {{ "compliance" = "ktlo", "tech-debt" = "enabling", "incident" = "ktlo", "chore" = "ktlo" }}

[digest]
day = "mon"
time = "09:00"
most = 5
"""


def text(company: Company) -> str:
    """Return okrbot.toml of the demo."""
    if not company.items:
        raise ValueError("an organisation without work needs no settings")
    return TEXT.format(earlier=", ".join(f'"okrs-{day}.toml"' for day in EARLIER))
