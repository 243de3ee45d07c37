"""A thousand answers at the same moment, on PostgreSQL."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from unisono import Server
from unisono.app.caller import Member
from unisono.domain.call_answers import CallAnswer
from unisono.domain.commands import AnswerCall
from unisono.domain.ids import CallId, SessionId, UserId
from unisono.ports.calls import CallCommitted, CallDecide
from unisono_sdk import Client, Unisono

SILENT_S = 1.0
"""After which no device rings any more that lost."""


async def answered(server: Server, call: str, users: Sequence[Client], times: int) -> set[tuple[str, ...]]:
    """Answer a call so often from each of a user's sessions; give who is in it as each of the answers says."""
    calling = server.node.calling
    members = [Member(UserId(user.user), SessionId(user.session)) for user in users]
    answers = [calling.answer(member, AnswerCall(CallId(call))) for _ in range(times) for member in members]
    found = await asyncio.gather(*answers)
    return {tuple(end.session for end in each.call.ends) for each in found if isinstance(each, CallAnswer)}


@pytest.mark.rows("D7")
@pytest.mark.full
async def test_one_wins_each_and_the_losers_are_silent_within_a_second_and_cost_the_store_nothing(
    tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each loser used to be a decision of the store's: a thousand passed its deadline on a busy machine."""
    server = Server(
        data_dir=str(tmp_path),
        server={"port": 0},
        identity={"kind": "dev"},
        database={"url": postgres_dsn},
        log=io.StringIO(),
    )
    async with server, Unisono(server.url) as one, Unisono(server.url) as two, Unisono(server.url) as three:
        ann, phone, laptop = [
            await entrance.login(user=user) for entrance, user in ((one, "ann"), (two, "ben"), (three, "ben"))
        ]
        loop = asyncio.get_running_loop()
        decide, decided = server.node.parts.calls.decide, 0
        won: dict[str, float] = {}
        silent: dict[str, float] = {}
        laptop.on("ring_over", lambda event: silent.setdefault(event.call.id, loop.time()))

        async def counted(call: CallId, people: Sequence[UserId], decision: CallDecide) -> CallCommitted:
            nonlocal decided
            decided += 1
            committed = await decide(call, people, decision)
            won.setdefault(call, loop.time())
            return committed

        rung = [await ann.call("ben") for _ in range(11)]
        monkeypatch.setattr(server.node.parts.calls, "decide", counted)
        one_call = [answered(server, rung[0].id, (phone, laptop), 500)]
        ten_calls = [answered(server, call.id, (phone, laptop), 50) for call in rung[1:]]
        for round_ in (one_call, ten_calls):
            decided = 0
            async with asyncio.timeout(10):
                outcomes = await asyncio.gather(*round_)
            assert outcomes == [{(ann.session, phone.session)}] * len(round_)
            assert decided == len(round_)
        async with asyncio.timeout(10):
            while len(silent) < len(rung):
                await asyncio.sleep(0.01)
        assert max(silent[call] - won[call] for call in won) <= SILENT_S
        async with Unisono(server.url) as four:
            rings: list[object] = []
            late = await four.login(user="ben", handlers={"ringing": rings.append})
            for client in (phone, laptop, late):
                known = await client.calls()
                assert len(known) == len(rung)
                assert not any(call.rings_here for call in known)
            assert rings == []
