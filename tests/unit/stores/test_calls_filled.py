"""A group's call that ran while the server was brought to a later release is that group's call after it."""

from pathlib import Path

import msgspec
from sqlalchemy import text

from tests.support.old_schema import schema_of
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.calls import Call
from unisono.domain.ids import CallId, ConversationId, Instant, UserId
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.migrate import migrate
from unisono.stores.sql.postgres import PostgresDriver
from unisono.stores.sql.sqlite import SqliteDriver

ANN, BOB = UserId("ann"), UserId("bob")
TALK = ConversationId("talk")


def call(name: str, conversation: ConversationId | None = None, ended_at: Instant | None = None) -> Call:
    return Call(
        CallId(name),
        ANN,
        (BOB,),
        "audio",
        began_at=NOON,
        rings_until=Instant(NOON + 1),
        ringing=(),
        ends=(),
        joined=(ANN,),
        conversation=conversation,
        ended_at=ended_at,
    )


async def fills(options: StoreOptions, driver: Driver) -> None:
    try:
        with schema_of(driver, "0020") as connection:
            for each in (call("of-the-group", TALK), call("of-two"), call("over", TALK, NOON)):
                row = {"id": each.id, "ended": each.ended_at, "body": msgspec.json.encode(each)}
                connection.execute(
                    text("INSERT INTO calls (id, revision, ended_at, body) VALUES (:id, 1, :ended, :body)"), row
                )
                for user in each.people:
                    connection.execute(
                        text('INSERT INTO call_users (user_id, "call") VALUES (:user, :id)'),
                        {"user": user, "id": each.id},
                    )
        migrate(driver)
    finally:
        driver.close()
    store = await open_store(options, ManualClock())
    # Nobody is a member of a group that is not there.
    assert await store.calls.strangers(9) == [("of-the-group", ANN), ("of-the-group", BOB)]
    await store.close()


async def test_on_sqlite(tmp_path: Path) -> None:
    options = StoreOptions(app="test", data_dir=tmp_path)
    await fills(options, SqliteDriver(options, ManualClock()))


async def test_on_postgresql(postgres_dsn: str) -> None:
    options = StoreOptions(app="test", url=postgres_dsn)
    await fills(options, PostgresDriver(options))
