"""`unisono chat`: a conversation in the terminal."""

import asyncio
from collections.abc import Sequence
from typing import Final

from unisono.cli import transcript
from unisono.cli.failing import Exit, Failure
from unisono.cli.printing import safe
from unisono.cli.reaching import Reach, logged_in
from unisono.cli.terminal import Terminal, terminal_for
from unisono.cli.transcript import Line, Transcript
from unisono_sdk import Client, Conversation, EventIterator, Message, UnisonoError
from unisono_sdk.events import ClientEvent, Closed

HISTORY: Final = 20
HELP: Final = (
    ("/history [n]", "older messages"),
    ("/sessions", "where you are logged in"),
    ("/close SESSION", "end one of your sessions"),
    ("/who", "who is in this conversation"),
    ("/name [text]", "give this conversation a name, or none"),
    ("/mute, /unmute", "be alerted of it no more, or again"),
    ("/will [text]", "what is said for you when your connection is lost, or nothing"),
    ("/help", "this"),
    ("/quit", "leave; so does Ctrl-D"),
)


def run_chat(reach: Reach, to: Sequence[str]) -> None:
    """Chat until the user leaves.

    Raises:
        Failure: The server does not let us in, cannot be reached, or ended the session.
    """
    asyncio.run(_chat(reach, to))


async def _chat(reach: Reach, to: Sequence[str]) -> None:
    async with logged_in(reach) as client:
        conversation = await (client.direct(to[0]) if len(to) == 1 else client.create(to))
        whom = ", ".join(map(safe, to))

        def status() -> str:
            link = "connected" if client.is_live else "no connection, trying again"
            return f" {safe(client.user)} → {whom}   {link}   /help"

        await Chat(client, conversation, terminal_for("> ", status)).run()


class Chat:
    """One conversation on one terminal."""

    def __init__(self, client: Client, conversation: Conversation, terminal: Terminal) -> None:
        self._client: Final = client
        self._conversation: Final = conversation
        self._terminal: Final = terminal
        self._transcript: Final = Transcript()
        self._oldest: int | None = None
        self._newest = 0
        self._unread = asyncio.Event()
        self._ending: Closed | None = None

    async def run(self) -> None:
        """Show, listen and speak until the input ends or the session does.

        Raises:
            Failure: The session was ended by somebody else.
        """
        # Listening begins before the history is read, so that nothing falls in between.
        events = self._client.events()
        await self._show_beginning()
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._keep_read())
            speaking = tasks.create_task(self._speak())
            listening = tasks.create_task(self._listen(events))
            await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
            # What has come by now, our own last words included, is still shown.
            events.end()
            await listening
            for task in (reading, speaking):
                task.cancel()
        if self._ending is not None and self._ending.code != "client_closed":
            raise Failure(f"the session is over: {self._ending.message}", exit_code=Exit.FAILED)

    # ------------------------------------------------------------ showing

    async def _show_beginning(self) -> None:
        read = self._conversation.read
        page = await self._conversation.history(HISTORY)
        fresh = [message for message in page if message.seq > read and not message.is_mine]
        if page.trimmed:
            self._terminal.show(transcript.note(transcript.GONE))
        for message in page:
            if fresh and message is fresh[0]:
                self._terminal.show(transcript.rule(f"{len(fresh)} new"))
            self._show(message)
        if page.messages:
            self._oldest = page.messages[0].seq
        elif not page.trimmed:
            self._terminal.show(transcript.note("nothing was said yet; write something, or /help"))

    def _show(self, message: Message) -> None:
        self._newest = max(self._newest, message.seq)
        for line in self._transcript.message(message):
            self._terminal.show(line)
        if not message.is_mine:
            self._unread.set()

    def _show_all(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._terminal.show(line)

    # ------------------------------------------------------------ listening

    async def _listen(self, events: EventIterator[Message | ClientEvent]) -> None:
        async for event in events:
            if isinstance(event, Message):
                self._hear(event)
                continue
            if isinstance(event, Closed):
                self._ending = event
            line = transcript.of_event(event) if self._is_for_here(event) else None
            if line is not None:
                self._terminal.show(line)

    def _hear(self, message: Message) -> None:
        if message.conversation.id != self._conversation.id:
            if not message.is_mine:
                self._terminal.show(transcript.note(f"{safe(message.sender)} wrote to you in another conversation"))
            return
        if message.seq > self._newest:
            self._show(message)

    def _is_for_here(self, event: object) -> bool:
        about = getattr(event, "conversation", None)
        return about is None or about.id == self._conversation.id

    async def _keep_read(self) -> None:
        """Move the read mark up to what was shown, at most once at a time."""
        while True:
            await self._unread.wait()
            self._unread.clear()
            try:
                await self._conversation.mark_read(self._newest)
            except UnisonoError as problem:
                self._terminal.show(transcript.warning(f"not marked as read: {problem}"))

    # ------------------------------------------------------------ speaking

    async def _speak(self) -> None:
        """Send what is typed, in order, without making anybody wait for the network."""
        async with asyncio.TaskGroup() as sends:
            async for text in self._terminal.lines():
                word, _, rest = text.strip().partition(" ")
                if word == "/quit":
                    break
                if word.startswith("/"):
                    await self._obey(word, rest.strip())
                elif text.strip():
                    sends.create_task(self._send(text))

    async def _send(self, text: str) -> None:
        try:
            await self._conversation.send(text)
        except UnisonoError as problem:
            self._terminal.show(transcript.warning(f"not sent: {problem}: {safe(text)}"))

    async def _obey(self, word: str, rest: str) -> None:
        try:
            match word:
                case "/history":
                    await self._show_older(int(rest) if rest.isdecimal() else HISTORY)
                case "/sessions":
                    self._show_all(list(transcript.of_sessions(await self._client.sessions())))
                case "/close" if rest:
                    await self._client.close_session(rest)
                case "/who":
                    members = (await self._conversation.refresh()).members
                    self._terminal.show(transcript.note(", ".join(map(safe, members))))
                case "/name":
                    await self._conversation.set_name(rest)
                case "/mute" | "/unmute":
                    await self._conversation.set_level("none" if word == "/mute" else "all")
                case "/will":
                    await self._leave_will(rest)
                case "/help":
                    self._show_all([[("strong", f"{name:<16}"), ("plain", meaning)] for name, meaning in HELP])
                case _:
                    self._terminal.show(transcript.warning(f"no such command: {safe(word)}; /help tells them"))
        except UnisonoError as problem:
            self._terminal.show(transcript.warning(f"{word}: {problem}"))

    async def _leave_will(self, text: str) -> None:
        if not text:
            await self._client.drop_will()
            self._terminal.show(transcript.note("nothing is said for you"))
            return
        await self._conversation.leave_will(text)
        self._terminal.show(transcript.note("said for you when your connection is lost; /quit is no loss"))

    async def _show_older(self, count: int) -> None:
        if self._oldest is None:
            self._terminal.show(transcript.note("there is nothing older"))
            return
        page = await self._conversation.history(min(max(count, 1), 1000), before=self._oldest)
        if not page.messages:
            self._terminal.show(transcript.note(transcript.GONE if page.trimmed else "there is nothing older"))
            return
        self._oldest = page.messages[0].seq
        self._terminal.show(transcript.rule(f"{len(page)} older"))
        older = Transcript()
        for message in page:
            self._show_all(list(older.message(message)))
        self._terminal.show(transcript.rule("back to now"))
