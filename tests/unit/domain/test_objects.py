"""Objects: one value under a name, with a revision that tells whether somebody else was faster."""

import msgspec
import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, NOW
from unisono.domain import commands as c
from unisono.domain import objects
from unisono.domain.answers import Done, Placed
from unisono.domain.conversation import Snapshot
from unisono.domain.erasing import scrubbed
from unisono.domain.errors import Conflict, KeyReused, LimitReached, TooLarge
from unisono.domain.facts import Fact, ObjectDropped, ObjectSet
from unisono.domain.ids import FIRST_EPOCH, Instant, ObjectName, SendKey, Seq, user_stream
from unisono.domain.kept import Shelf
from unisono.domain.placement import Place
from unisono.domain.quotas import Quotas

THEME, KEY = ObjectName("theme"), SendKey("k")
PLACE = Place(user_stream(ANN), FIRST_EPOCH, Seq(7), NOW)
SMALL = Quotas(object_bytes=64, objects_bytes=1000)


def seen(revision: int = 0, size: int = 0, total: int = 0) -> Snapshot:
    return Snapshot(now=NOW, shelf=Shelf(Seq(revision), size, total))


def repeated(fact: Fact) -> Snapshot:
    return structs.replace(seen(3), earlier=structs.replace(PLACE, is_repeat=True), earlier_fact=fact)


def test_a_value_is_kept_in_my_own_stream_and_its_place_is_the_revision() -> None:
    decision = objects.put(seen(), ANN, c.SetObject(THEME, {"is": "dark"}, KEY), Quotas())
    (draft,) = decision.drafts
    assert (draft.stream, draft.fact) == ("u/ann", ObjectSet(THEME, KEY, {"is": "dark"}))
    assert (draft.sender, draft.key) == (ANN, KEY)
    assert decision.answer((PLACE,)) == Placed(user_stream(ANN), FIRST_EPOCH, Seq(7), NOW)


@pytest.mark.parametrize(("revision", "expect", "is_fine"), [(0, 0, True), (3, 3, True), (3, 0, False), (0, 3, False)])
def test_what_is_expected_must_be_there(revision: int, expect: int, is_fine: bool) -> None:
    setting = c.SetObject(THEME, 1, KEY, expect=Seq(expect))
    dropping = c.DropObject(THEME, KEY, expect=Seq(expect))
    if is_fine:
        assert objects.put(seen(revision), ANN, setting, Quotas()).drafts
        objects.drop(seen(revision), ANN, dropping)
        return
    with pytest.raises(Conflict) as conflict:
        objects.put(seen(revision), ANN, setting, Quotas())
    assert conflict.value.numbers == {"name": "theme", "revision": revision}
    with pytest.raises(Conflict):
        objects.drop(seen(revision), ANN, dropping)


def test_dropping_leaves_a_fact_where_something_was_and_nothing_where_nothing_was() -> None:
    dropped = objects.drop(seen(3), ANN, c.DropObject(THEME, KEY))
    assert [draft.fact for draft in dropped.drafts] == [ObjectDropped(THEME, KEY)]
    nothing = objects.drop(seen(), BOB, c.DropObject(THEME, KEY))
    assert (nothing.drafts, nothing.answer(())) == ((), Done())


def test_a_repeat_is_given_its_first_place_whatever_happened_since() -> None:
    setting = c.SetObject(THEME, 1, KEY, expect=Seq(0))
    again = objects.put(repeated(ObjectSet(THEME, KEY, is_superseded=True)), ANN, setting, Quotas())
    assert (again.drafts, again.answer(())) == ((), Placed(user_stream(ANN), FIRST_EPOCH, Seq(7), NOW))
    gone = objects.drop(repeated(ObjectDropped(THEME, KEY)), ANN, c.DropObject(THEME, KEY, expect=Seq(2)))
    assert (gone.drafts, gone.answer(())) == ((), Placed(user_stream(ANN), FIRST_EPOCH, Seq(7), NOW))


@pytest.mark.parametrize("other", [ObjectSet(ObjectName("other"), KEY), ObjectDropped(THEME, KEY)])
def test_a_key_is_for_one_change_alone(other: Fact) -> None:
    with pytest.raises(KeyReused):
        objects.put(repeated(other), ANN, c.SetObject(THEME, 1, KEY), Quotas())
    with pytest.raises(KeyReused):
        objects.drop(repeated(ObjectSet(THEME, KEY)), ANN, c.DropObject(THEME, KEY))


def test_one_has_its_bound_and_all_together_have_theirs() -> None:
    """Row M25: 64 KiB unless the operator says otherwise; both sides of the edge."""
    fits = "x" * (SMALL.object_bytes - len(msgspec.json.encode("")))
    assert objects.put(seen(), ANN, c.SetObject(THEME, fits, KEY), SMALL).drafts
    with pytest.raises(TooLarge) as large:
        objects.put(seen(), ANN, c.SetObject(THEME, fits + "x", KEY), SMALL)
    assert large.value.numbers == {"what": "object", "limit_bytes": 64, "bytes": 65}
    size = objects.size_of(1)
    rest = SMALL.objects_bytes - size
    assert objects.put(seen(total=rest), ANN, c.SetObject(THEME, 1, KEY), SMALL).drafts
    with pytest.raises(LimitReached):
        objects.put(seen(total=rest + 1), ANN, c.SetObject(THEME, 1, KEY), SMALL)
    assert objects.put(seen(3, size=size, total=rest + size), ANN, c.SetObject(THEME, 1, KEY), SMALL).drafts


def test_nothing_is_left_of_the_values_of_who_is_erased() -> None:
    assert scrubbed(ObjectSet(THEME, KEY, {"is": "secret"})) == ObjectSet(THEME, KEY, is_superseded=True)
    assert PLACE.at == Instant(NOW)
