"""Where a peer speaks from, and what a liar can make of it."""

import ipaddress

import pytest

from unisono.gateways.hosting.address import Network, is_among, peer_address

PEER, LIE, PROXY, SECOND = "198.51.100.7", "203.0.113.99", "10.0.0.1", "10.0.0.2"


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


PROXIES = networks("10.0.0.0/8")


def test_without_a_trusted_proxy_the_header_means_nothing() -> None:
    assert peer_address(PEER, LIE, ()) == PEER


def test_a_header_from_somebody_else_than_the_proxy_means_nothing() -> None:
    assert peer_address(PEER, LIE, PROXIES) == PEER


def test_a_proxy_tells_its_peer() -> None:
    assert peer_address(PROXY, PEER, PROXIES) == PEER


def test_of_what_the_peer_itself_wrote_nothing_is_believed() -> None:
    assert peer_address(PROXY, f"{LIE}, {PEER}", PROXIES) == PEER
    assert peer_address(PROXY, f"{PROXY}, {LIE}, {PEER}", PROXIES) == PEER


def test_proxies_in_a_row_are_all_passed() -> None:
    assert peer_address(PROXY, f"{LIE}, {PEER}, {SECOND}", PROXIES) == PEER


@pytest.mark.parametrize("header", ["", " ", "unknown", f"{PEER}, _hidden", f"{PEER}, 10.0.0.2:80", f"{PEER}, "])
def test_behind_a_hop_that_is_no_address_nobody_is_believed(header: str) -> None:
    assert peer_address(PROXY, header, PROXIES) == PROXY


def test_a_proxy_without_the_header_is_the_peer() -> None:
    assert peer_address(PROXY, None, PROXIES) == PROXY


def test_a_call_that_came_through_proxies_alone_is_that_of_the_first() -> None:
    assert peer_address(PROXY, SECOND, PROXIES) == SECOND


def test_addresses_of_the_new_kind_are_known() -> None:
    trusted = networks("fd00::/8", "10.0.0.0/8")
    assert peer_address("fd00::1", "2001:db8::7", trusted) == "2001:db8::7"
    assert peer_address("fd00::1", "2001:db8::7, 10.0.0.2", trusted) == "2001:db8::7"
    assert peer_address("2001:db8::1", LIE, trusted) == "2001:db8::1"


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        ("::ffff:198.51.100.7", PEER),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::FFFF:c633:6407", PEER),
    ],
)
def test_one_peer_has_one_address_however_it_is_spelled(spelled: str, plain: str) -> None:
    """Used to be taken as written, so that a peer had as many limits as its address has spellings."""
    assert peer_address(spelled, None, ()) == plain
    assert peer_address(PROXY, spelled, PROXIES) == plain


def test_a_proxy_that_a_dual_socket_shows_in_the_new_spelling_is_trusted() -> None:
    """Used to be a stranger, so that all its peers shared one address and its limits."""
    assert peer_address("::ffff:10.0.0.1", PEER, PROXIES) == PEER


@pytest.mark.parametrize("remote", [None, ""])
def test_a_peer_without_an_address_has_none(remote: str | None) -> None:
    assert peer_address(remote, LIE, PROXIES) == ""


def test_an_address_is_among_networks_in_any_spelling_and_what_is_none_is_not() -> None:
    assert is_among("10.1.2.3", PROXIES)
    assert is_among("::ffff:10.1.2.3", PROXIES)
    assert not is_among(PEER, PROXIES)
    assert not is_among("2001:db8::7", PROXIES)
    assert not is_among("", PROXIES)
    assert not is_among("10.1.2.3", ())
