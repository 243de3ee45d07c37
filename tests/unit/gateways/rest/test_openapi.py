"""The OpenAPI document against the server: what it says holds, for whatever fits it and whatever does not."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import ignored_auth

from tests.support.operator_desk import ADMIN_KEY, open_desk
from unisono.gateways.rest.openapi import document, encoded
from unisono.gateways.rest.operations import OPERATIONS


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve from a thread of its own: schemathesis asks synchronously."""
    told: Future[str] = Future()
    stop = threading.Event()

    async def serve(data: Path) -> None:
        async with open_desk(data) as desk:
            told.set_result(desk.url)
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve(tmp_path_factory.mktemp("rest"))))
    thread.start()
    yield told.result(30)
    stop.set()
    thread.join(30)


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_document(case: schemathesis.Case, url: str) -> None:
    case.call_and_validate(
        base_url=url,
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        # Health and metrics answer without a key on this machine, as the document says.
        excluded_checks=[ignored_auth] if case.path in ("/metrics", "/healthz", "/readyz") else [],
    )


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
