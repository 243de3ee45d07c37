"""The steps that bring a database to the present schema. `migrate` runs them; Alembic keeps the count."""

from typing import Final

LAST: Final = 22
REVISIONS: Final = tuple(f"{number:04}" for number in range(1, LAST + 1))
"""All steps, the oldest first; none is changed any more, others are added.

Here, so that a database in its present form is opened without loading Alembic.
"""
