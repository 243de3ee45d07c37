"""The examples of the browser SDK's guide are modules: they are type-checked, and they run."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.node_tests import PACKAGE
from tests.support.sdk_package import install, oldest_node, run_node
from tests.support.server_process import ServerProcess
from tests.typescript.conftest import Built
from tools.sources import ROOT

GUIDE: Final = (ROOT / "docs" / "guide" / "browser-sdk.md").read_text()
OTHERS: Final = (ROOT / "docs" / "guide" / "threads.md").read_text()
REFERENCE: Final = (ROOT / "docs" / "reference" / "typescript.md").read_text()
RUN: Final = re.findall(r"^```ts\n(.*?)^```$", GUIDE + OTHERS, re.MULTILINE | re.DOTALL)
SHOWN: Final = re.findall(r"^```ts no-run\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
PROJECT: Final = {
    "extends": str(PACKAGE / "tsconfig.base.json"),
    "compilerOptions": {
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
        "allowImportingTsExtensions": False,
    },
    "include": ["*.mts"],
}
PRINTED: Final = (
    "tom says Jerry, get up!",
    "held in single with 1 tab",
    "theme is { dark: true } by me",
    "{ dark: true } undefined",
    "ding: tom says Dinner!",
    "taken away",
    "tom brought me to",
    "1 chart",
    "one object: true",
    "known without asking: The crew",
    "To Trondheim asks Who comes along?",
    "red tea: [ '明天喝红茶吗' ]",
    "Here 31.75 120.5 answers true",
    "https://files.example.org/sofa.png 500",
    "Hello [ '\U0001f44d 1' ] true",
    "recalled",
    "jerry got Did you get this?",
    "delivered [ 'jerry' ]",
    "Cheese? [ 'yes', 'no' ]",
    'jerry says You said "Anybody here?"',
    "Käse!",
    "0 left",
    'tom changed The club {"place":{"city":"Oslo"},"votes":1}',
    "jerry is manager",
    "muted by [ 'jerry' ]",
    "spike is online web",
    "tom says 5 : 0 to 2 people",
    "and then [ '6 : 0' ]",
    "tom calls behind you!",
    "tom is missed: I dropped out",
    "a dot of 70 bytes, image/png",
    "this browser rings, too",
    "is Shed live",
    'theme is {"is":"dark"}',
    "meanwhile it is at",
    "told of cart { items: 3 } true",
    "to this phone: Look at this!",
    "boris is a contact, by boris",
    "anna asks: We met in Rome",
    "[ 'boris: From Rome' ]",
    "ding once on all devices",
    "1 of 2 did it",
    "elsewhere: pinnedConversation [ 'green' ]",
    "Garden is pinned: true",
    "begun: Shall we",
    "all silent: mentions",
    "the laptop hears of chatThreadCreate",
    "tom began Where to eat",
    "the same: true tom,jerry",
    "Pizza? in a thread under message 2",
    "not jerry's to rename",
)


UNTYPED: Final = """
const { readFileSync, writeFileSync } = require("node:fs");
const [from, to] = process.argv.slice(1);
const { code } = require("esbuild").transformSync(readFileSync(from, "utf8"), { loader: "ts" });
writeFileSync(to, code);
"""


def _install(folder: Path, dist: Path) -> None:
    """Put the package beside the examples as `npm install` does, and write them down."""
    install(folder, dist)
    (folder / "tsconfig.json").write_text(json.dumps(PROJECT))
    for number, module in enumerate(RUN + SHOWN):
        (folder / f"example{number}.mts").write_text(module)


def _write_for(folder: Path, port: int, count: int) -> None:
    """Have the first examples talk to the server on a port."""
    for number, module in enumerate(RUN[:count]):
        (folder / f"example{number}.mts").write_text(module.replace("127.0.0.1:8080", f"127.0.0.1:{port}"))


@pytest.mark.rows("L6", "L11", "L31")
async def test_each_example_is_typed_and_runs(tmp_path: Path, built: Built) -> None:
    _install(tmp_path, built[0])
    await run_node(tmp_path, PACKAGE / "node_modules" / "typescript" / "bin" / "tsc", "-p", ".")
    all_of_them = "".join(f'await import("./example{number}.mts");\n' for number in range(len(RUN)))
    (tmp_path / "all.mts").write_text(all_of_them)
    async with ServerProcess(tmp_path / "served") as server:
        _write_for(tmp_path, server.port, len(RUN))
        printed = await run_node(tmp_path, tmp_path / "all.mts")
        server.assert_clean_log()
    for line in PRINTED:
        assert line in printed, f"{line!r} is not in:\n{printed}"
    assert re.findall(r"found (To \w+)", printed) == ["To Bergen", "To Oslo", "To Trondheim"]
    assert re.findall("The café has (.*)", printed) == ["No tea for me", "Tea at five?"]
    assert len(RUN) == 29


@pytest.mark.parametrize("count", [2, pytest.param(len(RUN), marks=pytest.mark.full)])
async def test_examples_run_in_the_oldest_node(tmp_path: Path, built: Built, count: int) -> None:
    """Node 20 has no WebSocket: there it goes by long polling."""
    install(tmp_path, built[0])
    async with ServerProcess(tmp_path / "served") as server:
        _write_for(tmp_path, server.port, count)
        names = [f"example{number}" for number in range(count)]
        for name in names:
            await run_node(PACKAGE, "-e", UNTYPED, tmp_path / f"{name}.mts", tmp_path / f"{name}.mjs")
        (tmp_path / "all.mjs").write_text("".join(f'await import("./{name}.mjs");\n' for name in names))
        printed = await run_node(tmp_path, tmp_path / "all.mjs", node=oldest_node())
        server.assert_clean_log()
    for line in PRINTED if count == len(RUN) else PRINTED[:4]:
        assert line in printed, f"{line!r} is not in:\n{printed}"


def test_every_event_is_in_the_guides_table() -> None:
    events = (PACKAGE / "src" / "api" / "events.ts").read_text()
    table = events[events.index("export interface NetworkEvents") :]
    names = set(re.findall(r"^  readonly (\w+): \w+;$", table, re.MULTILINE))
    rows = [line.split("|")[1] for line in GUIDE.splitlines() if line.startswith("| `")]
    assert names - {"unknownFact"} <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(names) > 30


@pytest.mark.rows("L10")
def test_all_that_the_package_gives_is_in_the_reference() -> None:
    exports = (PACKAGE / "src" / "api" / "exports.ts").read_text()
    given = {name for names in re.findall(r"\{([^}]*)\}", exports) for name in re.findall(r"\w+", names)}
    assert {name for name in given if f"\n### {name}\n" not in REFERENCE} == set()
    assert len(given) > 60
