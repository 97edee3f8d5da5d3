"""A strict, stateful stand-in for Jira Cloud and Jira Data Center on loopback, with faults on demand."""

from __future__ import annotations

from .server import FakeJira
from .site import Clock, Site, adf, jira_time, ms

__all__ = ["Clock", "FakeJira", "Site", "adf", "jira_time", "ms"]
