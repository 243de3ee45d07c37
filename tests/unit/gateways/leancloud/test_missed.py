"""What a client of LeanCloud's finds over HTTP of what it missed, however much there is."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.unit.gateways.leancloud.test_rest import made, token_of
from tests.unit.gateways.leancloud.web_stage import APP, KEY, opened
from unisono.domain.answers import Done
from unisono.domain.conversation import Decision, Scope, Snapshot
from unisono.domain.facts import ConversationEntered, ReadMarkMoved
from unisono.domain.ids import ConversationId, Seq, UserId, user_stream
from unisono.domain.placement import Draft
from unisono.gateways.leancloud import rest_session


async def test_what_a_client_missed_is_found_behind_all_that_it_read(tmp_path: Path) -> None:
    """A fact for each read mark used to fill the pages that were looked through."""
    async with opened(tmp_path) as asking:
        marks = [
            Draft(user_stream(UserId("cat")), ReadMarkMoved(ConversationId("c"), Seq(n), Seq(n))) for n in range(500)
        ]
        for _ in range(42):
            log = asking.desk.server.node.parts.log
            await log.transact(Scope(), lambda _: Decision(tuple(marks), lambda _: Done()))
        one = await made(asking, m=["ann", "cat"])
        told = await asking.master("GET", "/1.1/rtm/notifications", client_id="cat", notification_type="permanent")
        assert [notice["cid"] for notice in told["notifications"]] == [one]


def _decided(decision: Decision, _: Snapshot) -> Decision:
    return decision


async def test_comings_of_one_moment_stay_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_session, "NOTICES_MAX", 2)
    monkeypatch.setattr(rest_session, "READ_AT_ONCE", 4)
    async with opened(tmp_path) as asking:
        log = asking.desk.server.node.parts.log
        for first, count in ((1, 1), (2, 9), (11, 1)):
            came = tuple(
                Draft(user_stream(UserId("cat")), ConversationEntered(ConversationId(f"c{n}"), Seq(1), UserId("ann")))
                for n in range(first, first + count)
            )
            decision = Decision(came, lambda _: Done())
            await log.transact(Scope(), partial(_decided, decision))
            await asyncio.sleep(0.005)
        query = {"client_id": "cat", "notification_type": "permanent"}
        first_page = await asking.master("GET", "/1.1/rtm/notifications", **query)
        assert (len(first_page["notifications"]), first_page["hasMore"]) == (10, True)
        start = first_page["notifications"][-1]["serverTs"]
        rest = await asking.master("GET", "/1.1/rtm/notifications", **query, start_ts=start)
        assert ([one["cid"] for one in rest["notifications"]], rest["hasMore"]) == (["c11"], False)


async def test_what_a_client_asks_by_its_token_counts_among_its_commands(tmp_path: Path) -> None:
    async with opened(tmp_path, UNISONO_RATES__COMMANDS_PER_S="0.01", UNISONO_RATES__COMMANDS_BURST="3") as asking:
        token = await token_of(asking, "cat", "d1")
        headers = {"X-LC-Id": APP, "X-LC-Key": KEY, "X-LC-IM-Session-Token": token}
        path, query = "/1.1/rtm/notifications", {"client_id": "cat"}
        got = [(await asking.request("GET", path, headers=headers, query=query))[0] for _ in range(5)]
        assert (got[0], got[-1]) == (200, 429)
