"""Alembic's entry: runs the steps on the connection, and in the transaction, that `migrate` gives."""

from alembic import context

from unisono.stores.sql.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
