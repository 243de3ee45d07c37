"""The steps that bring a database to the present schema. `migrate` runs them; Alembic keeps the count."""

from typing import Final

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
"""All steps, the oldest first; none is changed any more, others are added.

Here, so that a database in its present form is opened without loading Alembic.
"""
