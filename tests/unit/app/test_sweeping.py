"""How long the checkpoint has stood still."""

import asyncio

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, calm, failing, group, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.domain.ids import Checkpoint
from unisono.ports.log import AppMoves

SWEEP_S = 1.0


async def lags(stage: AppStage, seconds: int) -> list[float]:
    """Look at the lag once a second."""
    found = []
    for _ in range(seconds):
        await asyncio.sleep(1)
        found.append(stage.node.sweeping.lag_s())
    return found


@in_virtual_time
async def test_where_nothing_happens_and_where_much_does_there_is_no_lag() -> None:
    async with a_running_app(sweep_s=SWEEP_S) as stage:
        assert max(await lags(stage, 60)) < 2 * SWEEP_S
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(60):
            await alice.ask(text(chat, str(number)))
            assert max(await lags(stage, 1)) < 2 * SWEEP_S


@in_virtual_time
async def test_the_lag_grows_while_a_transaction_left_open_holds_the_checkpoint() -> None:
    async with a_running_app(sweep_s=SWEEP_S) as stage:
        alice = await stage.login("alice")
        await asyncio.sleep(2)
        held, moved_in_app = stage.node.fanout.checkpoint, stage.node.parts.log.moved_in_app

        async def below_it(checkpoint: Checkpoint, limit: int) -> AppMoves:
            moves = await moved_in_app(checkpoint, limit)
            return AppMoves(moves.streams, min(held, moves.checkpoint), is_complete=moves.is_complete)

        stage.node.parts.log.moved_in_app = below_it  # type: ignore[method-assign]
        assert max(await lags(stage, 10)) < 2 * SWEEP_S, "nothing is beyond it yet"
        await alice.ask(text(await group(alice, "bob")))
        assert (await lags(stage, 30))[-1] > 25
        stage.node.parts.log.moved_in_app = moved_in_app  # type: ignore[method-assign]
        assert (await lags(stage, 3))[-1] < 2 * SWEEP_S


@in_virtual_time
async def test_the_lag_grows_while_the_store_is_away() -> None:
    async with a_running_app(sweep_s=SWEEP_S) as stage:
        stage.mood = failing("moved_in_app")
        assert (await lags(stage, 30))[-1] > 25
        stage.mood = calm
        assert (await lags(stage, 3))[-1] < 2 * SWEEP_S
