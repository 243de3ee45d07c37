"""Pages: what is in the package and nothing else, in the form that browsers keep best."""

import gzip
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from msgspec import ValidationError, convert

from tests.support.operator_desk import Desk, open_desk
from tests.support.recording import RecordingTelemetry
from tools.sources import ROOT
from unisono.gateways.pages.door import PagesDoor
from unisono.settings import Settings

LONG = "x" * 5000
Browser = TestClient[web.Request, web.Application]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"demo/index.html": "<!doctype html>", "demo/main-AB12.js": LONG, "sdk/unisono.js": "export {}"}
    files |= {"sdk/unisono.more-0123456789ab.js": "export {}"}
    files |= {"examples/index.html": "<!doctype html>", "examples/tabs.js": "export {}"}
    files |= {"sdk/notes.exe": "no", "secret.txt": "no"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
async def browser(root: Path) -> AsyncIterator[Browser]:
    application = web.Application()
    PagesDoor(RecordingTelemetry(), has_demo=True, root=root).add_to(application.router)
    async with TestClient(TestServer(application), auto_decompress=False) as client:
        yield client


async def test_the_page_lets_nothing_run_that_does_not_come_from_here(browser: Browser) -> None:
    async with browser.get("/") as answer:
        assert (answer.status, await answer.text()) == (200, "<!doctype html>")
        head = answer.headers
    assert (head["Content-Type"], head["Cache-Control"]) == ("text/html; charset=utf-8", "no-cache")
    policy = policy_of(answer)
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["worker-src"] == "'self' blob:"
    async with browser.get("/", headers={"If-None-Match": head["ETag"]}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with browser.head("/") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "15")


def policy_of(answer: ClientResponse) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


async def test_examples_stand_beside_the_demo_and_are_asked_for_anew(browser: Browser) -> None:
    for path in ("/examples/", "/examples/tabs.js"):
        async with browser.get(path) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
            assert policy_of(answer)["script-src"] == "'self'"


async def test_files_may_lie_where_the_operator_says_and_nowhere_else(root: Path) -> None:
    """A page of a server whose files have an address of their own showed no picture and sent no file."""
    told = {"server": {"advertised_url": "wss://chat.example.org/x"}, "pages": {"sources": ["https://f.example.org"]}}
    sources = convert(told, Settings).page_sources
    application = web.Application()
    PagesDoor(RecordingTelemetry(), has_demo=True, sources=sources, root=root).add_to(application.router)
    async with TestClient(TestServer(application)) as client, client.get("/") as answer:
        policy = policy_of(answer)
    expected = "'self' https://chat.example.org wss://chat.example.org https://f.example.org"
    assert policy["connect-src"] == expected
    assert policy["img-src"] == f"{expected} blob: data:"
    assert policy["script-src"] == "'self'"
    assert Settings().page_sources == ()


def test_what_is_no_origin_is_no_source() -> None:
    for source in ("https://a; script-src *", "*", "data:", "https://a/b"):
        with pytest.raises(ValidationError):
            convert({"pages": {"sources": [source]}}, Settings)


async def test_what_carries_a_hash_is_kept_for_ever_and_packed_for_who_takes_it(browser: Browser) -> None:
    async with browser.get("/demo/main-AB12.js", headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
        assert gzip.decompress(await answer.read()).decode() == LONG
        assert "immutable" in answer.headers["Cache-Control"]
    async with browser.get("/demo/main-AB12.js", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert await answer.text() == LONG


async def test_the_page_itself_is_asked_for_anew_under_each_of_its_names(browser: Browser) -> None:
    """Under its file's name it used to be kept for a year, with the names of the scripts of that day."""
    for path in ("/", "/demo/index.html"):
        async with browser.get(path) as answer:
            assert answer.headers["Cache-Control"] == "no-cache", path


async def test_pages_of_other_origins_may_include_the_sdk(browser: Browser) -> None:
    async with browser.get("/sdk/unisono.js") as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_what_the_sdk_loads_later_is_another_file_in_each_release(browser: Browser) -> None:
    async with browser.get("/sdk/unisono.more-0123456789ab.js") as answer:
        assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    async with browser.get("/sdk/unisono.more-0123456789ac.js") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/demo/none.js",
        "/sdk/notes.exe",
        "/sdk/..%2fsecret.txt",
        "/demo/..%2f..%2fetc%2fpasswd.txt",
        "/sdk/",
        f"/sdk/{LONG[:300]}.js",
    ],
)
async def test_nothing_else_is_given_away(browser: Browser, path: str) -> None:
    async with browser.get(path) as answer:
        assert answer.status == 404


async def test_pages_are_read_and_not_written(browser: Browser) -> None:
    async with browser.post("/") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert (await answer.json())["code"] == "unsupported"


async def test_the_demo_is_for_trying_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    async def status(desk: Desk, path: str) -> int:
        async with ClientSession() as http, http.get(desk.url + path) as answer:
            return answer.status

    assert not Settings().has_demo
    for folder, demo, expected in (("a", "never", 404), ("b", "dev", 200)):
        async with open_desk(tmp_path / folder, UNISONO_PAGES__DEMO=demo) as desk:
            assert await status(desk, "/") == expected
            assert await status(desk, "/examples/") == expected
            assert await status(desk, "/sdk/unisono.js") == 200


def test_a_wheel_has_the_pages_so_that_who_installs_it_needs_no_node(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    clone = tmp_path / "clone"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    (clone / "sdk/typescript/node_modules").symlink_to(ROOT / "sdk/typescript/node_modules")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "out")]
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        page = packed.read("unisono/web/demo/index.html").decode()
    assert "unisono/web/sdk/unisono.js" in names
    scripts = re.findall(r'"/(demo/[\w.-]+)"', page)
    assert len(scripts) >= 3
    assert {f"unisono/web/{name}" for name in scripts} <= names
    assert {f"unisono/web/examples/{name}" for name in ("index.html", "tabs.html", "tabs.js", "style.css")} <= names
