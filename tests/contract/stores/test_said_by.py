"""What one user said, in whichever conversations."""

from typing import Any

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, AnyStore
from tests.contract.stores.talks import make
from tests.support.time_and_chance import ManualClock
from unisono.domain.ids import INTEGER_MAX, Instant, UserId


async def test_what_a_user_said_is_listed_wherever_they_were(store: AnyStore, clock: ManualClock) -> None:
    tea, cake = await make(store, 1, ANN, BOB), await make(store, 2, BOB, ANN)
    times = []
    for number, (user, where) in enumerate(((ANN, tea), (BOB, tea), (ANN, cake), (ANN, tea), (BOB, cake))):
        clock.advance(1)
        await acts.send(store, user, f"k{number}", f"said {number}", room=where)
        times.append(clock.now())
    await acts.send(store, ANN, "k5", "said 5", room=tea)
    await acts.remove(store, BOB, ANN, room=cake)

    async def said(user: UserId, since: int = 0, until: int = INTEGER_MAX, **more: Any) -> list[tuple[str, str]]:
        asked = {"limit": 9, "newest_first": False, **more}
        found = await store.directory.said_by(user, since=Instant(since), until=Instant(until), **asked)
        assert all(one.message.sender == user for one in found)
        return [(one.conversation, str(one.message.content.text)) for one in found]

    anns = [(tea, "said 0"), (cake, "said 2"), (tea, "said 3"), (tea, "said 5")]
    assert await said(ANN) == anns
    assert await said(ANN, newest_first=True) == anns[::-1]
    assert await said(ANN, newest_first=True, limit=2) == anns[:1:-1]
    assert await said(ANN, times[2], times[3]) == anns[1:3]
    assert await said(ANN, times[3] + 1) == anns[3:]
    assert await said(BOB) == [(tea, "said 1"), (cake, "said 4")]
    assert await said(CIM) == []
