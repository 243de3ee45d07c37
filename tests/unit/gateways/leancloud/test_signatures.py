"""Signatures of an app's own server: needed where the operator says, good for their time, and once."""

from collections.abc import Awaitable, Callable

import pytest

from tests.unit.app.app_stage import AppStage
from unisono.domain.ids import UserId
from unisono.gateways.leancloud.refused import Refused
from unisono.gateways.leancloud.signatures import WINDOW_MS, Signatures
from unisono.leancloud_settings import LeanCloudApp, SignedAct
from unisono.secret import Secret
from unisono.wire.leancloud import signing
from unisono.wire.leancloud.signing import Proof

MASTER = "master-key-of-the-tests"
ALL: tuple[SignedAct, ...] = ("logins", "conversations", "blocks", "history")
TOM, ANN = UserId("tom"), UserId("ann")
Check = Callable[[Signatures, Proof | None], Awaitable[None]]

CHECKS: dict[str, tuple[Check, int, str]] = {
    "login": (lambda one, proof: one.check_login(TOM, proof), 4102, "app:tom::{at}:{nonce}"),
    "create": (lambda one, proof: one.check_create(TOM, [TOM, ANN], proof), 4302, "app:tom:ann:tom:{at}:{nonce}"),
    "join": (lambda one, proof: one.check_add(TOM, "c", [TOM], proof), 4302, "app:tom:c:tom:{at}:{nonce}:add"),
    "invite": (lambda one, proof: one.check_add(TOM, "c", [ANN], proof), 4302, "app:tom:c:ann:{at}:{nonce}:invite"),
    "kick": (lambda one, proof: one.check_remove(TOM, "c", [ANN], proof), 4302, "app:tom:c:ann:{at}:{nonce}:kick"),
    "block": (
        lambda one, proof: one.check_block(TOM, "c", [ANN], proof, on=True),
        4546,
        "app:tom:c:ann:{at}:{nonce}:conversation-block-clients",
    ),
    "unblock": (
        lambda one, proof: one.check_block(TOM, "c", [ANN], proof, on=False),
        4546,
        "app:tom:c:ann:{at}:{nonce}:conversation-unblock-clients",
    ),
    "history": (lambda one, proof: one.check_history(TOM, "c", proof), 4302, "app:tom:c:{nonce}:{at}"),
}


def signatures(stage: AppStage, *signed: SignedAct, once: bool = False) -> Signatures:
    settings = LeanCloudApp(
        id="app", key=Secret("app-key-of-the-tests"), master_key=Secret(MASTER), signed=signed, once=once
    )
    return Signatures(settings, stage.node.parts)


def proof(text: str, at: int, nonce: str = "n") -> Proof:
    """Sign as an app's server does."""
    return Proof(at, nonce, signing.signature_of(text.format(at=at, nonce=nonce), MASTER))


async def code_of(checking: Awaitable[None]) -> int | None:
    try:
        await checking
    except Refused as refused:
        return refused.error.code if refused.detail else None
    return None


@pytest.mark.parametrize("what", CHECKS)
@pytest.mark.rows("L251", "L260")
async def test_without_a_valid_signature_it_is_refused(what: str) -> None:
    check, code, text = CHECKS[what]
    stage = AppStage()
    now = stage.clock.now()
    asked = signatures(stage, *ALL)
    good = proof(text, now)
    assert await code_of(check(asked, good)) is None
    for bad in (
        None,
        Proof(now, "n", "0" * 40),
        Proof(now, "m", good.signature),
        Proof(now + 1, "n", good.signature),
        proof(text, now - WINDOW_MS - 60_000),
        proof(text, now + WINDOW_MS + 60_000),
        proof(text.replace("app:", "ppa:"), now),
        Proof(now, "n", signing.signature_of(text.format(at=now, nonce="n"), "app-key-of-the-tests")),
        proof(text.replace("tom", "spike"), now),
    ):
        assert await code_of(check(asked, bad)) == code, bad


