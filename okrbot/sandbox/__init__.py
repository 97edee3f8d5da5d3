"""The sandbox: rules of a user's own pass a gate and run in a child process that has nothing but the facts they read."""

from __future__ import annotations

from okrbot.sandbox.cell import SECONDS, Broken, Cell
from okrbot.sandbox.gate import Reads, Refusal, admit
from okrbot.sandbox.walls import protections

__all__ = ["SECONDS", "Broken", "Cell", "Reads", "Refusal", "admit", "protections"]
