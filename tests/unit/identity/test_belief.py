"""--dev: belief for peers of this machine, and for nobody else."""

import pytest

from tests.support.time_and_chance import NOON
from tests.unit.identity.keysmith import credential, secret, signed
from unisono.domain.errors import TokenInvalid, TokenMissing
from unisono.identity.audiences import Audience
from unisono.identity.belief import Belief, is_loopback_address
from unisono.identity.keys import SharedSecret
from unisono.identity.signed import SignedTokens
from unisono.settings import Jwt

HERE = "127.0.0.1"


def belief() -> Belief:
    return Belief(SignedTokens(Audience(Jwt(secret=secret())), SharedSecret(secret())), listens_on=HERE)


@pytest.mark.parametrize("host", [None, "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "127.0.0.1"])
async def test_a_peer_of_this_machine_is_who_it_says(host: str | None) -> None:
    brought = credential(wish="alice", address=HERE, headers={} if host is None else {"host": host})
    assert (await belief().authenticate(brought, NOON)).user == "alice"


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "", "unix"])
async def test_a_peer_from_elsewhere_needs_a_token(address: str) -> None:
    with pytest.raises(TokenMissing):
        await belief().authenticate(credential(wish="alice", address=address), NOON)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
async def test_a_peer_behind_a_proxy_needs_a_token(header: str) -> None:
    with pytest.raises(TokenMissing):
        await belief().authenticate(credential(wish="alice", address=HERE, headers={header: HERE}), NOON)


@pytest.mark.parametrize("host", ["evil.example:8080", "localhost.evil.example", "[", ""])
async def test_a_page_that_calls_this_machine_by_another_name_is_not_believed(host: str) -> None:
    with pytest.raises(TokenMissing):
        await belief().authenticate(credential(wish="alice", address=HERE, headers={"host": host}), NOON)


async def test_a_token_is_checked_as_ever() -> None:
    assert (await belief().authenticate(credential(signed(), address=HERE), NOON)).user == "alice"
    with pytest.raises(TokenInvalid):
        await belief().authenticate(credential("a.b.c", wish="alice", address=HERE), NOON)


async def test_a_peer_without_a_wish_is_nobody() -> None:
    with pytest.raises(TokenMissing):
        await belief().authenticate(credential(address=HERE), NOON)


async def test_a_bad_user_id_is_not_believed() -> None:
    with pytest.raises(TokenInvalid):
        await belief().authenticate(credential(wish="a\nb", address=HERE), NOON)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "chat.example"])
def test_a_server_that_others_can_reach_believes_nobody(host: str) -> None:
    with pytest.raises(ValueError, match="listens on"):
        Belief(belief(), listens_on=host)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_an_address_of_this_machine_is_known_in_each_spelling(address: str) -> None:
    assert is_loopback_address(address)