@pytest.mark.parametrize("what", CHECKS)
@pytest.mark.rows("L252")
async def test_where_the_operator_asks_for_none_any_is_taken(what: str) -> None:
    check, code, _ = CHECKS[what]
    act_of = {4102: "logins", 4302: "conversations", 4546: "blocks"}
    own = "history" if what == "history" else act_of[code]
    stage = AppStage()
    others = [act for act in ALL if act != own]
    for given in (None, Proof(5, "", "nonsense")):
        assert await code_of(check(signatures(stage, *others), given)) is None


async def test_leaving_takes_no_signature() -> None:
    stage = AppStage()
    await signatures(stage, *ALL).check_remove(TOM, "c", [TOM], None)
    assert await code_of(signatures(stage, *ALL).check_remove(TOM, "c", [TOM, ANN], None)) == 4302


async def test_a_signature_in_seconds_is_good_for_six_hours_before_and_after() -> None:
    stage = AppStage()
    asked, text = signatures(stage, *ALL), CHECKS["login"][2]
    seconds = stage.clock.now() // 1000
    for away in (-6 * 3600 + 60, 0, 6 * 3600):
        await asked.check_login(TOM, proof(text, seconds + away))
    assert await code_of(asked.check_login(TOM, proof(text, seconds - 6 * 3600 - 60))) == 4102


async def test_a_signature_is_good_again_unless_it_is_to_be_good_once() -> None:
    stage = AppStage()
    text, now = CHECKS["login"][2], stage.clock.now()
    good, other = proof(text, now), proof(text, now, "another")
    again, once = signatures(stage, *ALL), signatures(stage, *ALL, once=True)
    assert [await code_of(again.check_login(TOM, good)) for _ in range(2)] == [None, None]
    assert [await code_of(once.check_login(TOM, good)) for _ in range(3)] == [None, 4102, 4102]
    assert await code_of(once.check_login(TOM, other)) is None
    anew = signatures(stage, *ALL, once=True)
    assert await code_of(anew.check_login(TOM, good)) == 4102, "it is remembered in the store"
    assert await code_of(once.check_login(ANN, good)) == 4102


async def test_a_refused_signature_uses_nothing_up() -> None:
    stage = AppStage()
    once = signatures(stage, *ALL, once=True)
    good = proof(CHECKS["login"][2], stage.clock.now())
    assert await code_of(once.check_login(ANN, good)) == 4102
    assert await code_of(once.check_login(TOM, good)) is None


async def test_what_is_signed_here_is_good_here() -> None:
    stage = AppStage()
    once = signatures(stage, *ALL, once=True)
    made, more = once.sign_login(TOM), once.sign_login(TOM)
    assert made.nonce != more.nonce
    assert await code_of(once.check_login(TOM, made)) is None
    assert await code_of(once.check_login(ANN, more)) == 4102


@pytest.mark.rows("L251")
async def test_what_would_let_in_somebody_else_is_neither_signed_nor_taken() -> None:
    stage = AppStage()
    asked, now = signatures(stage, *ALL), stage.clock.now()
    mallory = UserId(f"tom::{now}:x")
    with pytest.raises(Refused) as refusal:
        asked.sign_login(mallory)
    assert refusal.value.error.code == 4102
    text = f"app:{mallory}::{now}:n"
    theirs = Proof(now, "n", signing.signature_of(text, MASTER))
    assert await code_of(asked.check_login(mallory, theirs)) == 4102
    assert await code_of(asked.check_login(TOM, Proof(now, f"x::{now}:n", theirs.signature))) == 4102
    history = Proof(now, "x", signing.signature_of(f"app:tom:c:x:{now}", MASTER))
    assert await code_of(asked.check_history(TOM, "c", history)) is None
    assert await code_of(asked.check_history(UserId("tom:c"), "x", history)) == 4302
