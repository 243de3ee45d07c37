"""`unisono send`, `unisono history` and `unisono search`: one message, or some, for people and scripts."""

import asyncio
import sys
from dataclasses import asdict
from typing import Any

from unisono.cli.failing import Exit, Failure
from unisono.cli.printing import moment, print_json, safe
from unisono.cli.reaching import Reach, logged_in
from unisono.cli.transcript import GONE, Transcript, note
from unisono_sdk import Conversation, HistoryPage, Message, NotFound, SearchPage


def send(reach: Reach, to: str, text: str, *, key: str | None, as_json: bool) -> None:
    """Send one message; `-` takes it from standard input. When this returns it is durable.

    Raises:
        Failure: It was not sent.
    """
    text = sys.stdin.read() if text == "-" else text
    if not text.strip():
        raise Failure("there is nothing to send", exit_code=Exit.USAGE)
    message = asyncio.run(_send(reach, to, text, key))
    if as_json:
        print_json(_plain(message))
    else:
        sys.stdout.write(f"Sent to {safe(to)} as number {message.seq}.\n")


def history(reach: Reach, other: str, *, limit: int, before: int | None, as_json: bool) -> None:
    """Print messages of a conversation of two, the oldest first.

    Raises:
        Failure: They cannot be had.
    """
    page = asyncio.run(_history(reach, other, limit, before))
    if as_json:
        plain = [_plain(message) for message in page]
        print_json({"messages": plain, "has_more": not page.done, "trimmed": page.trimmed})
        return
    written = Transcript()
    lines = [line for message in page for line in written.message(message)]
    for line in [note(GONE), *lines] if page.trimmed else lines:
        sys.stdout.write("".join(text for _, text in line) + "\n")


def search(reach: Reach, text: str, *, limit: int, after: str | None, as_json: bool) -> None:
    """Print messages that have all words of a text, the newest first, each with when and where it was said.

    Raises:
        Failure: They cannot be had.
    """
    page, names = asyncio.run(_search(reach, text, limit, after))
    if as_json:
        print_json({"messages": [_plain(message) for message in page], "next": page.next})
        return
    for message in page:
        sender = "you" if message.is_mine else message.sender
        where = names[message.conversation.id]
        sys.stdout.write(f"{moment(message.at)}, {safe(where)}: {safe(sender)}  {safe(message.text or '')}\n")


async def _send(reach: Reach, to: str, text: str, key: str | None) -> Message:
    async with logged_in(reach) as client:
        conversation = await client.direct(to)
        return await conversation.send(text, key=key)


async def _history(reach: Reach, other: str, limit: int, before: int | None) -> HistoryPage:
    async with logged_in(reach) as client:
        conversation = await client.direct(other)
        return await conversation.history(limit, before=before)


async def _search(reach: Reach, text: str, limit: int, after: str | None) -> tuple[SearchPage, dict[str, str]]:
    async with logged_in(reach) as client:
        page = await client.search(text, page=limit).page(after)
        conversations = {message.conversation.id: message.conversation for message in page}
        return page, {key: await _name_of(conversation) for key, conversation in conversations.items()}


async def _name_of(conversation: Conversation) -> str:
    """Tell a conversation as people know it: by its name, or by who else is in it."""
    try:
        await conversation.refresh()
    except NotFound:
        return f"a conversation that you left ({conversation.id})"
    others = [user for user in conversation.members if user != conversation.user]
    return conversation.name or "with " + ", ".join(others)


def _plain(message: Message) -> dict[str, Any]:
    """Give a message as the protocol shows it in a history, with its conversation."""
    content = {name: value for name, value in asdict(message.content).items() if value is not None}
    return {
        "conversation": message.conversation.id,
        "seq": message.seq,
        "at": message.at,
        "sender": message.sender,
        "key": message.key,
        "content": content,
    }
