"""Which verb runs when: slots from a wall-clock rule and an IANA zone, claimed once in the store; APScheduler only ticks."""

from __future__ import annotations

from okrbot.schedule.claims import Job, due, finish, start
from okrbot.schedule.slots import Rule, Slot, first_instant, last_slot, parse, slot_of
from okrbot.schedule.ticker import Ticker

__all__ = ["Job", "Rule", "Slot", "Ticker", "due", "finish", "first_instant", "last_slot", "parse", "slot_of", "start"]
