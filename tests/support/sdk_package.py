"""The package of the browser SDK as programs have it: built, installed, and run by a Node."""

import asyncio
import json
import platform
import shutil
from pathlib import Path
from typing import Any, Final

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


async def build(folder: Path) -> dict[str, Any]:
    """Build the package as it is published; give where, and what each script is: its file and its sizes in bytes."""
    dist = folder / "dist"
    told = json.loads(await run_node(PACKAGE, "build.mjs", "--out", dist))
    assert "unisono.js" in told
    return {"folder": str(dist), "scripts": told}


def install(folder: Path, dist: Path) -> None:
    """Put the package, as it was built, into a folder as `npm install` does."""
    package = folder / "node_modules" / "unisono"
    package.mkdir(parents=True)
    shutil.copy(PACKAGE / "package.json", package)
    shutil.copytree(dist, package / "dist")
