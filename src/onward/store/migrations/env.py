"""Alembic's environment: it uses the connection and the transaction of the store."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
