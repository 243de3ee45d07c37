"""`unisono import leancloud` against a whole server, and an API like LeanCloud's."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_leancloud import APP_ID, MASTER_KEY, FakeLeanCloud, fake_leancloud
from tests.support.leancloud_export import export, history, rows
from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.app import import_report
from unisono.cli import operating
from unisono.cli.failing import Exit, Failure
from unisono.cli.leancloud import bringing, pulling, spool

CONVERSATIONS, MESSAGES = 100, 1_000
HEADER = '#filetype:JSON-streaming {"type":"Class","class":"_Conversation"}'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take small pages, and wait for little."""
    monkeypatch.setattr(pulling, "PAGE_MAX", 4)
    monkeypatch.setattr(pulling, "PAUSE_FIRST_S", 0.001)
    monkeypatch.setattr(spool, "PAGE", 37)
    monkeypatch.setattr(bringing, "KEPT_EVERY", 50)
    monkeypatch.setattr(bringing, "CONVERSATIONS_MAX", 30)
    monkeypatch.setattr(bringing, "VALUES_MAX", 700)


async def bring(desk: Desk, tmp_path: Path, *words: str) -> Outcome:
    asked = ("import", "leancloud", "--url", desk.url, "--admin-key", ADMIN_KEY, "--work", str(tmp_path / "work"))
    return await asyncio.to_thread(run, *asked, *words)


async def told(desk: Desk, tmp_path: Path, *words: str) -> Any:
    outcome = await bring(desk, tmp_path, "--json", *words)
    assert outcome.code == 0, outcome.err
    return outcome.json


def write(path: Path, *lines: object) -> str:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return str(path)


def table(tmp_path: Path, *more: object, count: int = CONVERSATIONS) -> tuple[str, str]:
    """Write a table of conversations; give the words that name it."""
    return "--conversations", write(tmp_path / "_Conversation.0.jsonl", HEADER, *rows(count, 7), *more)


def there(fake: FakeLeanCloud) -> tuple[str, ...]:
    return "--pull", fake.url, "--app-id", APP_ID, "--master-key", MASTER_KEY, "--rate", "1000"


async def test_files_are_brought_along_once(desk: Desk, tmp_path: Path) -> None:
    files = export(tmp_path, CONVERSATIONS, MESSAGES)
    words = ("--conversations", str(files.conversations), "--messages", str(files.messages))
    first = await told(desk, tmp_path, *words)
    assert first["not_taken"] == {}
    assert {name: first["taken"][name] for name in ("new", "placed", "known")} == {
        "new": CONVERSATIONS,
        "placed": MESSAGES,
        "known": 0,
    }
    assert sum(kind["messages"] for kind in first["report"]["kinds"].values()) == MESSAGES
    again = await told(desk, tmp_path, *words)
    assert again["report"] == first["report"]
    assert again["taken"] == dict.fromkeys(first["taken"], 0) | {"same": CONVERSATIONS, "known": MESSAGES}
    counted = await asyncio.to_thread(run, "import", "report", "--json", "--url", desk.url, "--admin-key", ADMIN_KEY)
    assert counted.json == first["report"]


async def test_a_later_run_brings_what_is_new_and_what_was_changed(desk: Desk, tmp_path: Path) -> None:
    files = export(tmp_path, CONVERSATIONS, MESSAGES)
    words = ("--conversations", str(files.conversations), "--messages", str(files.messages))
    await told(desk, tmp_path, *words)
    changed = next(rows(1, 7)) | {
        "name": "renamed",
        "m": ["user0", "newcomer"],
        "updatedAt": "2020-10-01T00:00:00.000Z",
    }
    newer = write(tmp_path / "newer.jsonl", changed)
    later = export(tmp_path / "later", CONVERSATIONS, MESSAGES + 200, first=MESSAGES)
    second = await told(desk, tmp_path, "--conversations", newer, "--messages", str(later.messages))
    assert (second["taken"]["changed"], second["taken"]["placed"]) == (1, 200)
    async with await desk.login("newcomer") as newcomer:
        (shown,) = (await newcomer.ask("conversations"))["answer"]["conversations"]
    assert shown["name"] == "renamed"


