"""Lists among the attributes of conversations say how long they are, so that they are found by it."""

import json
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROWS = sa.table("conversations", sa.column("stream"), sa.column("attributes"))
VALUES = sa.table("conversation_attributes", *map(sa.column, ("stream", "path", "nth", "number")))


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(ROWS.c.stream, ROWS.c.attributes).where(ROWS.c.attributes.is_not(None)))
    for stream, attributes in rows.fetchall():
        for path, length in lengths("", json.loads(attributes)):
            at = (VALUES.c.stream == stream) & (VALUES.c.path == path) & (VALUES.c.nth == 0)
            connection.execute(sa.update(VALUES).where(at).values(number=length))


def lengths(prefix: str, values: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for key, value in values.items():
        if not key or "." in key:
            continue  # It cannot be asked for, and would look like the path of another.
        if isinstance(value, dict):
            yield from lengths(f"{prefix}{key}.", value)
        elif isinstance(value, list):
            yield prefix + key, len(value)
