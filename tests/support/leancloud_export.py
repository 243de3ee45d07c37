"""An export as LeanCloud's console and API give it, of any size, the same for the same seed: written as it is made.

`python -m tests.support.leancloud_export FOLDER CONVERSATIONS MESSAGES` writes one.
"""

import gzip
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

FIRST_MS = 1_600_000_000_000
STEP_MS = 700
USERS_PER_CONVERSATION = 2
WORDS = ("tea", "milk", "later", "早上好", "ok", "where are you", "see you", "😀", "the train is late again")

Json = dict[str, Any]


class Exported(NamedTuple):
    """The files of an export: two classes of the console, messages, and who is silenced, blocked or subscribed."""

    conversations: Path
    messages: Path
    roles: Path
    standing: Path


def export(folder: Path, conversations: int, messages: int, *, seed: int = 7, first: int = 0) -> Exported:
    """Write an export; `first` leaves out the messages before this one, as a later one would."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Exported(
        folder / "_Conversation.0.jsonl",
        folder / f"messages.{messages}.jsonl.gz",
        folder / "_ConversationMemberInfo.0.jsonl",
        folder / "standing.jsonl",
    )
    _write(files.conversations, rows(conversations, seed), of="_Conversation")
    _write(files.roles, roles(conversations), of="_ConversationMemberInfo")
    _write(files.standing, standing(conversations))
    with gzip.open(files.messages, "wt", compresslevel=1) as file:
        for number, fields in enumerate(history(conversations, messages, seed)):
            if number >= first:
                file.write(msgspec.json.encode(fields).decode() + "\n")
    return files


def _write(path: Path, lines: Iterable[Json], *, of: str | None = None) -> None:
    with path.open("w") as file:
        if of is not None:
            file.write(f'#filetype:JSON-streaming {{"type":"Class","class":"{of}"}}\n')
        for fields in lines:
            file.write(msgspec.json.encode(fields).decode() + "\n")


def rows(count: int, seed: int) -> Iterator[Json]:
    """Give rows of `_Conversation`: most are groups, some rooms, a few services."""
    for number in range(count):
        chance = picked(seed, number)
        created = FIRST_MS + number
        fields: Json = {
            "objectId": object_id(number),
            "createdAt": {"__type": "Date", "iso": iso(created)} if number % 5 == 0 else iso(created),
            "updatedAt": iso(created + 1_000),
            "name": f"talk {number}",
            "c": member(number, 0, count),
            "lm": {"__type": "Date", "iso": iso(created + 2_000)},
            "topic": WORDS[chance % len(WORDS)],
            "level": chance % 7,
        }
        if number % 20 == 19:
            fields["tr"] = True
        elif number % 97 == 96:
            fields["sys"] = True
        else:
            fields["m"] = members(number, count)
            fields["mu"] = fields["m"][:1] if number % 3 == 0 else []
            fields["unique"] = number % 4 == 0
        yield fields


def is_group(number: int) -> bool:
    """Say if a conversation is a group."""
    return number % 20 != 19 and number % 97 != 96


def roles(count: int) -> Iterator[Json]:
    """Give rows of `_ConversationMemberInfo`: each tenth group has a manager; owners stand there as well."""
    for number in filter(is_group, range(count)):
        for nth, role in ((0, "Owner"), (1, "Manager")) if number % 10 == 0 else ():
            client = member(number, nth, count)
            yield {"objectId": f"info{number}-{nth}", "cid": object_id(number), "clientId": client, "role": role}


def standing(count: int) -> Iterator[Json]:
    """Say who is silenced or blocked in some groups and rooms, and who is subscribed to services."""
    for number in range(count):
        name = object_id(number)
        if number % 20 != 19 and number % 97 == 96:
            yield from ({"conversation": name, "client": f"reader{nth}", "is": "subscriber"} for nth in range(5))
        elif number % 25 in {4, 19}:
            yield {"conversation": name, "client": f"banned{number % 7}", "is": "blocked"}
        elif number % 25 == 3:
            yield {"conversation": name, "client": member(number, 1, count), "is": "silenced"}


def history(conversations: int, messages: int, seed: int) -> Iterator[Json]:
    """Give messages as the API has them, all conversations at the same time; some share a millisecond."""
    for number in range(messages):
        chance = picked(seed, number)
        of = number % conversations
        nth = number // conversations
        senders = members(of, conversations)
        body: Json = {"_lctype": -1, "_lctext": f"{WORDS[chance % len(WORDS)]} {number}"}
        fields: Json = {
            "msg-id": f"{number:022x}",
            "conv-id": object_id(of),
            "timestamp": FIRST_MS + conversations + nth // 2 * STEP_MS,
            "from": senders[chance % len(senders)],
            "data": msgspec.json.encode(body).decode(),
            "is-conv": True,
            "bin": False,
            "to": object_id(of),
        }
        if number % 50 == 49:
            fields["data"] = '{"_lctype":-127}'
        elif number % 33 == 32:
            fields |= {"bin": True, "data": "AAEC/w=="}
        yield fields


def picked(seed: int, number: int) -> int:
    """Give a number that looks like chance: two million generators would take minutes."""
    return (number + seed) * 2_654_435_761 % 2**32 >> 8


def object_id(number: int) -> str:
    return f"5f{number:022x}"


def members(number: int, count: int) -> list[str]:
    """Give the members of a conversation: two to six users, each of whom is in several."""
    return [member(number, nth, count) for nth in range(2 + number % 5)]


def member(number: int, nth: int, count: int) -> str:
    return f"user{(number * 7 + nth * 13) % (count * USERS_PER_CONVERSATION)}"


def iso(at_ms: int) -> str:

    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


if __name__ == "__main__":
    sys.stdout.write(f"{export(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))}\n")
