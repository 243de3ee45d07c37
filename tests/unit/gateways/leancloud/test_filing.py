"""Files in three steps, as LeanCloud's storage SDK takes them."""

from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from tests.support.operator_desk import TOKEN_SECRET
from tests.unit.gateways.leancloud.web_stage import APP, KEY, Asking, Json, opened

BY_KEY = {"X-LC-Id": APP, "X-LC-Key": KEY}
ALICE = {**BY_KEY, "X-LC-Session": jwt.encode({"sub": "alice"}, TOKEN_SECRET, "HS256")}
BOB = {**BY_KEY, "X-LC-Session": jwt.encode({"sub": "bob"}, TOKEN_SECRET, "HS256")}


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    async with opened(tmp_path, UNISONO_IDENTITY__KIND="jwt", UNISONO_QUOTAS__FILE_BYTES="1000") as one:
        yield one


async def token(asking: Asking, by: dict[str, str], **more: object) -> Json:
    body = {"name": "cat.png", "mime_type": "image/png", "metaData": {"size": 4, "owner": "unknown"}, **more}
    status, told, _ = await asking.request("POST", "/1.1/fileTokens", headers=by, body=body)
    assert status == 201, told
    return told


async def put(asking: Asking, place: Json, content: bytes = b"meow") -> int:
    headers = {"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000"}
    async with asking.desk.http.put(place["upload_url"], data=content, headers=headers) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.status


async def test_a_file_is_put_where_the_token_says_and_read_by_its_url(asking: Asking) -> None:
    place = await token(asking, BY_KEY)
    assert (place["provider"], place["mime_type"]) == ("s3", "image/png")
    assert place["url"].startswith(asking.desk.url)
    assert await put(asking, place) == 200
    done = {"token": place["token"], "result": True}
    assert (await asking.request("POST", "/1.1/fileCallback", headers=BY_KEY, body=done))[:2] == (200, {})
    async with asking.desk.http.get(place["url"]) as answer:
        assert (await answer.read(), answer.headers["Content-Type"]) == (b"meow", "image/png")
    path = f"/1.1/files/{place['objectId']}"
    status, shown, _ = await asking.request("GET", path, headers=BY_KEY)
    assert (status, shown["name"], shown["url"], shown["metaData"]["size"]) == (200, "cat.png", place["url"], 4)
    assert (await asking.request("DELETE", path, headers=BY_KEY))[0] == 401
    assert await asking.master("DELETE", path) == {}
    assert await asking.master("DELETE", path) == await asking.master("GET", path)
    async with asking.desk.http.get(place["url"]) as answer:
        assert answer.status == 404


async def test_a_session_owns_what_it_puts(asking: Asking) -> None:
    place = await token(asking, ALICE, name="../a/b\n.png")
    assert await put(asking, place) == 200
    path = f"/1.1/files/{place['objectId']}"
    assert (await asking.request("GET", path, headers=BOB))[1]["name"] == ".._a_b_.png"
    assert (await asking.request("DELETE", path, headers=BOB))[0] == 404
    assert (await asking.request("DELETE", path, headers=ALICE))[:2] == (200, {})
    forged = {**BY_KEY, "X-LC-Session": "forged"}
    assert (await asking.request("POST", "/1.1/fileTokens", headers=forged, body={"name": "x"}))[0] == 401
    assert (await asking.request("POST", "/1.1/fileTokens", headers={"X-LC-Id": APP}, body={"name": "x"}))[0] == 401


async def test_what_was_not_put_is_forgotten_and_what_was_stays(asking: Asking) -> None:
    given_up, there = await token(asking, ALICE), await token(asking, ALICE)
    assert await put(asking, there) == 200
    for place in (given_up, there):
        body = {"token": place["token"], "result": False}
        assert (await asking.request("POST", "/1.1/fileCallback", headers=BY_KEY, body=body))[0] == 200
    assert await put(asking, given_up) == 404
    assert (await asking.request("GET", f"/1.1/files/{there['objectId']}", headers=BY_KEY))[0] == 200
    for forged in ("x", there["objectId"], there["token"] + "0", f"{there['objectId']}.1.{'0' * 64}"):
        body = {"token": forged, "result": False}
        assert (await asking.request("POST", "/1.1/fileCallback", headers=BY_KEY, body=body))[0] in {403, 404}


async def test_a_file_that_lies_elsewhere_is_told_of(asking: Asking) -> None:
    said = {"name": "far.jpg", "url": "https://x.example/far.jpg", "metaData": {"__source": "external", "size": 0}}
    for path in ("/1.1/files", "/1.1/files/far.jpg"):
        status, told, _ = await asking.request("POST", path, headers=BY_KEY, body=said)
        assert status == 201
        assert {name: told[name] for name in said} == said
        assert told["mime_type"] == "image/jpeg"
        shown = (await asking.request("GET", f"/1.1/files/{told['objectId']}", headers=BY_KEY))[1]
        assert shown["url"] == said["url"]
    wrongs: tuple[dict[str, object], ...] = (
        {"url": "javascript:alert(1)"},
        {"url": "https://x y"},
        {"url": 3},
        {"metaData": []},
    )
    for wrong in wrongs:
        status, _, _ = await asking.request("POST", "/1.1/files", headers=BY_KEY, body={**said, **wrong})
        assert status == 422, wrong


async def test_limits_hold_for_them_too(asking: Asking) -> None:
    body = {"name": "large", "metaData": {"size": 1001}}
    assert (await asking.request("POST", "/1.1/fileTokens", headers=BY_KEY, body=body))[0] == 413
    # Who does not say how large it is may fill what a file may have.
    place = await token(asking, BY_KEY, metaData={}, mime_type="text/html")
    assert place["mime_type"] == "application/octet-stream"
    assert await put(asking, place, b"x" * 1001) == 413
    assert await put(asking, place, b"x" * 1000) == 200


async def test_no_client_takes_the_room_of_all_others_and_none_begins_a_million_files(tmp_path: Path) -> None:
    """160 tokens without a byte kept all others out for hours; files elsewhere were free."""
    share = {"UNISONO_QUOTAS__FILE_BYTES": "1000000", "UNISONO_QUOTAS__FILE_BYTES_PER_DAY": "2000000"}
    async with opened(tmp_path, UNISONO_QUOTAS__FILES_PER_DAY="3", **share) as asking:
        begun = [await token(asking, BY_KEY, metaData={}) for _ in range(2)]
        status, told, _ = await asking.request("POST", "/1.1/fileTokens", headers=BY_KEY, body={"name": "x"})
        assert (status, "limit=2000000" in told["detail"]) == (409, True)
        assert await put(asking, begun[0]) == 200
        far: dict[str, object] = {"name": "x", "url": "https://x.example/x"}
        answers = [await asking.request("POST", "/1.1/files", headers=BY_KEY, body=far) for _ in range(2)]
        assert [status for status, _, _ in answers] == [201, 409]
        assert "files a day" in answers[1][1]["detail"]
        # The app's own servers speak for all of its clients.
        assert (await asking.master("POST", "/1.1/fileTokens", {"name": "x"}))["provider"] == "s3"


async def test_behind_a_proxy_links_have_its_address(tmp_path: Path) -> None:
    async with opened(tmp_path, UNISONO_SERVER__ADVERTISED_URL="wss://chat.example") as asking:
        place = await token(asking, BY_KEY)
        assert place["url"].startswith("https://chat.example/files/default/")
        assert place["upload_url"].startswith("https://chat.example/files/default/")
