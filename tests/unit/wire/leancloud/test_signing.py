"""LeanCloud's signatures: what text is signed, and how one is checked."""

import hashlib
import hmac
from collections.abc import Callable, Sequence

import pytest

from unisono.domain.errors import Invalid
from unisono.domain.ids import UserId
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud import signing
from unisono.wire.leancloud.signing import Proof

KEY = "master-key-of-the-tests"
TOM, ANN = UserId("tom"), UserId("ann")
UNSIGNED = Proof(1_763_726_400, "n0nce", "")


def test_the_signature_is_that_of_the_documents() -> None:
    """The value is what `openssl dgst -sha1 -hmac master-key-of-the-tests` gives."""
    text = signing.login_text("app", TOM, UNSIGNED)
    assert text == "app:tom::1763726400:n0nce"
    expected = hmac.new(KEY.encode(), b"app:tom::1763726400:n0nce", hashlib.sha1).hexdigest()
    assert signing.signature_of(text, KEY) == expected == "00e8d92841cc93a51e51b6e9fa11bcb17da9fe6b"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([signing.creation_text("app", TOM, [TOM, ANN, ANN], UNSIGNED)], ["app:tom:ann:tom:1763726400:n0nce"]),
        (
            signing.action_texts("app", TOM, "c1", [ANN], action="join", proof=UNSIGNED),
            ["app:tom:c1:ann:1763726400:n0nce:invite", "app:tom:c1:ann:1763726400:n0nce:add"],
        ),
        (
            signing.action_texts("app", TOM, "c1", [TOM, ANN], action="remove", proof=UNSIGNED),
            ["app:tom:c1:ann:tom:1763726400:n0nce:kick", "app:tom:c1:ann:tom:1763726400:n0nce:remove"],
        ),
        (
            signing.action_texts("app", TOM, "c1", [ANN], action="block", proof=UNSIGNED),
            ["app:tom:c1:ann:1763726400:n0nce:conversation-block-clients"],
        ),
        (
            signing.action_texts("app", TOM, "c1", [ANN], action="unblock", proof=UNSIGNED),
            ["app:tom:c1:ann:1763726400:n0nce:conversation-unblock-clients"],
        ),
        (
            signing.history_texts("app", TOM, "c1", UNSIGNED),
            ["app:tom:c1:n0nce:1763726400", "app:tom:c1:1763726400:n0nce"],
        ),
    ],
)
def test_what_is_signed(texts: Sequence[str], expected: list[str]) -> None:
    assert list(texts) == expected


@pytest.mark.parametrize("proof", [UNSIGNED, Proof(1_763_726_400, "x::1763726400:n", "")])
@pytest.mark.parametrize("user", [TOM, UserId("tom:"), UserId("ann::1763726400:x"), UserId("_tmp:tom")])
def test_no_part_has_a_colon_of_its_own(user: UserId, proof: Proof) -> None:
    """The text of `app:ann::1763726400:x::1763726400:n` would be one for Ann, too."""
    ways: list[Callable[[], object]] = [
        lambda: signing.login_text("app", user, proof),
        lambda: signing.creation_text("app", TOM, [ANN, user], proof),
        lambda: signing.action_texts("app", TOM, "c1", [user], action="join", proof=proof),
        lambda: signing.history_texts("app", user, "c1", proof),
    ]
    for way in ways:
        if user == TOM and proof is UNSIGNED:
            way()
        else:
            with pytest.raises(Invalid):
                way()


def test_of_conversations_the_temporary_ones_alone_have_a_colon() -> None:
    assert signing.history_texts("app", TOM, "_tmp:c1", UNSIGNED)[1] == "app:tom:_tmp:c1:1763726400:n0nce"
    for cid in ("c1:1763726400:x", "_tmp:c1:x", ":c1"):
        with pytest.raises(Invalid):
            signing.history_texts("app", TOM, cid, UNSIGNED)


def test_users_stand_as_javascript_sorts_them() -> None:
    """By units of UTF-16, a face comes before a letter of the private use area."""
    text = signing.creation_text(
        "app", TOM, [UserId("\uf8ff"), UserId("\U0001f600"), UserId("Z"), UserId("a")], UNSIGNED
    )
    assert text == "app:tom:Z:a:\U0001f600:\uf8ff:1763726400:n0nce"


def test_the_right_signature_of_one_of_the_texts_is_good_and_no_other() -> None:
    right = signing.signature_of("b", KEY)
    for signature, is_good in (
        (right, True),
        (right.upper(), True),
        (right[:-1], False),
        ("", False),
        ("é\ud800", False),
    ):
        assert signing.is_signed(Proof(1, "n", signature), ["a", "b"], KEY) is is_good
    assert not signing.is_signed(Proof(1, "n", right), ["a", "b"], KEY + "x")
    assert not signing.is_signed(Proof(1, "n", right), ["a"], KEY)


@pytest.mark.parametrize(
    ("timestamp", "at"), [(1_763_726_400, 1_763_726_400_000), (1_763_726_400_123, 1_763_726_400_123), (0, 0)]
)
@pytest.mark.rows("L257")
def test_a_time_is_in_seconds_or_milliseconds(timestamp: int, at: int) -> None:
    assert Proof(timestamp, "n", "s").at == at


def test_a_proof_is_read_out_of_a_command() -> None:
    assert signing.proof_of(pb.SessionCommand(t=5, n="n", s="s")) == Proof(5, "n", "s")
    assert signing.proof_of(pb.ConvCommand(t=5, n="n")) is None
    assert signing.proof_of(pb.BlacklistCommand(s="s")) == Proof(0, "", "s")


@pytest.mark.parametrize("nonce", ["1763700000", "1763700000000", "1356998400", "99999999999", "999999999999999999"])
def test_a_nonce_that_could_be_the_time_stands_in_one_place(nonce: str) -> None:
    """A signature used to be good once more, and for another time, with its time and its nonce exchanged."""
    proof = Proof(1_763_726_400, nonce, "")
    texts = signing.history_texts("app", TOM, "c1", proof)
    assert texts == [f"app:tom:c1:{nonce}:1763726400"]
    exchanged = signing.history_texts("app", TOM, "c1", Proof(int(nonce), "1763726400", ""))
    assert not set(texts) & set(exchanged)


@pytest.mark.parametrize("nonce", ["12345", "1356998399", "0", "\u0661\u0667", "1" * 19, "-1763700000", "17637x"])
def test_a_nonce_that_no_clock_will_say_stands_in_either_place(nonce: str) -> None:
    proof = Proof(1_763_726_400, nonce, "")
    assert len(signing.history_texts("app", TOM, "c1", proof)) == 2
