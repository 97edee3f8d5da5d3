"""Alembic steps from one shape of the store to the next, run when a store is opened."""
