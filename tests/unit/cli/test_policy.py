"""`unisono policy` against a whole server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.cli.failing import Exit

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path_factory.mktemp("policy"), UNISONO_SESSIONS__POLICY="turms") as opened:
        yield opened


async def policy(desk: Desk, *words: str, stdin: str = "") -> Outcome:
    """Run it beside the server, which answers from this event loop."""
    where = ("--url", desk.url, "--admin-key", ADMIN_KEY)
    return await asyncio.to_thread(lambda: run("policy", *words, *where, stdin=stdin))


@pytest.mark.rows("E2", "E13")
async def test_it_is_shown_changed_and_told_of(desk: Desk) -> None:
    assert (await policy(desk, "log")).out == "Nothing was ever said: the settings hold.\n"
    assert (await policy(desk, "show")).out.splitlines() == [
        "devices  1 sessions per platform  as in the settings",
        "writing  anyone  as in the settings",
        "revision 0: nothing was said since the start",
    ]
    told = await policy(desk, "set", "--platform", "ios=2", "--platform", "web=3", "--note", "[more] for phones")
    lines = told.out.splitlines()
    assert lines[0] == "devices  1 sessions per platform (but ios 2, web 3)  said here"
    assert lines[2].startswith("revision 1, ")
    assert lines[2].endswith(" from 127.0.0.1")
    told = await policy(desk, "set", "--preset", "single", "--capacity", "2", "--writing", "contacts")
    assert told.out.splitlines()[:2] == ["devices  2 devices per platform  said here", "writing  contacts  said here"]
    told = await policy(desk, "set", "--as-in-settings", "devices", "--json")
    assert told.json["said"] == {"writing": "contacts"}
    lines = (await policy(desk, "log")).out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "old", "new", "2", "old", "new", "1", "old", "new"]
    assert lines[6].endswith(": [more] for phones")
    assert lines[7] == "  old  1 sessions per platform; writing: anyone"
    assert [each["revision"] for each in (await policy(desk, "log", "--limit", "2", "--json")).json["changes"]] == [
        3,
        2,
    ]


async def test_slots_are_said_as_json(desk: Desk) -> None:
    slots = '{"slots": [{"key": ["app"], "capacity": 9, "loser": "newcomer", "platforms": ["ios", "web"]}]}'
    shown = "devices  9 devices per app (of ios, web), the newcomer loses  said here"
    assert (await policy(desk, "set", "--slots", slots)).out.splitlines()[0] == shown
    assert (await policy(desk, "set", "--slots", "-", stdin='{"slots": []}')).out.splitlines()[0] == (
        "devices  no limit  said here"
    )
    assert (await policy(desk, "show", "--json")).json["in_force"]["devices"] == {}
    await policy(desk, "set", "--as-in-settings", "devices")


async def test_a_policy_is_tried_out(desk: Desk) -> None:
    async with (
        await desk.login("bob", "d1", platform="ios", label="old [phone]") as first,
        await desk.login("bob", "d2", platform="web"),
    ):
        slots = '{"slots": [{"key": ["app"], "capacity": 1}]}'
        told = await policy(desk, "set", "--slots", slots, "--dry-run")
        lines = told.out.splitlines()
        assert lines[0] == "1 session would be over the limits. Nothing was changed."
        assert lines[1].startswith(f"  bob  {first.session}  ios · old [phone] · since ")
        told = await policy(desk, "set", "--slots", slots, "--dry-run", "--json")
        assert [each["user"] for each in told.json["crowded_out"]] == ["bob"]


async def test_who_expects_another_revision_is_told(desk: Desk) -> None:
    told = await policy(desk, "set", "--writing", "contacts", "--expect", "99")
    assert (told.code, "changed meanwhile" in told.err) == (Exit.FAILED, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "nothing is to change"),
        (("--preset", "single", "--slots", "{}"), "two policies"),
        (("--platform", "ios"), "`ios` is no platform with its number"),
        (("--slots", "no"), "no JSON"),
        (("--as-in-settings", "colour"), "no such part: colour"),
        (("--as-in-settings", "devices", "--capacity", "1"), "devices cannot be said and taken back"),
        (("--as-in-settings", "writing", "--writing", "anyone"), "writing cannot be said and taken back"),
        (("--writing", "anyone", "--dry-run"), "only a device policy can be tried out"),
    ],
)
async def test_what_cannot_be_meant_is_refused(desk: Desk, words: tuple[str, ...], why: str) -> None:
    told = await policy(desk, "set", *words)
    assert (told.code, why in told.err) == (Exit.USAGE, True)
