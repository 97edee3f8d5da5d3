"""`okrbot serve`: the scheduler, the bot and the health pages in one process that starts in any weather and ends cleanly."""

from __future__ import annotations

from okrbot.serve.serving import Serving, serve

__all__ = ["Serving", "serve"]
