"""Kill a process at every step of a send, start it again, and count what arrived."""

from __future__ import annotations
