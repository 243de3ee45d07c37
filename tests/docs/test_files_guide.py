"""The guide on files: what it does by hand works."""

import asyncio
import os
import sys
from pathlib import Path

from tests.docs.pages import examples
from tests.support.operator_desk import ADMIN_KEY, open_desk


async def test_a_file_is_put_and_read_by_hand(tmp_path: Path) -> None:
    (program,) = examples("docs/guide/files.md", "python")
    async with open_desk(tmp_path) as desk:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program.text,
            env={**os.environ, "UNISONO_URL": desk.url, "UNISONO_ADMIN_KEY": ADMIN_KEY},
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            said, _ = await process.communicate()
    assert said == b"put 29 bytes, read 29\n"
