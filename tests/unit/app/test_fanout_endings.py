"""The end of a session reaches the link that carries it."""

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import on_stage
from tests.unit.app.stage import ALICE, seqs
from unisono.domain.facts import EndReason, Label, SessionEnded
from unisono.domain.ids import DeviceId, Platform, SessionId, user_stream


@pytest.mark.rows("E42")
@in_virtual_time
async def test_a_session_that_ended_is_told_why_and_by_whom_on_its_link_alone() -> None:
    async with on_stage() as stage:
        loser, other = stage.arrive(ALICE, session="loser"), stage.arrive(ALICE, session="other")
        newcomer = Label(platform=Platform("ios"), label="phone", info='{"model": "X"}')
        ended = SessionEnded(SessionId("loser"), DeviceId("d"), "displaced", newcomer)
        await stage.happen(ended, stream=user_stream(ALICE))
        assert (loser.code, loser.newcomer) == ("displaced", newcomer)
        assert other.ended is None
        assert seqs(loser.facts) == seqs(other.facts) == [1]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("displaced", "displaced"),
        ("replaced", "replaced"),
        ("revoked", "token_revoked"),
        ("expired", "token_expired"),
        ("closed", "session_closed"),
        ("logged_out", "session_closed"),
    ],
)
@in_virtual_time
async def test_each_reason_to_end_has_its_fault(reason: EndReason, code: str) -> None:
    async with on_stage() as stage:
        link = stage.arrive(ALICE, session="it")
        await stage.happen(SessionEnded(SessionId("it"), DeviceId("d"), reason), stream=user_stream(ALICE))
        assert link.code == code


@in_virtual_time
async def test_the_end_of_a_session_is_found_without_a_hint() -> None:
    async with on_stage() as stage:
        link = stage.arrive(ALICE, session="it")
        stage.commit(SessionEnded(SessionId("it"), DeviceId("d"), "revoked"), stream=user_stream(ALICE))
        await stage.fanout.sweep()
        assert link.code == "token_revoked"
