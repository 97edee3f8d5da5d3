"""Messages and views as Block Kit: what is said stands in `templates/`, how it is built stands here, and what Slack takes is checked."""

from __future__ import annotations

from okrbot.blocks.digest import DigestPosts, Gap, GoalLine, Post, digest_posts, late_note, skipped_note
from okrbot.blocks.escape import escape, link, one_line
from okrbot.blocks.limits import TooMuchError, check_message, check_view

__all__ = [
    "DigestPosts",
    "Gap",
    "GoalLine",
    "Post",
    "TooMuchError",
    "check_message",
    "check_view",
    "digest_posts",
    "escape",
    "late_note",
    "link",
    "one_line",
    "skipped_note",
]
