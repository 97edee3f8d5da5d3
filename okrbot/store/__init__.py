"""The store: one database (SQLite file or PostgreSQL) that remembers items, goals, findings and what was sent."""

from __future__ import annotations

from okrbot.store.opening import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
