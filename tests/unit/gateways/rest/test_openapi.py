"""The OpenAPI document against the server: what it says holds, for whatever fits it and whatever does not."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from unisono.gateways.rest.openapi import document, encoded
from unisono.gateways.rest.table import OPERATIONS

Check = Callable[..., bool | None]
KNOWN_SHARE = 4
"""Of so many requests that fit the document all but one are about who and what is there."""
BY_THE_RULES = {"400", "413", "422"}
"""Statuses that a request which fits its shape gets only where a rule of the domain forbids it, and is named."""


class Served(NamedTuple):
    """A server, and a conversation there with a few messages."""

    url: str
    conversation: str


async def furnish(desk: Desk) -> Served:
    _, made = await desk.ask("POST", "/v1/users/alice/conversations", json={"members": ["bob", "carol"]})
    conversation = made["conversation"]
    for _ in range(9):
        message = {"content": {"text": "hello"}, "receipt": True}
        await desk.ask("POST", f"/v1/users/alice/conversations/{conversation}/messages", json=message)
    return Served(desk.url, conversation)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve from a thread of its own: schemathesis asks synchronously."""
    told: Future[Served] = Future()
    stop = threading.Event()

    async def serve(data: Path) -> None:
        async with open_desk(data, UNISONO_RATES__OPERATOR_BURST="1000000") as desk:
            told.set_result(await furnish(desk))
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve(tmp_path_factory.mktemp("rest"))))
    thread.start()
    yield told.result(30)
    stop.set()
    thread.join(30)


LARGE = r"/conversations/query$"
"""Where a request may hold conditions within conditions: to go through all that may be at an edge takes minutes."""
ENDLESS = r"/tree$"
"""What is answered for as long as somebody listens: test_watching.py does."""
schema = schemathesis.openapi.from_dict(document())
IS_FULL = "TESTS_FULL" in os.environ
EDGES = [Phase.explicit] if IS_FULL else []
"""To go through all that may be at an edge takes a minute: that is for `make full`."""
PLAIN = settings(
    max_examples=100 if IS_FULL else 6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[*EDGES, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schema.exclude(path_regex=f"{LARGE}|{ENDLESS}").parametrize()
@PLAIN
def test_the_server_keeps_to_its_document(case: schemathesis.Case, served: Served) -> None:
    ask(case, served)


@schema.include(path_regex=LARGE).parametrize()
@settings(PLAIN, phases=[Phase.generate])
def test_queries_keep_to_the_document(case: schemathesis.Case, served: Served) -> None:
    ask(case, served)


def ask(case: schemathesis.Case, served: Served) -> None:
    fits = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if fits and crc32(repr(case.path_parameters).encode()) % KNOWN_SHARE:
        name_what_is_there(case, served)
    passed_over: list[Check] = [positive_data_acceptance]
    if fits:
        # It was made to be refused, or not: which of the two is not told anew for another path.
        passed_over.append(negative_data_rejection)
    if case.path in ("/metrics", "/healthz", "/readyz"):
        # They answer without a key on this machine, as the document says.
        passed_over.append(ignored_auth)
    answer = case.call_and_validate(
        base_url=served.url,
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        excluded_checks=passed_over,
    )
    if fits and str(answer.status_code) in BY_THE_RULES:
        numbers = answer.json()["numbers"]
        assert "field" in numbers or "what" in numbers, answer.json()


def name_what_is_there(case: schemathesis.Case, served: Served) -> None:
    """Let a request be about a user, a member, a conversation and a message that exist."""
    chance = crc32(repr((case.path_parameters, case.query, repr(case.body))).encode())
    known = {
        "user": ("alice", "bob")[chance % 2],
        "member": ("carol", "bob")[chance % 2],
        "conversation": served.conversation,
        "message": 2 + chance % 9,
    }
    case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}


def test_every_operation_is_in_the_document_under_its_name() -> None:
    paths = document()["paths"]
    for operation in OPERATIONS:
        assert paths[operation.path][operation.method.lower()]["operationId"] == operation.name


def test_every_refusal_has_the_same_shape() -> None:
    fault = {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}
    for path, methods in document()["paths"].items():
        if not path.startswith("/v1/"):
            continue
        for operation in methods.values():
            refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert all(answer["content"] == fault for answer in refusals.values())


async def test_the_server_hands_out_the_document_to_anybody(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, desk.http.get(f"{desk.url}/v1/openapi.json") as answer:
        assert await answer.read() == encoded()
