"""A disk with too little room: refused at every door before the bytes come, and told to the operator."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.gateways.leancloud.web_stage import APP, KEY, Asking, opened

BY_KEY = {"X-LC-Id": APP, "X-LC-Key": KEY}
WISH = {"name": "cat.png", "type": "image/png", "size": 4}


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    async with opened(tmp_path, UNISONO_FILES__FREE_BYTES=str(1 << 50)) as one:
        yield one


async def test_no_door_takes_a_file_that_would_leave_too_little_room(asking: Asking, tmp_path: Path) -> None:
    desk = asking.desk
    status, told = await desk.ask("POST", "/v1/users/alice/files", json=WISH)
    assert (status, told["code"], told["retryable"]) == (507, "storage_full", True), told
    body = {"name": "cat.png", "mime_type": "image/png", "metaData": {"size": 4}}
    status, told, _ = await asking.request("POST", "/1.1/fileTokens", headers=BY_KEY, body=body)
    assert (status, told) == (507, {"code": 507, "error": "the server has no room for this file now"})
    async with await desk.login("alice") as alice:
        refused = await alice.ask("upload", **WISH)
    assert (refused["code"], refused["retryable"]) == ("storage_full", True), refused
    async with desk.http.get(desk.url + "/metrics") as answer:
        assert 'unisono_limits_hit_total{limit="files.free_bytes"} 3.0' in await answer.text()
    assert not [path for path in desk.settings.data_dir.rglob("files/*/*") if path.is_file()]
