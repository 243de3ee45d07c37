"""What an import remembers on disk: messages put in order, how far it has come, and what was not taken over.

It is one SQLite file. Whatever ends an import, the next one goes on from it; what was sent and not noted is sent again,
which the server knows.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from unisono.cli.failing import Exit, Failure
from unisono.cli.leancloud.records import Note, Said

_SCHEMA: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS members (user TEXT, conversation TEXT, PRIMARY KEY (user, conversation)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS messages (
        conversation TEXT, at INTEGER, id TEXT, body BLOB NOT NULL, PRIMARY KEY (conversation, at, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS unread (
        conversation TEXT, user TEXT, count INTEGER NOT NULL, PRIMARY KEY (conversation, user)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS standing (
        conversation TEXT, user TEXT, what TEXT, PRIMARY KEY (conversation, user, what)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS asked (conversation TEXT, what TEXT, PRIMARY KEY (conversation, what)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS notes (
        code TEXT, conversation TEXT, id TEXT, user TEXT, PRIMARY KEY (code, conversation, id, user)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY, conversation TEXT, at INTEGER, id TEXT);
"""
_decode: Final = msgspec.msgpack.Decoder(Said).decode
_encode: Final = msgspec.msgpack.Encoder().encode
PAGE: Final = 2_000

Standing = tuple[str, str, str]
"""A conversation, a user, and what the user is in it."""
Place = tuple[str, int, str]
START: Final[Place] = ("", 0, "")


