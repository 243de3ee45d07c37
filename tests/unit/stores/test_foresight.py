"""What a transaction names before it begins: who changes something has the stream locked that it hangs on."""

import pytest

from unisono.domain.answers import Done
from unisono.domain.conversation import Decision, Scope
from unisono.domain.ids import StreamKey, UserId
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.transaction import Transaction

ANN, BOB = UserId("ann"), UserId("bob")


@pytest.mark.parametrize(
    ("scope", "own"),
    [
        # Unlocked, two nodes decided over the same silence at once, and the second locked its stream late.
        (Scope(sender=ANN, silence_of=ANN), {"u/ann"}),
        (Scope(sender=ANN), set()),
        (Scope(users=(ANN,), others=(BOB,)), {"u/ann"}),
    ],
)
def test_what_hangs_on_a_users_stream_has_it_made_and_locked(scope: Scope, own: set[StreamKey]) -> None:
    ahead = Foresight()
    Transaction(scope, lambda _: Decision((), lambda _: Done())).name_streams(ahead)
    assert ahead.own == own
