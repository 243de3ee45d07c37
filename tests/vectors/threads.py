"""Facts of threads, with the least and the most they hold."""

from typing import Final

from tests.vectors.commands import ANN, BOB, ROOM
from unisono.domain import facts as f
from unisono.domain.ids import Seq, thread_id
from unisono.domain.thread_facts import Parent, ThreadEnded, ThreadMade, ThreadRenamed

PARENT: Final = Parent(ROOM, Seq(3))
THREAD: Final = thread_id(ROOM, PARENT.message)

THREAD_FACTS: Final[dict[str, f.Fact]] = {
    "created: a thread": f.ConversationCreated(by=ANN, of="thread", members=(ANN,), joining="open", parent=PARENT),
    "entered: a thread": f.ConversationEntered(THREAD, Seq(1), ANN, PARENT),
    "exited: a thread": f.ConversationExited(THREAD, Seq(4), parent=PARENT),
    "thread_made": ThreadMade(PARENT.message, THREAD, ANN, "Where to eat"),
    "thread_made: without a name": ThreadMade(PARENT.message, THREAD, BOB),
    "thread_renamed": ThreadRenamed(PARENT.message, THREAD, BOB, "Where to drink"),
    "thread_renamed: no name": ThreadRenamed(PARENT.message, THREAD, ANN),
    "thread_ended": ThreadEnded(PARENT.message, THREAD, ANN),
}
