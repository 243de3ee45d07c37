"""A program that starts again goes on where it stopped."""

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Peer, Refuse
from unisono_sdk import FileState, StateFault, Unisono
from unisono_sdk.places import Position
from unisono_sdk.state import SavedSession, SavedState, _state, _value

Connect = Callable[..., Unisono]

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
numbers = st.integers(0, 2**53 - 1)
positions = st.dictionaries(texts, st.builds(Position, numbers, numbers, st.booleans()), max_size=4)
sessions = st.builds(
    SavedSession,
    user=texts,
    tag=st.none() | texts,
    session=st.none() | texts,
    resume_token=st.none() | texts,
    fence=numbers,
    checkpoint=numbers,
    positions=positions,
)


@given(st.builds(SavedState, device=st.none() | texts, sessions=st.lists(sessions, max_size=3).map(tuple)))
def test_what_is_written_is_read(state: SavedState) -> None:
    assert _state(json.loads(json.dumps(_value(state)))) == state


@pytest.mark.rows("E4", "E23")
async def test_a_restarted_program_resumes_and_gets_what_it_missed(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "state.json"
    async with connect(state=FileState(path)) as unisono:
        first = await unisono.login(user="me")
        await first.conversation("1").send("before")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [name.name for name in path.parent.iterdir()] == ["state.json"]
    server.message("missed")
    heard: list[str] = []
    async with connect(state=FileState(path)) as unisono:
        second = await unisono.login(user="me")
        messages = second.messages()
        second.on("message", lambda message: heard.append(message.text))
        assert (await within(anext(messages))).text == "missed"
        assert (second.session, second.device.id) == (first.session, first.device.id)
        assert second.tab != first.tab
    assert heard == ["missed"]
    assert (server.logins, [resume["fence"] for resume in server.requests("resume")]) == (1, [2])


async def test_handlers_given_to_the_login_hear_the_first_event(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        await unisono.login(user="me")
    server.message("missed")
    heard = asyncio.Event()
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        login = unisono.login(user="me", handlers={"message": lambda _: heard.set()})
        await asyncio.wait_for(login, 10)
        await within(heard.wait())


async def test_a_saved_session_that_is_over_is_followed_by_a_login_that_misses_nothing(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    def refuse(peer: Peer, _: Frame) -> None:
        raise Refuse("session_closed")

    async with connect(state=FileState(tmp_path / "s")) as unisono:
        await unisono.login(user="me")
    server.message("missed")
    server.hooks["resume"] = refuse
    while not server.peers.empty():
        server.peers.get_nowait()
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        login = asyncio.ensure_future(unisono.login(user="me"))
        peer = await server.peer()
        while not server.requests("resume"):
            await asyncio.sleep(0)
        await peer.bye("session_closed", "stop", 4431)
        client = await within(login)
        messages = client.messages()
        assert (await within(anext(messages))).text == "missed"
    assert server.logins == 2


async def test_a_displaced_or_logged_out_session_is_not_kept(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    store = FileState(tmp_path / "s")
    async with connect(state=store) as unisono:
        client = await unisono.login(user="me")
        happened = client.events()
        await (await server.peer()).bye("displaced", "stop", 4432)
        assert len([event async for event in happened]) == 2
    (saved,) = (await store.load()).sessions
    assert (saved.session, saved.resume_token, saved.positions["c/1"]) == (None, None, Position(1, 1))
    async with connect(state=store) as unisono:
        await (await unisono.login(user="me")).logout()
    assert (await store.load()).sessions == ()
    assert (await store.load()).device is not None


async def test_without_a_user_a_restart_logs_in_but_misses_nothing(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        await unisono.login(token="one")
    server.message("missed")
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        client = await unisono.login(token="two")
        assert (await within(anext(client.messages()))).text == "missed"
    assert server.logins == 2


async def test_a_device_with_an_id_of_its_own_is_no_other_devices_session(
    server: FakeServer, connect: Connect, tmp_path: Path
) -> None:
    async with connect(state=FileState(tmp_path / "s")) as unisono:
        await unisono.login(user="me")
    async with connect(state=FileState(tmp_path / "s"), fixed_device_id=False) as unisono:
        await unisono.login(user="me")
    first, second = (login["device"]["id"] for login in server.requests("login"))
    assert first != second


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format":2}', '{"format":1,"sessions":[{}]}', b"\xff"])
async def test_a_file_that_is_no_state_is_a_fault(connect: Connect, tmp_path: Path, text: str | bytes) -> None:
    path = _written(tmp_path / "s", text)
    async with connect(state=FileState(path)) as unisono:
        with pytest.raises(StateFault):
            await unisono.login(user="me")


def _written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


async def test_a_file_below_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFault):
        await FileState(tmp_path / "file" / "s").save(SavedState())
    with pytest.raises(StateFault):
        await FileState(tmp_path).load()
