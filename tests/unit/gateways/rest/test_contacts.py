"""A backend that looks after contacts, and what it sees of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, Json, open_desk
from tests.unit.gateways.rest.test_acting import made, next_fact, said
from unisono.app import erasing

ANN, BEN = "/v1/users/ann", "/v1/users/ben"
SECRET = "we met in Rome"


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(erasing, "SETTLING_MS", 0)
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as opened:
        yield opened


async def listed(desk: Desk, user: str, which: str = "contacts") -> list[Json]:
    status, answer = await desk.ask("GET", f"{user}/contacts?which={which}")
    assert (status, answer["kind"]) == (200, "contacts")
    contacts: list[Json] = answer["contacts"]
    return [{name: value for name, value in each.items() if name != "since"} for each in contacts]


async def ask(desk: Desk, method: str, path: str, **body: object) -> str:
    """Do something and give the code of its refusal, or that it was done."""
    status, answer = await desk.ask(method, path, json=body or None)
    return str(answer["kind"] if status == 200 else answer["code"])


async def test_two_become_contacts_and_part_again(desk: Desk) -> None:
    async with await desk.login("ben") as ben:
        assert await ask(desk, "POST", ANN + "/contacts/ben", message=SECRET) == "done"
        told = await next_fact(ben, "contact_invited")
        assert told == {"kind": "contact_invited", "user": "ann", "by": "ann", "message": SECRET}, "of no session"
        assert await listed(desk, ANN, "sent") == [{"user": "ben", "state": "invited", "message": SECRET}]
        assert await listed(desk, BEN, "received") == [{"user": "ann", "state": "asked", "message": SECRET}]
        assert await ask(desk, "PUT", BEN + "/contacts/ann") == "done"
        assert (await next_fact(ben, "contact_agreed"))["by"] == "ben"
        assert await ask(desk, "PUT", ANN + "/contacts/ben/remark", remark="tall") == "done"
        assert await listed(desk, ANN) == [{"user": "ben", "state": "friend", "remark": "tall"}]
        assert await listed(desk, BEN) == [{"user": "ann", "state": "friend"}]
        assert await ask(desk, "POST", BEN + "/contacts/ann/decline") == "conflict"
        assert await ask(desk, "DELETE", ANN + "/contacts/ben") == "done"
        assert (await next_fact(ben, "contact_removed"))["by"] == "ann"
    assert await listed(desk, ANN) == await listed(desk, BEN) == []
    assert await ask(desk, "PUT", BEN + "/contacts/ann") == "not_found"
    assert await ask(desk, "PUT", ANN + "/contacts/ben/remark", remark="tall") == "not_found"


async def test_who_is_blocked_is_refused_and_the_list_tells_who_is(desk: Desk) -> None:
    chat = await made(desk, "ann", by="ben", of="direct")
    assert await ask(desk, "POST", ANN + "/blocked", users=["ben", "cat"]) == "done"
    assert [each["user"] for each in await listed(desk, ANN, "blocked")] == ["ben", "cat"]
    assert await ask(desk, "POST", chat + "/messages", content={"text": "hi"}) == "forbidden"
    assert await ask(desk, "DELETE", ANN + "/blocked/ben") == "done"
    await said(desk, chat, "hi")
    assert (await desk.ask("GET", ANN + "/contacts?only=cat"))[1]["contacts"][0]["is_blocked"] is True


async def test_what_is_kept_is_exported_and_goes_when_one_is_erased(desk: Desk) -> None:
    await ask(desk, "POST", ANN + "/contacts/ben", message="hi")
    await ask(desk, "PUT", BEN + "/contacts/ann")
    await ask(desk, "PUT", ANN + "/contacts/ben/remark", remark=SECRET)
    await ask(desk, "POST", ANN + "/contacts/cat", message=SECRET)
    await ask(desk, "POST", "/v1/users/dan/contacts/ann", message="dan's")
    await ask(desk, "POST", ANN + "/blocked", users=["eve"])
    export = desk.url + ANN + "/export"
    async with desk.http.get(export, headers={"Authorization": "Bearer admin-key-of-the-tests-0123456789"}) as answer:
        lines = [json.loads(line) for line in (await answer.text()).splitlines()]
    kept = [line["contact"] for line in lines if line["is"] == "contact"]
    assert [(each["user"], each["state"], each.get("remark"), each.get("message")) for each in kept] == [
        ("ben", "friend", SECRET, None),
        ("cat", "invited", None, SECRET),
        ("dan", "asked", None, "dan's"),
        ("eve", "none", None, None),
    ]
    await desk.ask("DELETE", ANN)
    async with asyncio.timeout(20):
        while (await desk.ask("GET", ANN + "/erasure"))[1]["state"] != "over":
            await asyncio.sleep(0.02)
    for which in ("contacts", "received", "sent", "blocked"):
        for user in ("ann", "ben", "cat", "dan"):
            assert await listed(desk, f"/v1/users/{user}", which) == [], (user, which)
    for user in ("ann", "ben", "cat", "dan"):
        async with await desk.login(user) if user != "ann" else await desk.connect() as peer:
            stream = {"stream": f"u/{user}", "after": 0}
            read = await peer.ask("read", **stream)
            assert SECRET not in json.dumps(read)
