"""Telling sessions something: who is meant by an address, and what may be said."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import NOW
from unisono.domain import commands as c
from unisono.domain.errors import Invalid, KeyReused, NoAnswer, NotFound, TooLarge
from unisono.domain.facts import Content, Label
from unisono.domain.ids import DeviceId, Instant, Platform, SendKey, SessionId, TabId
from unisono.domain.quotas import Quotas
from unisono.domain.session_view import SessionView, TabView
from unisono.domain.telling import DATA_BYTES, asked, check_repeated, reached, tell
from unisono.domain.told import Teller, Told

KEY = SendKey("k")
HI = Content(text="Hi!")


def view(session: str, device: str, platform: str, *tabs: str) -> SessionView:
    shown = tuple(TabView(TabId(tab)) for tab in tabs)
    return SessionView(SessionId(session), DeviceId(device), Label(Platform(platform)), "live", NOW, NOW, tabs=shown)


HELD = (view("s1", "d1", "web", "t1", "t2"), view("s2", "d1", "web"), view("s3", "d2", "ios"))


def to(**parts: str) -> c.Address:
    return c.Address(**parts)  # type: ignore[arg-type]  # identifiers are texts


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        (to(), ["s1", "s2", "s3"]),
        (to(platform="web"), ["s1", "s2"]),
        (to(platform="tv"), []),
        (to(device="d2"), ["s3"]),
        (to(session="s2"), ["s2"]),
        (to(session="s1", tab="t2"), ["s1"]),
        (to(session="s2", tab="any"), ["s2"]),
    ],
)
def test_an_address_means_sessions_at_each_level(address: c.Address, meant: list[str]) -> None:
    assert [each.session for each in reached(HELD, address)] == meant


@pytest.mark.parametrize("address", [to(device="d9"), to(session="s9"), to(session="s1", tab="t3")])
def test_what_is_not_there_cannot_be_meant(address: c.Address) -> None:
    with pytest.raises(NotFound):
        reached(HELD, address)


@pytest.mark.parametrize(
    "address", [to(platform="web", device="d1"), to(device="d1", session="s1"), to(tab="t1"), to(device="d1", tab="t")]
)
def test_an_address_has_one_level(address: c.Address) -> None:
    with pytest.raises(Invalid):
        reached(HELD, address)


def test_a_session_that_has_more_tabs_than_are_told_of_may_have_any() -> None:
    crowded = structs.replace(HELD[0], tabs=tuple(TabView(TabId(f"t{number}")) for number in range(c.TABS_MAX)))
    assert reached([crowded], to(session="s1", tab="another"))


def test_the_teller_hears_nothing_unless_named() -> None:
    teller = Teller(SessionId("s1"), TabId("t1"))
    telling = tell(HELD, c.Tell(KEY, name="cart", data=[1]), teller, now=NOW, quotas=Quotas())
    assert [each.session for each in telling.to] == ["s2", "s3"]
    assert telling.told == Told(KEY, NOW, "cart", [1], teller=teller)
    other_tab = c.Tell(KEY, to(session="s1", tab="t2"), "cart")
    telling = tell(HELD, other_tab, teller, now=NOW, quotas=Quotas())
    assert [each.session for each in telling.to] == ["s1"]
    assert telling.told.tab == "t2"
    nobody = tell(HELD, c.Tell(KEY, content=HI), None, now=NOW, quotas=Quotas())
    assert (len(nobody.to), nobody.told.teller, nobody.told.content) == (3, None, HI)


def test_what_is_told_again_is_the_same_of_the_same_teller() -> None:
    kept = Told(KEY, NOW, "cart", [1], teller=Teller(SessionId("s1")), is_kept=True)
    check_repeated(kept, structs.replace(kept, at=Instant(NOW + 1)))
    for other in ({"data": [2]}, {"teller": None}, {"teller": Teller(SessionId("s2"))}, {"name": "basket"}):
        with pytest.raises(KeyReused):
            check_repeated(kept, structs.replace(kept, **other))


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (c.Tell(KEY), Invalid),
        (c.Tell(KEY, name="cart", content=HI), Invalid),
        (c.Tell(KEY, data=1, content=HI), Invalid),
        (c.Tell(KEY, content=Content()), Invalid),
        (c.Tell(KEY, content=Content(text="x" * 70_000)), TooLarge),
        (c.Tell(KEY, name="cart", data="x" * (DATA_BYTES - 1)), TooLarge),
    ],
)
def test_what_cannot_be_told_is_refused(command: c.Tell, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        tell(HELD, command, None, now=NOW, quotas=Quotas())


def test_data_may_have_all_of_its_bytes() -> None:
    command = c.Tell(KEY, name="cart", data="x" * (DATA_BYTES - 2))
    assert tell(HELD, command, None, now=NOW, quotas=Quotas()).to == HELD


def test_one_session_is_asked_if_it_is_there() -> None:
    assert asked(HELD, to(session="s1", tab="t1"), {"n": 1}) == HELD[0]
    away = (structs.replace(HELD[0], state="detached"),)
    for held, address, data, fault in (
        (HELD, to(), None, Invalid),
        (HELD, to(device="d1"), None, Invalid),
        (HELD, to(session="s9"), None, NotFound),
        (HELD, to(session="s1"), "x" * DATA_BYTES, TooLarge),
        (away, to(session="s1"), None, NoAnswer),
    ):
        with pytest.raises(fault):
            asked(held, address, data)
