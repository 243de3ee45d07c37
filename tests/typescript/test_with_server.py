"""The browser SDK without a browser, and a real server: its holder and its tabs in Node."""

import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import jwt
import pytest

from tests.support.node_tests import assert_passed, files, run
from tests.support.operator_desk import TOKEN_SECRET, open_desk
from tests.support.server_process import ServerProcess
from unisono import Asker, Refused, Server
from unisono.domain.ids import Json

DEADLINE_S: Final = 90.0
ASKING: Final = "server/asking.test.ts"
CALLS: Final = "server/calls.test.ts"
DEVICES: Final = "server/devices.test.ts"
IN_UNISON: Final = "server/devices_in_unison.test.ts"
PROGRAMS: Final = "server/program.test.ts"
THREADS: Final = "server/threads.test.ts"
TOKENS: Final = "server/tokens.test.ts"
USER: Final = "ann"


@pytest.fixture
async def environment(data: Path) -> AsyncIterator[Mapping[str, str]]:
    """Give what the tests find in their environment: where the server is."""
    async with ServerProcess(data) as server:
        yield {"UNISONO_URL": f"ws://127.0.0.1:{server.port}"}
        server.assert_clean_log()


@pytest.mark.rows("S15", "S16", "X19", "E27", "E42")
async def test_what_is_pushed_to_a_user_reaches_every_tab_of_every_device_once(environment: Mapping[str, str]) -> None:
    told = await run([DEVICES], deadline_s=DEADLINE_S, environment=environment)
    kicked = "with random ids and a limit of four the fifth tab kicks the first, which is told by whom and stays out"
    assert_passed(told, DEVICES, kicked)
    assert_passed(told, DEVICES)


@pytest.mark.rows("M9")
async def test_a_second_device_needs_a_token_of_its_own(tmp_path: Path) -> None:
    token = jwt.encode({"sub": USER}, TOKEN_SECRET, "HS256")
    async with open_desk(tmp_path, UNISONO_IDENTITY__KIND="jwt") as desk:
        there = {"UNISONO_URL": desk.url.replace("http", "ws"), "UNISONO_USER": USER, "UNISONO_TOKEN": token}
        assert_passed(await run([TOKENS], deadline_s=DEADLINE_S, environment=there), TOKENS)


OTHERS: Final = {ASKING, CALLS, DEVICES, IN_UNISON, PROGRAMS, THREADS, TOKENS}


@pytest.mark.parametrize("file", [file for file in files("server") if file not in OTHERS])
async def test_with_a_server(environment: Mapping[str, str], file: str) -> None:
    told = await run([file], deadline_s=DEADLINE_S, environment=environment)
    assert_passed(told, file)


@pytest.mark.rows(
    "E10",
    "E56",
    "E62",
    "E63",
    "E64",
    "E65",
    "E66",
    "E67",
    "E68",
    "E69",
    "E70",
    "E71",
    "E73",
    "E34",
    "E37",
    "E38",
    "X17",
    "X18",
    "X51",
    "X53",
)
async def test_devices_in_unison(environment: Mapping[str, str]) -> None:
    told = await run([IN_UNISON], deadline_s=DEADLINE_S, environment=environment)
    arranged = "what I arrange on one device each tab of the others is told once, and the author's tabs are not"
    assert_passed(told, IN_UNISON, arranged)
    to_a_login = "a login is told something in all its tabs, a tab alone, and nobody else"
    assert_passed(told, IN_UNISON, to_a_login)
    assert_passed(told, IN_UNISON)


@pytest.mark.rows("M3", "M17", "M22", "X54", "D5", "D7", "E7", "E33", "E47", "E48", "E49", "E50", "E51")
async def test_calls_contacts_and_claims(environment: Mapping[str, str]) -> None:
    told = await run([CALLS], deadline_s=DEADLINE_S, environment=environment)
    assert_passed(told, CALLS, "a call rings in all tabs of all devices, and one of them answers")
    assert_passed(told, CALLS, "what becomes of contacts both users hear, on all their devices")
    assert_passed(told, CALLS, "what is to be done once one tab of all devices does, and another where that fails")
    assert_passed(told, CALLS)


@pytest.mark.rows("E9", "E57", "E58", "E59", "E60", "E61")
async def test_threads_beside_a_group(environment: Mapping[str, str]) -> None:
    told = await run([THREADS], deadline_s=DEADLINE_S, environment=environment)
    assert_passed(told, THREADS, "each tab of my other devices is told once what I do with a thread")
    assert_passed(told, THREADS)


async def test_a_program_and_its_clients_ask_each_other(tmp_path: Path) -> None:
    server = Server(data_dir=str(tmp_path), server={"port": 0}, identity={"kind": "dev"}, log=io.StringIO())

    @server.on_request("price")
    async def price(asker: Asker, data: Json) -> Json:
        if data != "tea":
            raise Refused(reason="no such thing")
        return {"price": 3.5, "for": asker.user}

    @server.on_request("ask back")
    async def ask_back(asker: Asker, data: Json) -> Json:
        assert isinstance(data, dict)
        tab = data.get("tab")
        return await server.ask(asker.user, str(data["session"]), "where", data.get("data"), tab=tab and str(tab))

    async with server:
        environment = {"UNISONO_URL": server.url.replace("http", "ws")}
        assert_passed(await run([ASKING], deadline_s=DEADLINE_S, environment=environment), ASKING)


@pytest.mark.rows("M18", "M19", "M20", "X43", "X44")
async def test_programs_in_several_tabs_of_one_session(environment: Mapping[str, str]) -> None:
    told = await run([PROGRAMS], deadline_s=DEADLINE_S, environment=environment)
    assert_passed(told, PROGRAMS, "plugins and classes of messages act in the tab that has them, and in no other")
    assert_passed(told, PROGRAMS, "what changes in one tab, and the files sent from it, are in all tabs")
