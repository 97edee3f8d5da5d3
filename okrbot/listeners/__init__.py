"""What people do in Slack, handed over: payload → answer → store → acknowledgement → what they see. The order matters."""

from __future__ import annotations

from okrbot.listeners.bolt import make_bolt
from okrbot.listeners.desk import Desk
from okrbot.listeners.repaint import repaint
from okrbot.listeners.standing import Standing

__all__ = ["Desk", "Standing", "make_bolt", "repaint"]
