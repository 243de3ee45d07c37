"""The package of the browser SDK as programs have it: built, installed, and run by a Node."""

import asyncio
import json
import platform
import shutil
from pathlib import Path
from typing import Final

from tests.support.node_tests import NODE, PACKAGE
from tools.sources import ROOT

DEADLINE_S: Final = 60.0
OTHERS: Final = ROOT / "tests" / "typescript" / "node_modules"
CPUS: Final = {"x86_64": "x64", "aarch64": "arm64"}


def oldest_node() -> Path:
    """Give the oldest Node that the package runs in, as npm installed it beside the tests."""
    return OTHERS / f"node20-{CPUS[platform.machine()]}" / "bin" / "node"


async def run_node(folder: Path, *words: str | Path, node: Path = NODE) -> str:
    """Run Node in a folder; give what it printed. It has to end well, and in time."""
    process = await asyncio.create_subprocess_exec(
        node, *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def install(folder: Path) -> None:
    """Put the package into a folder as `npm install` does."""
    package = folder / "node_modules" / "unisono"
    package.mkdir(parents=True)
    shutil.copy(PACKAGE / "package.json", package)
    told = json.loads(await run_node(PACKAGE, "build.mjs", "--out", package / "dist"))
    assert "unisono.js" in told
