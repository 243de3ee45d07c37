"""What the bench of long polling counts, and makes of it."""

import pytest

from bench import polling
from bench.figures import Series
from bench.polling import LONGPOLL, WEBSOCKET, Crowd


def facts(stream: str, *kinds: str) -> dict[str, object]:
    return {"is": "facts", "stream": stream, "facts": [{"seq": 1, "fact": {"kind": kind}} for kind in kinds]}


async def test_messages_of_the_conversation_are_deliveries_and_nothing_else_is() -> None:
    crowd = Crowd()
    for frame in (facts("c/1", "message", "joined", "message"), facts("u/b0", "session_opened"), {"is": "event"}):
        crowd.take(frame)
    crowd.take({"is": "reply", "re": 1})
    assert (crowd.heard, crowd.ready) == (2, 1)
    await crowd.wait_until(lambda: crowd.heard == 2)


def test_polls_are_compared_with_websockets() -> None:
    series = {name: Series(name) for name in (WEBSOCKET, LONGPOLL)}
    series[WEBSOCKET].add({"server_us_per_delivery": 5.0})
    series[LONGPOLL].add({"server_us_per_delivery": 200.0})
    usual, polled = polling.figures_of(series)
    assert (usual.value, usual.ratio) == (5.0, None)
    assert (polled.value, polled.compared_with) == (200.0, WEBSOCKET)
    assert polled.ratio == pytest.approx(40.0)
