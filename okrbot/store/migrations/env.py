"""Run Alembic on the connection that `store.open_store` hands over; there is no alembic.ini."""

from alembic import context

from okrbot.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
