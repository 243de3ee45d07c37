"""The package of the browser SDK as it is built."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.node_tests import NODE, PACKAGE
from tests.typescript.conftest import Built

KIB: Final = 1024
LIMITS: Final = {
    "unisono.js": 20 * KIB,
    "unisono.global.js": 20 * KIB,
    "unisono.polling-….js": 3 * KIB,
    "unisono.duties-….js": 6 * KIB,
    "unisono.more-….js": 3 * KIB,
    "unisono.devices-….js": 10 * KIB,
    "unisono.notices.js": 2 * KIB,
    "unisono.holder-….js": 17 * KIB,
    "unisono.worker-….js": 16 * KIB,
    "unisono.worker.js": 22 * KIB,
}
"""What a page has to load at most, compressed."""
OF_OTHERS: Final = ("wire/types.ts", "core/messages.ts")
"""Where names stand that servers, stored rows and tabs of other releases know."""


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

WHERE: Final = """
const { readFileSync } = require("node:fs");
const { SourceMap } = require("node:module");
const [path, text] = process.argv.slice(1);
const lines = readFileSync(path, "utf8").split("\\n");
const line = lines.findIndex((each) => each.includes(text));
const map = JSON.parse(readFileSync(`${path}.map`, "utf8"));
const { originalSource, originalLine } = new SourceMap(map).findEntry(line, lines[line].indexOf(text));
const original = map.sourcesContent[map.sources.indexOf(originalSource)].split("\\n")[originalLine];
console.log(JSON.stringify({ named: lines.at(-2), source: originalSource, original }));
"""


def test_what_a_page_loads_stays_small(built: Built) -> None:
    sizes = {name: size["gzip"] for name, size in built[1].items()}
    assert sizes.keys() == LIMITS.keys()
    assert not {name: size for name, size in sizes.items() if size > LIMITS[name]}


def test_what_is_loaded_later_is_another_file_in_each_release(built: Built) -> None:
    folder, told = built
    later = {name: size["file"] for name, size in told.items() if size["file"] != name}
    lasting = {"unisono.js", "unisono.global.js", "unisono.notices.js", "unisono.worker.js"}
    assert later.keys() == told.keys() - lasting
    for file in later.values():
        assert re.fullmatch(r"unisono\.[a-z]+-[0-9a-f]{12}\.js", file)
        assert (folder / f"{file}.map").exists()
    named = {name: (folder / told[name]["file"]).read_text() for name in told}
    for page in ("unisono.js", "unisono.global.js"):
        named_there = ("worker", "duties", "polling", "holder", "more", "devices")
        assert all(later[f"unisono.{name}-….js"] in named[page] for name in named_there)
    for name in ("polling", "duties"):
        file = later[f"unisono.{name}-….js"]
        assert f'import("./{file}")' in named["unisono.holder-….js"]
        # Bundlers copy what is named so, and tell the page where; its worker is told by the page.
        assert f'new URL("./{file}",import.meta.url)' in named["unisono.js"]
        assert file not in named["unisono.worker-….js"]
        # Under a name that stays, for pages that name it themselves: it is all there.
        assert f'import("./{file}")' not in named["unisono.worker.js"]


def test_a_map_leads_from_a_script_to_its_sources(built: Built) -> None:
    folder, told = built
    for name, text, source in (
        ("unisono.js", "tabs cannot share a session here", "host/surroundings.ts"),
        ("unisono.worker-….js", "the holder was closed", "core/session.ts"),
    ):
        path = folder / told[name]["file"]
        words = subprocess.run([NODE, "-e", WHERE, path, text], check=True, capture_output=True, text=True)
        found = json.loads(words.stdout)
        assert found["named"] == f"//# sourceMappingURL={path.name}.map"
        assert found["source"].endswith(f"/src/{source}")
        assert text in found["original"]


def test_no_name_that_is_made_short_is_known_to_anybody_else() -> None:
    program = "import('./bundles.mjs').then(({ INSIDE }) => console.log(JSON.stringify(INSIDE)))"
    told = subprocess.run([NODE, "-e", program], cwd=PACKAGE, check=True, capture_output=True, text=True)
    names = json.loads(told.stdout)
    root = PACKAGE / "src"
    sources = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.ts")}
    # The demo is built with the SDK in it: its own texts must not be among them either.
    demo = [path.read_text() for path in (PACKAGE / "demo" / "src").rglob("*.ts")]
    everything = "\n".join([*sources.values(), *demo])
    assert len(names) > 30
    for name in names:
        assert re.search(rf"\b{name}\b", everything), f"{name} is not in use"
        assert not re.search(rf"[\"']{name}[\"']", everything), f"{name} stands as text"
        assert not [file for file in OF_OTHERS if re.search(rf"\b{name}\??:", sources[file])], name


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
    files = {word: f"planted{number}.ts" for number, word in enumerate(planted)}
    for word, text in planted.items():
        (core / files[word]).write_text(text)
    found = _judged(tmp_path)
    assert found.returncode == 1
    for word, file in files.items():
        assert [line for line in found.stdout.splitlines() if file in line and word in line], f"{word}: {found.stdout}"
        (core / file).write_text("/** Says nothing. */\nexport function a(): void {}\n")
    assert _judged(tmp_path).returncode == 0


def _judged(folder: Path) -> subprocess.CompletedProcess[str]:
    words: list[str | Path] = [NODE, "check.mjs", "rules", folder]
    return subprocess.run(words, cwd=PACKAGE, capture_output=True, text=True, check=False)
