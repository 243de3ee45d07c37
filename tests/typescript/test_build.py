"""The package of the browser SDK as it is built."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.node_tests import NODE, PACKAGE

KIB: Final = 1024
LIMITS: Final = {
    "unisono.js": 20 * KIB,
    "unisono.global.js": 21 * KIB,
    # Long polling, for the few who need it, is 1.2 KiB of this one and of the worker.
    "unisono.holder.js": 18 * KIB,
    "unisono.more.js": 2 * KIB,
    "unisono.notices.js": 2 * KIB,
    "unisono.worker.js": 18 * KIB,
}
"""What a page has to load at most, compressed."""

Built = tuple[Path, Mapping[str, Mapping[str, int]]]

SCRIPT_TAG: Final = """
const { readFileSync } = require("node:fs");
const { runInThisContext } = require("node:vm");
const [classic, module] = process.argv.slice(1);
globalThis.document = { currentScript: null };
runInThisContext(readFileSync(classic, "utf8"));
import(module).then((given) => {
  const { Unisono } = globalThis;
  const names = Object.keys(given).filter((name) => name !== "Unisono");
  const lacking = names.filter((name) => typeof Unisono[name] !== "function");
  const made = new Unisono("https://chat.example.org");
  console.log(JSON.stringify({ count: names.length, lacking, isOne: made instanceof Unisono, sharing: made.sharing }));
});
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    told = subprocess.run([NODE, "build.mjs", "--out", folder], cwd=PACKAGE, check=True, capture_output=True, text=True)
    return folder, json.loads(told.stdout)


def test_what_a_page_loads_stays_small(built: Built) -> None:
    sizes = {name: size["gzip"] for name, size in built[1].items()}
    assert sizes.keys() == LIMITS.keys()
    assert not {name: size for name, size in sizes.items() if size > LIMITS[name]}


@pytest.mark.rows("L12")
def test_a_script_tag_puts_all_of_it_under_one_name(built: Built) -> None:
    scripts = [str(built[0] / "unisono.global.js"), (built[0] / "unisono.js").as_uri()]
    told = subprocess.run([NODE, "-e", SCRIPT_TAG, *scripts], check=True, capture_output=True, text=True)
    found = json.loads(told.stdout)
    assert found == {"count": found["count"], "lacking": [], "isOne": True, "sharing": "auto"}
    assert found["count"] > 30


def test_the_rules_find_what_is_planted(tmp_path: Path) -> None:
    core = tmp_path / "src" / "core"
    core.mkdir(parents=True)
    deep = "if (a) { if (a) { if (a) { if (a) { return; } } } }"
    planted = {
        "`any` switches": "const a: any = 1;",
        "`!` needs its reason": "const a = [1][0]!;",
        "may not import from api": 'import "../api/client.ts";',
        "nothing is needed": 'import "left-pad";',
        "exported and not explained": "export function a(): void {}",
        "a function of 53 lines": "function a() {\n" + "  b();\n" * 51 + "}",
        "6 parameters": "function a(b: 1, c: 1, d: 1, e: 1, f: 1, g: 1) {}",
        "nested deeper": f"function b(a: boolean) {{ {deep} }}",
        "401 lines": "\n" * 401,
    }
    for word, text in planted.items():
        (core / "planted.ts").write_text(text)
        found = subprocess.run(
            [NODE, "check.mjs", "rules", tmp_path], cwd=PACKAGE, capture_output=True, text=True, check=False
        )
        assert found.returncode == 1, word
        assert word in found.stdout
    (core / "planted.ts").write_text("/** Says nothing. */\nexport function a(): void {}\n")
    assert subprocess.run([NODE, "check.mjs", "rules", tmp_path], cwd=PACKAGE, check=False).returncode == 0
