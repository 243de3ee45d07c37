"""A server in the event loop of the test: a third of the price of a process, for who neither kills nor restarts it."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.fresh_schema import lay
from tests.support.server_process import TEST_CONFIG, check_log
from unisono.config import load, with_generated_secrets
from unisono.server import Running, running


@asynccontextmanager
async def serving(data: Path, **environment: str) -> AsyncIterator[Running]:
    """Serve on a free port, with belief, and see at the end that the log tells of nothing bad."""
    lay(data)
    file, log = data.with_name(data.name + ".toml"), io.StringIO()
    file.write_text(TEST_CONFIG)
    given = {
        "UNISONO_SERVER__PORT": "0",
        "UNISONO_DATA_DIR": str(data),
        "UNISONO_IDENTITY__KIND": "dev",
        "UNISONO_DATABASE__SYNCHRONOUS": "normal",
    }
    async with running(with_generated_secrets(load(file, given | environment)), log_target=log) as server:
        yield server
    # Clients in the same process write there as well, and their tests look at that.
    check_log(log.getvalue(), "logger=unisono_sdk")
