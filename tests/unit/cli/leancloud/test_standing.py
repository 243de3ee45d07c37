"""Roles, who is silenced or blocked, and subscribers come along: from files, or asked of an API like LeanCloud's."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_leancloud import fake_leancloud
from tests.support.leancloud_export import Exported, export, roles, rows, standing
from tests.support.operator_desk import Desk, open_desk
from tests.unit.cli.leancloud.test_importing import there, told, write
from unisono.cli.failing import Failure
from unisono.cli.leancloud import bringing, pulling
from unisono.cli.leancloud import standing as asking

CONVERSATIONS = 100


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "PAUSE_FIRST_S", 0.001)
    monkeypatch.setattr(bringing, "STANDING_MAX", 7)


@pytest.fixture
def files(tmp_path: Path) -> Exported:
    return export(tmp_path / "export", CONVERSATIONS, CONVERSATIONS)


def words(files: Exported) -> tuple[str, ...]:
    return (
        "--conversations",
        str(files.conversations),
        "--member-infos",
        str(files.roles),
        "--standing",
        str(files.standing),
    )


def counted(report: Any, what: str) -> int:
    return sum(int(kind[what]) for kind in report["kinds"].values())


async def test_what_users_were_comes_along_once(desk: Desk, tmp_path: Path, files: Exported) -> None:
    first = await told(desk, tmp_path, *words(files))
    assert first["not_taken"] == {}
    managers = sum(info["role"] == "Manager" for info in roles(CONVERSATIONS))
    of = [line["is"] for line in standing(CONVERSATIONS)]
    expected = {"managers": managers, "silenced": of.count("silenced"), "blocked": of.count("blocked")}
    assert min(expected.values()) > 1
    assert {what: counted(first["report"], what) for what in expected} == expected
    assert first["report"]["kinds"]["service"]["members"] == of.count("subscriber") > 0
    # An owner is one already.
    assert first["taken"]["standing_placed"] == managers + len(of)
    assert first["taken"]["standing_known"] == managers
    again = await told(desk, tmp_path, *words(files))
    assert again["report"] == first["report"]
    assert (again["taken"]["standing_placed"], again["taken"]["standing_known"]) == (0, 2 * managers + len(of))


async def test_it_is_asked_for_page_by_page_and_is_the_same(desk: Desk, tmp_path: Path, files: Exported) -> None:
    """LeanCloud gives ten of these at a time, whatever it is asked for."""
    many = [f"banned{number}" for number in range(25)]
    group, service = files_of("group"), files_of("service")
    lines = [{"conversation": group, "client": user, "is": "blocked"} for user in many]
    lines += [{"conversation": service, "client": f"more{number}", "is": "subscriber"} for number in range(120)]
    more = write(tmp_path / "more.jsonl", *lines)
    brought = await told(desk, tmp_path, *words(files), "--standing", more)
    async with fake_leancloud([]) as fake, open_desk(tmp_path / "other") as other:
        fake.tell(roles(CONVERSATIONS), standing(CONVERSATIONS))
        fake.listed[group, "blacklists"] = many
        fake.listed[service, "subscribers"] += [f"more{number}" for number in range(120)]
        fake.trouble = [503, 429]
        asked = ("--conversations", str(files.conversations), *there(fake), "--pull-standing")
        pulled = await told(other, tmp_path / "b", *asked)
    assert pulled["report"] == brought["report"]
    assert {"not_found_there"} == set(pulled["not_taken"])
    assert fake.asked[f"/1.2/rtm/conversations/{group}/blacklists"] == 3
    assert fake.asked[f"/1.2/rtm/service-conversations/{service}/subscribers"] == 3


def files_of(kind: str) -> str:
    column = {"group": "m", "service": "sys"}[kind]
    return next(str(each["objectId"]) for each in rows(CONVERSATIONS, 7) if column in each)


async def test_what_is_not_switched_on_there_is_asked_for_once(desk: Desk, tmp_path: Path, files: Exported) -> None:
    async with fake_leancloud([]) as fake:
        fake.tell(roles(CONVERSATIONS), standing(CONVERSATIONS))
        fake.declined = {"blacklists"}
        asked = ("--conversations", str(files.conversations), *there(fake), "--pull-standing")
        first = await told(desk, tmp_path, *asked)
        assert (counted(first["report"], "blocked"), counted(first["report"], "silenced") > 0) == (0, True)
        assert sum(count for path, count in fake.asked.items() if path.endswith("blacklists")) == 1
    listed = [json.loads(line) for line in (tmp_path / "work" / "not-taken.jsonl").read_text().splitlines()]
    assert {"code": "not_told_there", "id": "blacklists: 403 Forbidden"} in listed


async def test_one_conversation_that_is_refused_costs_the_others_nothing(
    desk: Desk, tmp_path: Path, files: Exported
) -> None:
    """It switched the list off for the whole application, for good: what is not asked now is lost with LeanCloud."""
    async with fake_leancloud([]) as fake:
        fake.tell(roles(CONVERSATIONS), standing(CONVERSATIONS))
        asked = ("--conversations", str(files.conversations), *there(fake), "--pull-standing")
        whole = sum(1 for (_, what), users in fake.listed.items() for _ in users if what == "blacklists")
        odd = next(name for (name, what), users in sorted(fake.listed.items()) if what == "blacklists" and users)
        fake.odd = {odd: 400}
        first = await told(desk, tmp_path, *asked)
        lost = len(fake.listed[odd, "blacklists"])
        assert counted(first["report"], "blocked") == whole - lost > 0
    listed = [json.loads(line) for line in (tmp_path / "work" / "not-taken.jsonl").read_text().splitlines()]
    assert {"code": "not_told_there", "conversation": odd, "id": "blacklists: 400 Bad Request"} in listed


async def test_questions_go_on_where_they_were_cut(
    desk: Desk, tmp_path: Path, files: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_leancloud([]) as fake:
        fake.tell(roles(CONVERSATIONS), standing(CONVERSATIONS))
        real, left = asking.Asking.ask_about, 30

        def cut(self: asking.Asking, name: str, kind: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Failure("cut")
            real(self, name, kind)

        asked = ("--conversations", str(files.conversations), *there(fake), "--pull-standing")
        with monkeypatch.context() as patch:
            patch.setattr(asking.Asking, "ask_about", cut)
            with pytest.raises(AssertionError, match="cut"):
                await told(desk, tmp_path, *asked)
        before = sum(fake.asked.values())
        brought = await told(desk, tmp_path, *asked)
        assert before > 30
        assert max(count for path, count in fake.asked.items() if path.endswith("/blacklists")) == 1
    assert counted(brought["report"], "blocked") == sum(line["is"] == "blocked" for line in standing(CONVERSATIONS))


async def test_what_cannot_be_is_told(desk: Desk, tmp_path: Path, files: Exported) -> None:
    group, service = files_of("group"), files_of("service")
    infos = write(
        tmp_path / "infos.jsonl",
        *({"cid": group, "clientId": "nobody", "role": "Manager"}, {"cid": group, "clientId": "", "role": "Owner"}),
        *({"cid": group, "clientId": "ann", "role": "King"}, {"cid": "", "clientId": "ann", "role": "Manager"}),
        *({"cid": group, "clientId": "ann", "role": "Member"}, "{broken"),
    )
    lines = write(
        tmp_path / "lines.jsonl",
        *(
            {"conversation": service, "client": "ann", "is": "blocked"},
            {"conversation": group, "client": 3, "is": "blocked"},
        ),
        *(
            {"conversation": group, "client": "ann", "is": "king"},
            {"conversation": "nowhere", "client": "ann", "is": "manager"},
        ),
    )
    table = ("--conversations", str(files.conversations), "--member-infos", infos, "--standing", lines)
    brought = await told(desk, tmp_path, *table)
    assert brought["not_taken"] == {
        "bad_id": 2,
        "bad_role": 1,
        "conversation_unknown": 1,
        "kind_without": 1,
        "member_name": 2,
        "role_of_stranger": 1,
        "unreadable": 1,
    }


async def test_a_silenced_user_is_and_who_was_let_speak_again_stays_so(
    desk: Desk, tmp_path: Path, files: Exported
) -> None:
    brought = await told(desk, tmp_path, *words(files))
    line = next(each for each in standing(CONVERSATIONS) if each["is"] == "silenced")
    name, user = line["conversation"], line["client"]
    owner = next(str(each["c"]) for each in rows(CONVERSATIONS, 7) if each["objectId"] == name)
    said = {"op": "send", "conversation": name, "key": "k1", "content": {"text": "hello"}}
    async with await desk.login(user) as silenced, await desk.login(owner) as peer:
        assert (await silenced.ask(**said))["code"] == "forbidden"
        asked = {"op": "restrict", "conversation": name, "users": [user], "what": "silenced", "on": False}
        assert "answer" in await peer.ask(**asked)
        await told(desk, tmp_path, *words(files))
        assert "answer" in await silenced.ask(**said)
    assert counted(brought["report"], "silenced") > 1
