"""The package of the browser SDK as it is built."""

import json
import subprocess
from pathlib import Path
from typing import Final

from tests.support.node_tests import NODE, PACKAGE

KIB: Final = 1024
LIMITS: Final = {
    "unisono.js": 20 * KIB,
    "unisono.global.js": 21 * KIB,
    # Long polling, for the few who need it, is 1.2 KiB of this one and of the worker.
    "unisono.holder.js": 18 * KIB,
    "unisono.more.js": 2 * KIB,
    "unisono.worker.js": 18 * KIB,
}
"""What a page has to load at most, compressed."""


def test_what_a_page_loads_stays_small(tmp_path: Path) -> None:
    built = subprocess.run(
        [NODE, "build.mjs", "--out", tmp_path], cwd=PACKAGE, check=True, capture_output=True, text=True
    )
    sizes = {name: size["gzip"] for name, size in json.loads(built.stdout).items()}
    assert sizes.keys() == LIMITS.keys()
    assert not {name: size for name, size in sizes.items() if size > LIMITS[name]}


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
