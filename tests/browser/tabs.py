"""Browsers whose tabs use the SDK as it is built, against a server that lets their pages in."""

import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.certificates import certificate
from tests.support.node_player import NODE, Played, play
from tests.support.node_tests import PACKAGE
from tests.support.server_process import TEST_CONFIG, ServerProcess

HERE: Final = Path(__file__).parent
ADMIN: Final = "admin-key-of-the-tests-0123456789"
ORIGINS: Final = [
    *("http://pages.localhost", "http://pages.localhost:81", "https://pages.localhost"),
    *("http://other.localhost", "http://plain.test"),
]
SECRET: Final = "secret-of-the-tests-0123456789-0123456789"
CONFIG: Final = f"""{TEST_CONFIG}
[server]
origins = {json.dumps(ORIGINS)}

[identity.jwt]
secret = "{SECRET}"
"""
HOSTS: Final = {
    "worker": ["shared-worker"],
    "leader": ["leader-tab"],
    "mixed": ["shared-worker", "leader-tab"],
}
LOAD: Final = {
    "tabs": 4,
    "inPerS": 50,
    "outPerS": 20,
    "deaths": 2,
    "mixedDeaths": 2,
    "p50Ms": 2000,
    "p99Ms": 10_000,
    "managed": 0.2,
    "frozenMs": 1000,
    "followedMs": 10_000,
    "hangMs": 6000,
    "reloads": 3,
    "crowd": 6,
    "acts": 20,
    "mixedActs": 20,
    "seed": 7,
    "calmMs": 500,
    "pairs": 1,
    "alertTabs": 5,
    "alerts": 40,
    "blockedMs": 2000,
    "manyMs": 1000,
    "managedByMany": 0.2,
    "hiddenMs": 3000,
    "firefoxDeaths": 1,
}
FULL_LOAD: Final = {
    "tabs": 10,
    "inPerS": 200,
    "outPerS": 20,
    "deaths": 100,
    "mixedDeaths": 20,
    "p50Ms": 1000,
    "p99Ms": 3000,
    "managed": 0.8,
    "frozenMs": 60_000,
    "followedMs": 5_000,
    "hangMs": 60_000,
    "reloads": 30,
    "crowd": 50,
    "acts": 150,
    "mixedActs": 500,
    "seed": 11,
    "calmMs": 3000,
    "pairs": 2,
    "alertTabs": 5,
    "alerts": 1000,
    "blockedMs": 30_000,
    "manyMs": 60_000,
    "managedByMany": 0.5,
    "hiddenMs": 390_000,
    "firefoxDeaths": 10,
}
"""Tabs, messages a second that come and go, and how often and how long what is done to tabs."""
DEADLINE_S: Final = 240.0
FULL_DEADLINE_S: Final = 1500.0
IS_FULL: Final = "TESTS_FULL" in os.environ


BUILD: Final = """
const [folder, step, version] = process.argv.slice(1);
const told = {
  messages: (text) => text.replace(/(?<=PROTOCOL = )\\d+/, (was) => String(Number(was) + Number(step))),
  version: (text) => text.replace(/0\\.1\\.0/, version),
};
const setup = ({ onLoad }) => {
  onLoad({ filter: /src.(core.messages|version)\\.ts$/ }, ({ path }) => {
    const [name] = /\\w+(?=\\.ts$)/.exec(path);
    return { contents: told[name](require("node:fs").readFileSync(path, "utf8")), loader: "ts" };
  });
};
import("./bundles.mjs").then(({ bundle }) => bundle(folder, [{ name: "release", setup }]));
"""


def _build(folder: Path, step: int = 0, version: str = "0.1.0") -> None:
    subprocess.run([NODE, "-e", BUILD, folder, str(step), version], cwd=PACKAGE, check=True)
    (folder / "package.json").write_text('{"type": "module"}')


def _unpack(folder: Path, name: str) -> None:
    with tarfile.open(HERE / "releases" / f"{name}.tgz") as kept:
        # Debian's Python 3.11 knows no filters yet, later ones want one.
        if hasattr(tarfile, "data_filter"):
            kept.extraction_filter = tarfile.data_filter
        kept.extractall(folder)


async def play_in_browsers(
    data: Path,
    program: str,
    hosts: list[str],
    only: list[str],
    *,
    releases: Mapping[str, tuple[int, str]] | None = None,
    kept: Sequence[str] = (),
    browser: str = "chromium",
    is_polling: bool = False,
) -> Played:
    """Build the SDK, serve it with a page that uses it, and have browsers play the scenarios.

    `releases` are other ones by name: how far the number of their protocol among tabs is from that of this commit, and
    their version. Of those `kept` what was built then is served, too. Pages that are polling find the server behind a
    proxy that lets no WebSocket through.
    """
    dist = data / "sdk"
    _build(dist)
    for name, (step, version) in (releases or {}).items():
        _build(dist / name, step, version)
    for name in kept:
        _unpack(dist / name, name)
    async with (
        ServerProcess(data / "data", config=CONFIG, environment={"UNISONO_ADMIN__KEYS": ADMIN}) as server,
        ServerProcess(data / "strict", config=f'{CONFIG}\n[sessions]\npolicy = "turms"\n') as strict,
    ):
        table: Mapping[str, Any] = {
            "port": server.port,
            "strict": f"http://127.0.0.1:{strict.port}",
            "admin": ADMIN,
            "dist": str(dist),
            "releases": [*(releases or {}), *kept],
            "kept": list(kept),
            "tls": certificate(),
            "secret": SECRET,
            "hosts": hosts,
            "only": only,
            "browser": browser,
            "isPolling": is_polling,
            "load": {**(FULL_LOAD if IS_FULL else LOAD), "hosts": HOSTS, "isFull": IS_FULL},
        }
        played = await play(HERE / program, table, deadline_s=FULL_DEADLINE_S if IS_FULL else DEADLINE_S)
        server.assert_clean_log()
        strict.assert_clean_log()
    return played
