"""What is brought along over REST is there for clients at once, and once, on a whole server."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.support.operator_desk import Desk, Json, open_desk
from unisono.app import erasing, import_report, importing
from unisono.domain.answers import Done
from unisono.domain.commands import Dissolve
from unisono.domain.conversation import Membership
from unisono.domain.errors import Invalid
from unisono.domain.ids import ConversationId, UserId
from unisono.domain.importing import Why, take_in, take_over

IMPORTS = "/v1/imports/leancloud"
BEGAN = 1_700_000_000_000
TEAM = "5f0c9a7d1b2c3d4e5f60718a"


def team(**more: object) -> Json:
    """Give a group as it is brought along."""
    return {
        "conversation": TEAM,
        "of": "group",
        "creator": "ann",
        "created_at": BEGAN,
        "updated_at": BEGAN + 5,
        "members": ["ann", "bob", "cat"],
        "muted": ["cat"],
        "name": "Team",
        "attributes": {"colour": "green"},
        **more,
    }


def said(number: int, sender: str = "ann", **more: object) -> Json:
    body = f'{{"_lctype":-1,"_lctext":"word {number}"}}'
    return {"id": f"m{number:020}", "at": BEGAN + 1_000 * number, "sender": sender, "body": body, **more}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as opened:
        yield opened


async def bring(desk: Desk, what: str, body: Json) -> Json:
    status, answer = await desk.ask("POST", f"{IMPORTS}/{what}", json=body)
    assert status == 200, answer
    return answer


async def members_of(desk: Desk) -> Sequence[Membership]:
    parts = desk.server.node.parts
    now = parts.clock.now()
    return await parts.directory.members(ConversationId(TEAM), "members", after=None, limit=9, now=now)


async def bring_team(desk: Desk, count: int = 4) -> list[Json]:
    """Bring the group and so many messages, of Ann and Bob by turns."""
    messages = [said(number, "ann" if number % 2 else "bob") for number in range(1, count + 1)]
    return [
        await bring(desk, "conversations", {"conversations": [team()]}),
        await bring(desk, "messages", {"parts": [{"conversation": TEAM, "messages": messages}]}),
    ]


async def report(desk: Desk) -> list[Json]:
    async with desk.http.get(
        f"{desk.url}{IMPORTS}/report", headers={"Authorization": "Bearer another-key-0123456789-0123456789"}
    ) as answer:
        assert answer.status == 200
        return [json.loads(line) async for line in answer.content]


async def list_of(desk: Desk, user: str) -> Any:
    async with await desk.login(user, f"device of {user}") as peer:
        answer = await peer.ask("conversations")
        assert "answer" in answer, answer
        return answer["answer"]["conversations"]


async def test_members_find_the_conversation_as_it_was(desk: Desk) -> None:
    taken, placed = await bring_team(desk)
    assert taken == {"new": 1, "changed": 0, "same": 0, "not_taken": []}
    assert placed == {"placed": 4, "known": 0, "not_taken": []}
    for user, unread, level in (("ann", 2, "all"), ("bob", 2, "all"), ("cat", 4, "none")):
        (shown,) = await list_of(desk, user)
        assert (shown["conversation"], shown["name"], shown["attributes"]) == (TEAM, "Team", {"colour": "green"})
        assert (shown["created_at"], shown["last_message_at"]) == (BEGAN, BEGAN + 4_000)
        assert (shown.get("unread", 0), shown.get("level", "all")) == (unread, level)
    async with await desk.login("cat") as cat:
        page = (await cat.ask("history", conversation=TEAM))["answer"]["messages"]
    assert [(each["at"], each["message"]["sender"], each["message"]["content"]["text"]) for each in page] == [
        (BEGAN + 1_000 * number, "ann" if number % 2 else "bob", f"word {number}") for number in range(1, 5)
    ]


async def test_a_second_time_nothing_changes(desk: Desk) -> None:
    await bring_team(desk)
    before = await report(desk)
    taken, placed = await bring_team(desk)
    assert (taken["same"], placed["known"]) == (1, 4)
    assert await report(desk) == before
    await bring_team(desk, 5)
    assert (await report(desk))[-1]["kinds"]["group"]["messages"] == 5
    assert (await report(desk))[-1]["hash"] != before[-1]["hash"]


async def test_what_waits_for_members_is_what_is_told(desk: Desk) -> None:
    await bring_team(desk)
    reading = {"parts": [{"conversation": TEAM, "unread": {"cat": 3, "bob": 1, "eve": 2}}]}
    assert await bring(desk, "reading", reading) == {"moved": 3}
    assert await bring(desk, "reading", reading) == {"moved": 0}
    unread = {user: (await list_of(desk, user))[0].get("unread", 0) for user in ("ann", "bob", "cat")}
    assert unread == {"ann": 0, "bob": 1, "cat": 3}
    assert (await report(desk))[-1]["kinds"]["group"]["unread"] == 4


async def test_what_was_said_here_since_still_waits(desk: Desk) -> None:
    await bring_team(desk)
    await desk.ask("POST", f"/v1/users/ann/conversations/{TEAM}/messages", json={"content": {"text": "new"}})
    assert await bring(desk, "reading", {"parts": [{"conversation": TEAM}]}) == {"moved": 3}
    assert [(await list_of(desk, user))[0].get("unread", 0) for user in ("ann", "bob", "cat")] == [0, 1, 1]
    (end,) = (await bring(desk, "ends", {"conversations": [TEAM]}))["ends"]
    assert end == {"conversation": TEAM, "id": "m00000000000000000004", "at": BEGAN + 4_000}


async def test_where_nothing_was_said_nothing_waits_and_nothing_ends(desk: Desk) -> None:
    await bring(desk, "conversations", {"conversations": [team()]})
    parts = [{"conversation": TEAM}, {"conversation": "unknown"}]
    assert await bring(desk, "reading", {"parts": parts}) == {"moved": 0}
    assert await bring(desk, "ends", {"conversations": [TEAM, "unknown"]}) == {
        "ends": [{"conversation": TEAM}, {"conversation": "unknown"}]
    }


async def test_roles_restrictions_and_subscribers_come_along_once(desk: Desk) -> None:
    await bring(desk, "conversations", {"conversations": [team(), team(conversation="news", of="service", members=[])]})
    roles = [
        {"user": "bob", "what": "manager"},
        {"user": "cat", "what": "blocked"},
        {"user": "eve", "what": "silenced"},
    ]
    readers = [{"user": f"reader{number}", "what": "subscriber"} for number in range(3)]
    parts = [{"conversation": TEAM, "standing": roles}, {"conversation": "news", "standing": readers}]
    body = {"parts": [*parts, {"conversation": "nowhere", "standing": roles[:1]}]}
    nowhere = {"conversation": "nowhere", "code": "conversation_unknown", "id": "manager", "user": "bob"}
    assert await bring(desk, "standing", body) == {"placed": 6, "known": 0, "not_taken": [nowhere]}
    messages = [said(number) for number in range(1, 4)]
    await bring(desk, "messages", {"parts": [{"conversation": name, "messages": messages} for name in (TEAM, "news")]})
    assert await bring(desk, "standing", body) == {"placed": 0, "known": 6, "not_taken": [nowhere]}
    kinds = (await report(desk))[-1]["kinds"]
    counted = {name: kinds["group"][name] for name in ("members", "managers", "silenced", "blocked")}
    assert counted == {"members": 2, "managers": 1, "silenced": 1, "blocked": 1}
    assert (kinds["service"]["members"], kinds["service"]["unread"]) == (3, 9)
    # Subscribers have read what was brought along, but for what waits.
    reading = {"parts": [{"conversation": "news", "unread": {"reader1": 2}}]}
    assert await bring(desk, "reading", reading) == {"moved": 3}
    assert (await report(desk))[-1]["kinds"]["service"]["unread"] == 2
    assert [each.user for each in await members_of(desk)] == ["ann", "bob"]


async def test_many_subscribers_are_counted_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (importing, import_report):
        monkeypatch.setattr(module, "MEMBERS_AT_ONCE", 3)
    await bring(desk, "conversations", {"conversations": [team(conversation="news", of="service", members=[])]})
    for count in (6, 7):
        readers = [{"user": f"reader{number}", "what": "subscriber"} for number in range(count)]
        await bring(desk, "standing", {"parts": [{"conversation": "news", "standing": readers}]})
        await bring(desk, "messages", {"parts": [{"conversation": "news", "messages": [said(count)]}]})
        assert (await report(desk))[-1]["kinds"]["service"]["members"] == count
    assert await bring(desk, "reading", {"parts": [{"conversation": "news"}]}) == {"moved": 7}


async def test_more_than_a_page_is_looked_through(desk: Desk) -> None:
    await bring_team(desk, 250)
    await bring(desk, "reading", {"parts": [{"conversation": TEAM, "unread": {"cat": 230, "bob": 500}}]})
    assert [(await list_of(desk, user))[0].get("unread", 0) for user in ("ann", "bob", "cat")] == [0, 125, 230]


async def test_every_kind_and_body_comes_along(desk: Desk) -> None:
    others = [
        team(conversation="room", of="room", members=[], muted=[]),
        team(conversation="news", of="service", members=["bob"], muted=[]),
        team(conversation="gone", of="temporary", expires_at=BEGAN + 10),
    ]
    taken = await bring(desk, "conversations", {"conversations": [team(), *others]})
    assert (taken["new"], taken["not_taken"]) == (3, [{"conversation": "gone", "code": "conversation_over"}])
    binary = b64encode(b"\x00\xff").decode()
    messages = [
        said(1, body="plain words"),
        said(2, body=binary, is_binary=True),
        said(3, body='{"_lctype":-127}'),
        said(4, mentions=["bob", "bob"], mention_all=True),
    ]
    parts = [{"conversation": name, "messages": messages} for name in (TEAM, "room", "news", "nowhere")]
    placed = await bring(desk, "messages", {"parts": parts})
    assert (placed["placed"], {each["code"] for each in placed["not_taken"]}) == (12, {"conversation_unknown"})
    async with await desk.login("bob") as bob:
        page = (await bob.ask("history", conversation=TEAM))["answer"]["messages"]
        assert {each["conversation"] for each in (await bob.ask("conversations"))["answer"]["conversations"]} == {
            TEAM,
            "news",
        }
    assert [each["message"]["content"].get("text") for each in page] == ["plain words", None, None, "word 4"]
    assert page[1]["message"]["content"]["binary"] == binary
    assert page[2]["message"]["is_recalled"]
    assert (page[3]["message"]["mentions"], page[3]["message"]["mention_all"]) == (["bob"], True)
    kinds = (await report(desk))[-1]["kinds"]
    assert kinds["group"] == {
        "conversations": 1,
        "messages": 4,
        "recalled": 1,
        "members": 3,
        "muted": 1,
        **dict.fromkeys(("managers", "silenced", "blocked"), 0),
        "unread": kinds["group"]["unread"],
    }
    assert (kinds["room"]["messages"], kinds["service"]["members"]) == (4, 1)


async def test_a_body_that_is_no_base64_is_refused(desk: Desk) -> None:
    await bring(desk, "conversations", {"conversations": [team()]})
    messages = [said(1, body="no base64!", is_binary=True)]
    status, answer = await desk.ask(
        "POST", f"{IMPORTS}/messages", json={"parts": [{"conversation": TEAM, "messages": messages}]}
    )
    assert (status, answer["code"]) == (422, "invalid")
    assert (await report(desk))[-1]["kinds"]["group"]["messages"] == 0


async def test_who_is_here_sees_it_come_in_order_and_once(desk: Desk) -> None:
    async with await desk.login("bob") as bob:
        await bring_team(desk, 30)
        seen: list[str] = []
        async with asyncio.timeout(10):
            while len(seen) < 30:
                frame = await bob.socket.receive_json()
                seen += [
                    fact["fact"]["content"]["text"]
                    for fact in frame.get("facts", ())
                    if fact["fact"]["kind"] == "message"
                ]
    assert seen == [f"word {number}" for number in range(1, 31)]


async def test_a_later_export_brings_nobody_back_who_was_erased(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "SETTLING_MS", 0)
    await bring_team(desk)
    assert (await desk.ask("DELETE", "/v1/users/bob"))[0] == 200
    while (await desk.ask("GET", "/v1/users/bob/erasure"))[1]["state"] != "over":
        await asyncio.sleep(0.02)
    later = await bring(desk, "conversations", {"conversations": [team(updated_at=BEGAN * 2)]})
    assert later["not_taken"] == [{"conversation": TEAM, "code": "user_erased", "user": "bob"}]
    assert [member.user for member in (await members_of(desk))] == ["ann", "cat"]
    more = {"parts": [{"conversation": TEAM, "messages": [said(5, "bob")]}]}
    placed = await bring(desk, "messages", more)
    assert (placed["placed"], [each["code"] for each in placed["not_taken"]]) == (0, ["user_erased"])


async def test_what_was_ended_here_stays_so(desk: Desk) -> None:
    await bring_team(desk)
    found = await desk.server.node.executor.for_operator(UserId("ann"), Dissolve(ConversationId(TEAM)))
    assert found == Done()
    later = await bring(desk, "conversations", {"conversations": [team(updated_at=BEGAN * 2)]})
    assert later["not_taken"] == [{"conversation": TEAM, "code": "conversation_over"}]
    assert await members_of(desk) == []


def test_the_page_tells_every_code() -> None:
    text = Path("docs/protocol/rest.md").read_text()
    assert [code for code in get_args(Why) if f"| `{code}` |" not in text] == []


async def test_one_report_is_made_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_report, "REPORTS_AT_ONCE", 0)
    assert (await desk.ask("GET", f"{IMPORTS}/report"))[1]["code"] == "overloaded"


async def test_a_key_for_imports_does_nothing_else(tmp_path: Path) -> None:
    key = "key-for-imports-0123456789-0123456789"
    limited = json.dumps([{"key": key, "scopes": ["imports"]}])
    async with open_desk(tmp_path, UNISONO_ADMIN__LIMITED=limited) as desk:
        assert (await desk.ask("POST", f"{IMPORTS}/ends", key=key, json={"conversations": [TEAM]}))[0] == 200
        assert (await desk.ask("GET", "/v1/users/ann/conversations", key=key))[0] == 403


async def test_what_the_store_refuses_is_told_and_hurts_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may have reasons that no rule knows."""
    decide, begin = take_in, take_over

    def choosy(snapshot: Any, conversation: Any, messages: Any, **more: Any) -> Any:
        if any(message.id.endswith("7") for message in messages):
            raise Invalid(reason="the database cannot keep this")
        return decide(snapshot, conversation, messages, **more)

    def choosier(snapshot: Any, given: Any, limits: Any) -> Any:
        if given.conversation == "bad":
            raise Invalid(reason="the database cannot keep this")
        return begin(snapshot, given, limits)

    monkeypatch.setattr("unisono.app.importing.take_in", choosy)
    monkeypatch.setattr("unisono.app.importing.take_over", choosier)
    taken = await bring(desk, "conversations", {"conversations": [team(), team(conversation="bad")]})
    assert (taken["new"], taken["not_taken"]) == (1, [{"conversation": "bad", "code": "refused"}])
    messages = [said(number) for number in range(1, 21)]
    placed = await bring(desk, "messages", {"parts": [{"conversation": TEAM, "messages": messages}]})
    assert placed["placed"] == 18
    assert [each["id"][-2:] for each in placed["not_taken"]] == ["07", "17"]
