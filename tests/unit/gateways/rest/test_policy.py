"""An operator changes how many devices users may have, while the server runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.operator_desk import Desk, open_desk

PATH = "/v1/policy"
LIMITED_KEY = "a-key-for-sessions-alone-0123456789"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    limited = f'[{{"key": "{LIMITED_KEY}", "scopes": ["sessions"]}}]'
    async with open_desk(tmp_path_factory.mktemp("policy"), UNISONO_ADMIN__LIMITED=limited) as opened:
        yield opened


async def revision(desk: Desk) -> int:
    return int((await desk.ask("GET", PATH))[1]["revision"])


@pytest.mark.rows("E13", "E15")
async def test_what_is_said_holds_at_the_next_login_and_is_kept_with_who_said_it(desk: Desk) -> None:
    before = await revision(desk)
    async with await desk.login("alice", "d1") as first, await desk.login("alice", "d2") as second:
        body = {"devices": {"policy": "single"}, "expect": before, "note": "until we know more"}
        status, view = await desk.ask("PUT", PATH, json=body)
        assert (status, view["revision"], view["said"]) == (200, before + 1, {"devices": {"policy": "single"}})
        assert view["in_force"] == {"devices": {"slots": [{"key": ["platform"], "capacity": 1}]}, "writing": "anyone"}
        assert (view["last"]["address"], view["last"]["note"]) == ("127.0.0.1", "until we know more")
        assert (await desk.ask("GET", PATH))[1] == view
        async with await desk.login("alice", "d3", label="tablet", info='{"colour": "red"}'):
            for peer in (first, second):
                code, bye = await peer.ended()
                assert bye is not None
                assert (code, bye["code"], bye["advice"]) == (4432, "displaced", "stop")
                assert bye["newcomer"] == {"platform": "web", "label": "tablet", "info": '{"colour": "red"}'}
    (change,) = (await desk.ask("GET", PATH + "/log?limit=1"))[1]["changes"]
    assert (change["revision"], change["by"], change["note"]) == (before + 1, view["last"]["by"], body["note"])
    assert change["old"]["devices"]["slots"][0]["capacity"] == 4
    assert change["new"] == view["in_force"]


async def test_the_log_is_read_from_the_newest_change_on(desk: Desk) -> None:
    last = [(await desk.ask("PUT", PATH, json={}))[1]["revision"] for _ in range(3)][-1]
    page = (await desk.ask("GET", PATH + "/log?limit=2"))[1]
    assert ([each["revision"] for each in page["changes"]], page["next"]) == ([last, last - 1], last - 1)
    page = (await desk.ask("GET", f"{PATH}/log?limit=100&before={page['next']}"))[1]
    assert (page["changes"][0]["revision"], page["changes"][-1]["revision"], "next" in page) == (last - 2, 1, False)


async def test_who_expects_another_revision_is_refused(desk: Desk) -> None:
    known = await revision(desk)
    status, refusal = await desk.ask("PUT", PATH, json={"writing": "contacts", "expect": known + 1})
    assert (status, refusal["code"], f"revision={known}" in refusal["message"]) == (409, "conflict", True)
    assert await revision(desk) == known


@pytest.mark.parametrize(
    "body",
    [
        {"devices": {"policy": "nope"}},
        {"devices": {"policy": "sente", "capacities": {"ios": 1}}},
        {"devices": {"capacity": 0}},
        {"devices": {"policy": {"slots": [{"key": ["colour"], "capacity": 1}]}}},
        {"writing": "nobody"},
        {"device": {}},
        {"note": ""},
    ],
)
async def test_what_is_no_policy_is_refused(desk: Desk, body: object) -> None:
    known = await revision(desk)
    assert (await desk.ask("PUT", PATH, json=body))[1]["code"] == "invalid"
    assert await revision(desk) == known


async def test_a_policy_is_tried_out_first(desk: Desk) -> None:
    known = await revision(desk)
    async with await desk.login("bob", "d1", label="phone") as first, await desk.login("bob", "d2"):
        body = {"devices": {"policy": "multi", "capacity": 1}}
        status, trial = await desk.ask("POST", PATH + "/trial", json=body)
        (found,) = trial["crowded_out"]
        assert (status, found["user"], found["session"]["session"]) == (200, "bob", first.session)
        assert (found["session"]["shown"]["label"], found["session"]["state"]) == ("phone", "live")
        assert (await desk.ask("POST", PATH + "/trial?after=bob", json=body))[1] == {"crowded_out": []}
        assert (await desk.ask("POST", PATH + "/trial?limit=1", json=body))[1]["next"] == "bob"
        assert len((await desk.ask("GET", "/v1/users/bob/sessions"))[1]["sessions"]) == 2
    assert await revision(desk) == known


async def test_a_key_needs_the_scope(desk: Desk) -> None:
    assert (await desk.ask("GET", PATH, key=LIMITED_KEY))[1]["code"] == "forbidden"


async def test_it_is_said_of_after_a_restart_and_over_the_settings(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.ask("PUT", PATH, json={"devices": {"policy": "sente"}, "writing": "contacts"})
    async with open_desk(tmp_path, UNISONO_SESSIONS__POLICY="single", UNISONO_CONTACTS__WRITING="anyone") as desk:
        node = desk.server.node
        view = (await desk.ask("GET", PATH))[1]
        assert (view["revision"], view["in_force"]) == (1, {"devices": {}, "writing": "contacts"})
        told = [str(node.contact_policy.writing)]
        view = (await desk.ask("PUT", PATH, json={}))[1]
        assert view["in_force"]["devices"]["slots"][0]["capacity"] == 1
        assert [*told, node.contact_policy.writing] == ["contacts", "anyone"]
