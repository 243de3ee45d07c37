"""Published keys: fetched when needed, kept, asked for again, and never more often than is polite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.time_and_chance import NOON, ManualClock
from tests.unit.identity.keysmith import EC_KEY, ED_KEY, RSA_KEY, credential, jwk, key_set, pem, signed
from unisono.domain.errors import TokenInvalid, Unavailable
from unisono.identity.audiences import Audience
from unisono.identity.faults import UnusableKeyError
from unisono.identity.keys import (
    ASK_AGAIN_S,
    KEYS_MAX,
    SET_MAX_BYTES,
    STALE_MAX_S,
    KeySet,
    OnePublicKey,
    file_fetch,
    keys_in,
    url_fetch,
)
from unisono.identity.signed import SignedTokens
from unisono.settings import Jwt
from unisono.telemetry.recording import RecordingTelemetry

KEPT_S = 300.0


class KeyServer:
    """A key server in memory: counts who asks, may fail, may be slow."""

    def __init__(self, *entries: dict[str, object]) -> None:
        self.document = key_set(*entries)
        self.asked = 0
        self.is_down = False
        self.gate: asyncio.Event | None = None

    async def fetch(self) -> bytes:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.is_down:
            raise ConnectionError("down")
        return self.document


def keys_of(server: KeyServer) -> tuple[KeySet, ManualClock, RecordingTelemetry]:
    clock, telemetry = ManualClock(), RecordingTelemetry()
    return KeySet(server.fetch, clock, telemetry, kept_s=KEPT_S), clock, telemetry


async def test_a_token_is_checked_with_the_key_it_names() -> None:
    server = KeyServer(jwk("RS256", "a"), jwk("ES256", "b"), jwk("EdDSA", "c"))
    keys, _, _ = keys_of(server)
    settings = Jwt(algorithms=("RS256", "ES256", "EdDSA"), jwks_url="http://127.0.0.1/")
    identity = SignedTokens(Audience(settings), keys)
    for algorithm, key, key_id in (("RS256", RSA_KEY, "a"), ("ES256", EC_KEY, "b"), ("EdDSA", ED_KEY, "c")):
        token = signed(key=key, algorithm=algorithm, headers={"kid": key_id})
        assert (await identity.authenticate(credential(token), NOON)).user == "alice"
    assert server.asked == 1


async def test_a_token_without_a_key_id_fits_the_only_key_of_its_algorithm() -> None:
    keys, _, _ = keys_of(KeyServer(jwk("RS256", "a"), jwk("ES256", "b")))
    assert await keys.find(None, "ES256") == EC_KEY.public_key()
    keys, _, _ = keys_of(KeyServer(jwk("ES256", "a"), jwk("ES256", "b")))
    with pytest.raises(TokenInvalid):
        await keys.find(None, "ES256")


async def test_a_key_is_used_for_its_own_algorithm_only() -> None:
    keys, _, _ = keys_of(KeyServer(jwk("ES256", "a")))
    with pytest.raises(TokenInvalid):
        await keys.find("a", "RS256")


async def test_keys_are_kept_for_a_while_and_then_asked_for_again() -> None:
    server = KeyServer(jwk("ES256", "a"))
    keys, clock, _ = keys_of(server)
    for _ in range(3):
        await keys.find("a", "ES256")
        clock.advance(KEPT_S / 3)
    assert server.asked == 1
    clock.advance(1)
    await keys.find("a", "ES256")
    assert server.asked == 2


async def test_a_new_key_is_found_without_waiting_for_the_old_ones_to_age() -> None:
    server = KeyServer(jwk("ES256", "a"))
    keys, clock, _ = keys_of(server)
    await keys.find("a", "ES256")
    server.document = key_set(jwk("ES256", "b"))
    clock.advance(ASK_AGAIN_S)
    assert await keys.find("b", "ES256")
    with pytest.raises(TokenInvalid):
        await keys.find("a", "ES256")


async def test_invented_key_ids_do_not_flood_the_key_server() -> None:
    server = KeyServer(jwk("ES256", "a"))
    keys, clock, _ = keys_of(server)
    for number in range(50):
        with pytest.raises(TokenInvalid):
            await keys.find(f"invented-{number}", "ES256")
    assert server.asked == 1
    clock.advance(ASK_AGAIN_S)
    with pytest.raises(TokenInvalid):
        await keys.find("invented", "ES256")
    assert server.asked == 2


async def test_many_logins_at_once_share_one_fetch() -> None:
    server = KeyServer(jwk("ES256", "a"))
    server.gate = asyncio.Event()
    keys, _, _ = keys_of(server)
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(keys.find("a", "ES256")) for _ in range(20)]
        await _until(lambda: server.asked == 1)
        server.gate.set()
    assert all(task.result() == EC_KEY.public_key() for task in asking)
    assert server.asked == 1


async def test_the_last_keys_serve_while_the_key_server_is_down_but_not_for_ever() -> None:
    server = KeyServer(jwk("ES256", "a"))
    keys, clock, telemetry = keys_of(server)
    await keys.find("a", "ES256")
    server.is_down = True
    clock.advance(KEPT_S + STALE_MAX_S)
    assert await keys.find("a", "ES256")
    clock.advance(1)
    with pytest.raises(Unavailable):
        await keys.find("a", "ES256")
    assert telemetry.named("key_fetch_failed")[0]["problem"] == "ConnectionError"


async def test_without_any_key_yet_a_silent_key_server_is_told_apart_from_a_bad_token() -> None:
    server = KeyServer()
    server.is_down = True
    keys, clock, telemetry = keys_of(server)
    with pytest.raises(Unavailable):
        await keys.find("a", "ES256")
    server.is_down, server.document = False, key_set(jwk("ES256", "a"))
    clock.advance(ASK_AGAIN_S)
    assert await keys.find("a", "ES256")
    assert telemetry.meter.counted("key_fetches", "failed") == 1


async def test_a_login_that_is_given_up_leaves_the_others_a_way() -> None:
    server = KeyServer(jwk("ES256", "a"))
    server.gate = asyncio.Event()
    keys, _, _ = keys_of(server)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(keys.find("a", "ES256"))
        await _until(lambda: server.asked == 1)
        first.cancel()
    server.gate.set()
    assert await keys.find("a", "ES256")


def test_a_published_set_gives_no_shared_secrets_and_no_keys_for_other_uses() -> None:
    shared: dict[str, object] = {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"}
    broken: dict[str, object] = {"kty": "EC"}
    entries = (shared, jwk("ES256", "e", use="enc"), jwk("ES256", "w", alg="ES384"), broken, jwk("ES256", "ok"))
    assert [listed.id for listed in keys_in(key_set(*entries))] == ["ok"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":[{"kty":"oct","k":"AA"}]}',
        b"[" * 100_000,
        b"x" * (SET_MAX_BYTES + 1),
        key_set(*[jwk("ES256", "a")] * (KEYS_MAX + 1)),
    ],
    ids=["empty", "list", "no keys", "none", "shared", "deep", "large", "many"],
)
def test_a_document_without_usable_keys_is_no_set(document: bytes) -> None:
    with pytest.raises(UnusableKeyError):
        keys_in(document)


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(public_exponent=65537, key_size=1024), ec.generate_private_key(ec.SECP384R1())],
    ids=["short RSA", "other curve"],
)
def test_a_key_that_is_weak_or_of_another_kind_stops_the_start(key: object) -> None:
    with pytest.raises(UnusableKeyError):
        OnePublicKey(pem(key))


def test_what_is_no_key_stops_the_start() -> None:
    with pytest.raises(UnusableKeyError):
        OnePublicKey(b"-----BEGIN nothing-----")


async def test_keys_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(key_set(jwk("ES256", "a")))
    keys = KeySet(file_fetch(tmp_path / "keys.json"), ManualClock(), RecordingTelemetry(), kept_s=KEPT_S)
    assert await keys.find("a", "ES256") == EC_KEY.public_key()
    missing = KeySet(file_fetch(tmp_path / "none.json"), ManualClock(), RecordingTelemetry(), kept_s=KEPT_S)
    with pytest.raises(Unavailable):
        await missing.find("a", "ES256")


async def test_keys_come_over_http() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=key_set(jwk("ES256", "a")))

    async with _serving(answer) as url:
        assert keys_in(await url_fetch(url, 5.0)())[0].id == "a"


@pytest.mark.parametrize("answer", ["redirect", "error", "large", "silent"])
async def test_a_key_server_that_misbehaves_is_a_failed_fetch(answer: str) -> None:
    hold = asyncio.Event()

    async def misbehave(request: web.Request) -> web.StreamResponse:
        match answer:
            case "redirect":
                return web.Response(status=302, headers={"location": str(request.url)})
            case "error":
                return web.Response(status=500)
            case "large":
                return web.Response(body=b"x" * (SET_MAX_BYTES * 2))
        await hold.wait()
        return web.Response()

    async with _serving(misbehave) as url:
        telemetry = RecordingTelemetry()
        # The deadline is real: it is what is tested here.
        keys = KeySet(url_fetch(url, 0.05 if answer == "silent" else 5.0), ManualClock(), telemetry, kept_s=KEPT_S)
        with pytest.raises(Unavailable):
            await keys.find("a", "ES256")
        hold.set()
    assert telemetry.meter.counted("key_fetches", "failed") == 1


async def test_a_key_server_that_does_not_listen_is_a_failed_fetch(unused_tcp_port: int) -> None:
    keys = KeySet(
        url_fetch(f"http://127.0.0.1:{unused_tcp_port}/", 5.0), ManualClock(), RecordingTelemetry(), kept_s=KEPT_S
    )
    with pytest.raises(Unavailable):
        await keys.find("a", "ES256")


@asynccontextmanager
async def _serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)