async def test_messages_are_asked_for_page_by_page_whatever_gets_in_the_way(desk: Desk, tmp_path: Path) -> None:
    messages = list(history(20, 200, 7))
    async with fake_leancloud(pathed(messages)) as fake:
        fake.trouble = [429, 503, 500]
        first = await told(desk, tmp_path, *table(tmp_path, *odd_ones(), count=18), *there(fake))
        assert first["taken"]["placed"] == sum(each["conv-id"] in known() for each in fake.messages)
        assert first["not_taken"] == {"not_found_there": 1}
        asked = sum(fake.asked.values())
        again = await told(desk, tmp_path, *table(tmp_path, *odd_ones(), count=18), *there(fake))
        assert (again["taken"]["placed"], again["taken"]["known"]) == (0, 0)
        assert sum(fake.asked.values()) - asked < asked / 2
        assert again["report"] == first["report"]


def pathed(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give messages, some of a room and some of a service."""
    extra = [
        each | {"conv-id": name, "to": name, "msg-id": f"{name}-{each['msg-id']}"}
        for name in ("room-1", "news-1")
        for each in messages[:9]
    ]
    return [*messages, *extra]


def odd_ones() -> list[dict[str, Any]]:
    first = next(rows(1, 7))
    return [
        first | {"objectId": "room-1", "tr": True, "m": [], "mu": []},
        first | {"objectId": "news-1", "sys": True, "m": [], "mu": []},
        first | {"objectId": "gone", "unique": False},
    ]


def known() -> set[str]:
    return {each["objectId"] for each in rows(18, 7)} | {"room-1", "news-1"}


async def test_what_is_unread_is_asked_for_or_read(desk: Desk, tmp_path: Path) -> None:
    messages = list(history(3, 60, 7))
    waiting = {(each["objectId"], each["m"][0]): 2 + number for number, each in enumerate(rows(3, 7)) if number < 2}
    quiet = {user for each in rows(3, 7) for user in each["m"]} - {who for _, who in waiting}
    assert quiet
    async with fake_leancloud(messages, waiting) as fake:
        first = await told(desk, tmp_path, *table(tmp_path, count=3), *there(fake), "--pull-unread")
        assert first["report"]["kinds"]["group"]["unread"] == 5
        # Of whom nothing waits one question is asked.
        assert {user: fake.asked[f"/1.2/rtm/clients/{user}/unread-count"] for user in quiet} == dict.fromkeys(quiet, 1)
    async with open_desk(tmp_path / "other") as other:
        counts = [{"conversation": of, "client": who, "count": count} for (of, who), count in waiting.items()]
        files = export(tmp_path / "x", 3, 60)
        words = ("--messages", str(files.messages), "--unread", write(tmp_path / "unread.jsonl", *counts, {"count": 3}))
        second = await told(other, tmp_path, *table(tmp_path, count=3), *words)
        assert second["report"] == first["report"]
        assert second["not_taken"] == {"unreadable": 1}


async def test_what_is_not_taken_is_counted_listed_and_shown(desk: Desk, tmp_path: Path) -> None:
    first = next(rows(1, 7))
    lines = [
        "nonsense",
        first | {"objectId": ""},
        first | {"objectId": "other"},
        first | {"objectId": "news", "sys": True},
    ]
    said = {"conv-id": "news", "msg-id": "m1", "timestamp": 1_700_000_000_000, "from": "news", "data": "x"}
    messages = write(
        tmp_path / "m.jsonl",
        *(said, said | {"msg-id": "m2", "to": "ann"}, said | {"msg-id": "m3", "conv-id": "nowhere"}),
        *(said | {"msg-id": "m4", "from": ""}, "{broken"),
    )
    words = (*table(tmp_path, *lines, count=1), "--messages", messages)
    outcome = await bring(desk, tmp_path, *words)
    assert outcome.code == 0, outcome.err
    listed = [json.loads(line) for line in (tmp_path / "work" / "not-taken.jsonl").read_text().splitlines()]
    assert Counter(each["code"] for each in listed) == {
        "unreadable": 1,
        "bad_id": 1,
        "unique_taken": 1,
        "to_one_user": 1,
        "conversation_unknown": 1,
        "bad_sender": 1,
    }
    assert {"code": "to_one_user", "conversation": "news", "id": "m2"} in listed
    for words_of_it in ("Not taken over", "to_one_user", "not-taken.jsonl", "3 new", "hash"):
        assert words_of_it in outcome.out
    assert max(map(len, outcome.out.splitlines())) < 200


async def test_an_import_goes_on_where_it_was_cut(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was acknowledged and noted is not sent again."""
    files = export(tmp_path, CONVERSATIONS, MESSAGES)
    words = ("--conversations", str(files.conversations), "--messages", str(files.messages))
    ask, left = bringing.ask, 6

    def failing(*asked: Any, **body: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return ask(*asked, **body)

    with monkeypatch.context() as patch:
        patch.setattr(bringing, "ask", failing)
        assert (await bring(desk, tmp_path, *words)).code != 0
    went_on = await told(desk, tmp_path, *words)
    assert (went_on["taken"]["new"], went_on["taken"]["placed"]) == (CONVERSATIONS, MESSAGES)
    assert (went_on["taken"]["same"], went_on["taken"]["known"]) == (0, 0)
    assert not (tmp_path / "work" / "spool.sqlite3").exists()


async def test_messages_that_are_read_later_are_sent_wherever_they_stand(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was cut while it sent goes on with one more file, whose messages stand before those it had sent."""
    said = list(history(4, 40, 7))
    late = write(tmp_path / "late.jsonl", *said[:2])
    first = ("--messages", write(tmp_path / "first.jsonl", *said[2:]))
    monkeypatch.setattr(bringing, "VALUES_MAX", 40)
    send = bringing.ask

    def cut(operator: Any, what: str, **body: Any) -> Any:
        if what == "reading":
            raise KeyboardInterrupt
        return send(operator, what, **body)

    with monkeypatch.context() as patch:
        patch.setattr(bringing, "ask", cut)
        assert (await bring(desk, tmp_path, *table(tmp_path, count=4), *first)).code != 0
    second = await told(desk, tmp_path, *table(tmp_path, count=4), *first, "--messages", late)
    assert second["taken"]["placed"] + second["not_taken"]["out_of_order"] == 40


async def test_what_a_server_says_that_ends_in_between_is_no_answer(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        told = await asyncio.to_thread(run, "import", "report", "--url", url, "--admin-key", ADMIN_KEY)
        assert told.code in {Exit.UNREACHABLE, Exit.FAILED}, told.err
        words = ("import", "leancloud", "--work", str(tmp_path / "w"), *table(tmp_path, count=1))
        told = await asyncio.to_thread(run, *words, "--url", url, "--admin-key", ADMIN_KEY)
        assert told.code == Exit.UNREACHABLE, told.err


@pytest.mark.parametrize(
    ("words", "exit_code", "reason"),
    [
        (("--conversations", "nowhere"), Exit.USAGE, "cannot read"),
        (("--pull", "https://there"), Exit.USAGE, "needs --app-id"),
        (("--pull-unread",), Exit.USAGE, "needs --pull"),
        (("--pull-standing",), Exit.USAGE, "needs --pull"),
        (("--pull", "ftp://there", "--app-id", "a", "--master-key", "k"), Exit.USAGE, "no URL"),
        (("--work", "/proc/nowhere"), Exit.USAGE, "cannot work in"),
    ],
)
async def test_what_cannot_be_meant_is_told(
    desk: Desk, tmp_path: Path, words: tuple[str, ...], exit_code: int, reason: str
) -> None:
    words = words if "--conversations" in words else (*table(tmp_path, count=1), *words)
    outcome = await bring(desk, tmp_path, *words)
    assert (outcome.code, reason in outcome.err) == (exit_code, True), outcome.err


async def test_a_wrong_master_key_ends_it_at_once(desk: Desk, tmp_path: Path) -> None:
    async with fake_leancloud(list(history(1, 3, 7))) as fake:
        wrong = ("--pull", fake.url, "--app-id", APP_ID, "--master-key", "wrong")
        outcome = await bring(desk, tmp_path, *table(tmp_path, count=1), *wrong)
        assert (outcome.code, "LeanCloud refuses: 401" in outcome.err) == (Exit.FAILED, True)
        assert sum(fake.asked.values()) == 1


async def test_an_api_that_does_not_answer_is_asked_some_times(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "TRIES_MAX", 3)
    away = ("--pull", "http://127.0.0.1:9", "--app-id", "a", "--master-key", "k", "--rate", "1000")
    outcome = await bring(desk, tmp_path, *table(tmp_path, count=1), *away)
    assert (outcome.code, "goes on from here" in outcome.err) == (Exit.UNREACHABLE, True)


@pytest.mark.parametrize("url", ["http://leancloud.example", "ftp://127.0.0.1/", "https://", "leancloud.example"])
def test_the_master_key_goes_through_tls_or_stays_here(url: str) -> None:
    with pytest.raises(Failure, match="is no URL of LeanCloud"):
        pulling.LeanCloud(url, APP_ID, MASTER_KEY, rate_per_s=1000)
    for fine in ("https://leancloud.example", "http://localhost:1", "http://[::1]:1"):
        pulling.LeanCloud(fine, APP_ID, MASTER_KEY, rate_per_s=1000)


async def test_the_master_key_is_told_to_nobody_else() -> None:
    async with fake_leancloud([]) as other, fake_leancloud([]) as fake:
        there = pulling.LeanCloud(fake.url, APP_ID, MASTER_KEY, rate_per_s=1000)
        for place in (other.url, other.url.replace("127.0.0.1", "localhost"), "https://leancloud.example"):
            fake.sends_to = place
            with pytest.raises(Failure, match="LeanCloud refuses: 302"):
                await asyncio.to_thread(there.ask, "clients", "a", "unread-count")
        assert await asyncio.to_thread(there.ask, "clients", "a", "unread-count") == {"count": 0}
        assert not other.asked


async def test_a_page_without_a_message_of_use_is_not_the_end(tmp_path: Path) -> None:
    lines = list(history(1, 10, 7))
    name = str(lines[0]["conv-id"])
    for line in lines[3:]:
        line["from"] = ""
    async with fake_leancloud(lines) as fake:
        there = pulling.LeanCloud(fake.url, APP_ID, MASTER_KEY, rate_per_s=1000)

        def pulled(work: str) -> tuple[int, int]:
            with closing(spool.Spool(tmp_path / work)) as kept:
                pulling.pull_messages(there, kept, (name, "group", None), None, lambda: None)
                return kept.count_messages(), len(list(kept.notes()))

        assert await asyncio.to_thread(pulled, "one") == (3, 7)
        for line in fake.messages:
            line["msg-id"] = ""
        with pytest.raises(Failure, match="cannot read the messages"):
            await asyncio.to_thread(pulled, "two")


async def test_requests_keep_their_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_leancloud([]) as fake:
        slept: list[float] = []
        there = pulling.LeanCloud(fake.url, APP_ID, MASTER_KEY, rate_per_s=0.5)
        monkeypatch.setattr(there._pause, "wait", slept.append)
        for _ in range(3):
            assert await asyncio.to_thread(there.ask, "clients", "a", "unread-count") == {"count": 0}
        assert slept[0] == 0.0
        assert [round(wait) for wait in slept[1:]] == [2, 4]


async def test_a_report_waits_for_one_that_is_being_made(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An importer that was killed leaves one behind, until the server hears of it."""
    pauses: list[float] = []

    def rested(pause_s: float) -> None:
        pauses.append(pause_s)
        monkeypatch.setattr(import_report, "REPORTS_AT_ONCE", 1)

    monkeypatch.setattr(import_report, "REPORTS_AT_ONCE", 0)
    monkeypatch.setattr(operating, "rest", rested)
    assert (await told(desk, tmp_path, *table(tmp_path)))["report"]["kinds"]["group"]["conversations"] > 0
    assert pauses == [2.0]
    monkeypatch.setattr(import_report, "REPORTS_AT_ONCE", 0)
    monkeypatch.setattr(operating, "PATIENCE_S", 0.0)
    outcome = await bring(desk, tmp_path, "--json", *table(tmp_path))
    assert (outcome.code, "too much to do" in outcome.err) == (Exit.FAILED, True)