class Spool:
    """The memory of one import. `is_resumed` says that an earlier one did not come to its end."""

    def __init__(self, folder: Path) -> None:
        self._path: Final = folder / "spool.sqlite3"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.is_resumed: Final = self._path.exists()
            self._db: Final = sqlite3.connect(self._path, isolation_level=None)
            self._db.executescript(_SCHEMA)
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
        except (OSError, sqlite3.Error) as problem:
            raise Failure(f"cannot work in {folder}: {problem}", exit_code=Exit.USAGE) from None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def remove(self) -> None:
        """Forget all: the import has come to its end."""
        self.close()
        for name in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + name).unlink()

    def __enter__(self) -> Self:
        self._db.execute("BEGIN")
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        self._db.execute("COMMIT" if failure is None else "ROLLBACK")

    # ------------------------------------------------------------ numbers

    def number(self, name: str) -> int:
        """Give a number that was noted, else 0."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def note_number(self, name: str, value: int) -> None:
        """Note a number."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def count_up(self, name: str, by: int) -> None:
        """Add to a number."""
        self.note_number(name, self.number(name) + by)

    # ------------------------------------------------------------ what was not taken

    def note(self, notes: Iterable[Note]) -> None:
        """Note what was not taken over; the same once."""
        rows = ((note.code, note.conversation, note.id, note.user) for note in notes)
        self._db.executemany("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", rows)

    def notes(self) -> Iterator[Note]:
        """Give what was noted."""
        for row in self._db.execute("SELECT * FROM notes ORDER BY code, conversation, id, user"):
            yield Note(*row)

    def count_notes(self) -> dict[str, int]:
        """Count what was noted, by code."""
        return dict(self._db.execute("SELECT code, count(*) FROM notes GROUP BY code ORDER BY code"))

    # ------------------------------------------------------------ conversations

    def know(self, conversations: Iterable[tuple[str, str]], members: Iterable[tuple[str, str]]) -> None:
        """Note conversations with their kinds, and users who are in them."""
        self._db.executemany("INSERT OR IGNORE INTO conversations VALUES (?, ?, NULL)", conversations)
        self._db.executemany("INSERT OR IGNORE INTO members VALUES (?, ?)", members)

    def count_conversations(self) -> int:
        """Count them."""
        return int(self._db.execute("SELECT count(*) FROM conversations").fetchone()[0])

    def conversations(self, after: str) -> list[tuple[str, str, str | None]]:
        """Give some conversations behind one, by id, with their kinds and how far they were pulled."""
        text = "SELECT id, kind, state FROM conversations WHERE id > ? ORDER BY id LIMIT ?"
        return self._db.execute(text, (after, PAGE)).fetchall()

    def note_state(self, conversation: str, state: str) -> None:
        """Note how far a conversation was pulled."""
        self._db.execute("UPDATE conversations SET state = ? WHERE id = ?", (state, conversation))

    def kind_of(self, conversation: str) -> str | None:
        """Give the kind of a conversation."""
        row = self._db.execute("SELECT kind FROM conversations WHERE id = ?", (conversation,)).fetchone()
        return None if row is None else str(row[0])

    def users(self, after: str) -> list[str]:
        """Give some users who are in conversations, behind one, by name."""
        text = "SELECT DISTINCT user FROM members WHERE user > ? ORDER BY user LIMIT ?"
        return [user for (user,) in self._db.execute(text, (after, PAGE))]

    def count_users(self) -> int:
        """Count them."""
        return int(self._db.execute("SELECT count(DISTINCT user) FROM members").fetchone()[0])

    def conversations_of(self, user: str) -> list[str]:
        """Give the conversations that a user is in."""
        rows = self._db.execute("SELECT conversation FROM members WHERE user = ? ORDER BY conversation", (user,))
        return [name for (name,) in rows]

    # ------------------------------------------------------------ what users are in conversations

    def keep_standing(self, found: Sequence[Standing]) -> None:
        """Keep what users are in conversations. If there is anything new, all is sent again."""
        if self._db.executemany("INSERT OR IGNORE INTO standing VALUES (?, ?, ?)", found).rowcount > 0:
            self.note_number("standing sent", 0)

    def count_standing(self) -> int:
        """Count it."""
        return int(self._db.execute("SELECT count(*) FROM standing").fetchone()[0])

    def standing(self, done: int, limit: int) -> Sequence[Standing]:
        """Give some of it behind so many, conversation by conversation."""
        text = "SELECT * FROM standing ORDER BY conversation, user, what LIMIT ? OFFSET ?"
        return self._db.execute(text, (limit, done)).fetchall()

    def has_asked(self, conversation: str, what: str) -> bool:
        """Say if LeanCloud was asked for a list of a conversation."""
        text = "SELECT 1 FROM asked WHERE conversation = ? AND what = ?"
        return self._db.execute(text, (conversation, what)).fetchone() is not None

    def note_asked(self, conversation: str, what: str) -> None:
        """Note that it was."""
        self._db.execute("INSERT OR IGNORE INTO asked VALUES (?, ?)", (conversation, what))

    # ------------------------------------------------------------ messages

    def keep(self, said: Iterable[tuple[str, Said]]) -> None:
        """Keep messages until they are sent; the same once. New ones may stand before what was sent: all goes again."""
        rows = ((name, each.at, each.id, _encode(each)) for name, each in said)
        if self._db.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?)", rows).rowcount > 0:
            self._db.execute("DELETE FROM mark")
            self._db.execute("DELETE FROM meta WHERE name IN ('sent', 'settled')")

    def count_messages(self) -> int:
        """Count them."""
        return int(self._db.execute("SELECT count(*) FROM messages").fetchone()[0])

    @property
    def mark(self) -> Place:
        """Give the place of the last message that was sent."""
        row = self._db.execute("SELECT conversation, at, id FROM mark").fetchone()
        return START if row is None else (row[0], row[1], row[2])

    def note_mark(self, place: Place) -> None:
        """Note that messages were sent up to a place."""
        self._db.execute("INSERT OR REPLACE INTO mark VALUES (1, ?, ?, ?)", place)

    def messages(self, after: Place) -> Sequence[tuple[str, Said]]:
        """Give some messages behind a place: conversation by conversation, the oldest first."""
        text = "SELECT conversation, body FROM messages WHERE (conversation, at, id) > (?, ?, ?)"
        text += " ORDER BY conversation, at, id LIMIT ?"
        return [(name, _decode(body)) for name, body in self._db.execute(text, (*after, PAGE))]

    def talked_in(self, after: str) -> list[str]:
        """Give some conversations that have messages, behind one, by id."""
        text = "SELECT id FROM conversations AS c WHERE id > ? AND EXISTS (SELECT 1 FROM messages AS m WHERE"
        text += " m.conversation = c.id) ORDER BY id LIMIT ?"
        return [name for (name,) in self._db.execute(text, (after, PAGE))]

    # ------------------------------------------------------------ what waits

    def keep_unread(self, counts: Iterable[tuple[str, str, int]]) -> None:
        """Keep how many messages of a conversation wait for a user."""
        self._db.executemany("INSERT OR REPLACE INTO unread VALUES (?, ?, ?)", counts)

    def unread(self, conversation: str) -> dict[str, int]:
        """Give how many messages of a conversation wait, by user."""
        return dict(self._db.execute("SELECT user, count FROM unread WHERE conversation = ?", (conversation,)))
