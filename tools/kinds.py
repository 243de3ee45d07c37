"""docs/protocol/kinds.md: the server's own table of kinds, and which operations make sense for each."""

from typing import Final, get_args

from unisono.domain.commands import COMMANDS
from unisono.domain.facts import ConversationKind
from unisono.domain.kinds import KINDS, Kind
from unisono.domain.permission import RULES, Rule

BEFORE: Final = """# Kinds of conversation

What applies to each kind. Both tables are made from the server's own (`unisono.domain`: `kinds`, `permission`).
[native.md](native.md) says how each is created, [permissions.md](permissions.md) who may do what.

"""
AFTER: Final = """
- **members**: `fixed`: two, for ever. `changing`: up to 500, settable. `joined`: likewise, but each comes by
  themselves. `unlisted`: any number, and no list of them. `subscribed`: any number, each known to themselves alone.
- **unique**: whether there is one conversation of a kind and exactly these members, which `create` gives back:
  `always`, unless who creates it makes another `choice`, where they `asked` for it, or `never`: asked for as unique, it
  is refused with `invalid`. One that is over counts no more.
- **joining**: whether who knows the id may look it up and join: never (`invited`), always (`open`), or by `choice`;
  it is `invited` then unless told otherwise. In a room, nobody joins a list. A thread is open to its group alone.
- **has owner**: its creator owns it, and it has [roles and rules](permissions.md#roles-and-rules).
- **history**: whether what is said is kept: `always`, or by `choice` of who creates it. What a room keeps can be read
  by whoever may see the room, and recalled by who said it; it is in no unread count, and no search finds it.
- **writers**: who says something in it, and creates it: its `members`, or the `operator` alone.
- **has threads**: a [thread](#threads) may begin under each message.
- **expires**: it ends by itself, a day after it began unless `create` says otherwise, 30 days at most.

Many people who come and go, as in a stream's chat, want a room: a group remembers each of them, and tells all others.

## What the operator says

A `service` conversation is created over [REST](rest.md#announcements), and announcements come from there
alone. Users subscribe with `join` and `quit`; they have its history, unread counts and what was said while they were
away as in a group, and no receipts. Nobody learns who else subscribes: only their own stream says `entered`, and from
which seq on they see it: from the entry that was the last when they came. What is said while they quit may still come.

One whose `audience` is `all` is for every user. The server subscribes each as soon as they are here: users whom it knew
before the conversation began from its beginning, others from when they come. Who quits is not subscribed again.

The operator ends it as well: `ended` is the last fact of its stream, and from then on nothing is said there and nobody
subscribes. Subscribers leave some at a time, each told by `exited` in their own stream.

## Threads

A thread is a conversation under a message of a group (`parent`): one at most, with an id that is made of both. Whoever
is in the group may begin it (`create_thread`), look at it and `join` it; nobody is added to it or removed from it. What
is said there, read and unread, is as in a group; who is silenced in the group does not speak there either. Who began
it, and who manages or owns the group, in the thread or not, may `update` and `dissolve` it; others get `forbidden`.
The group hears of `thread_made`, `thread_renamed` and `thread_ended` in its own stream. One that was dissolved does
not come back, and none begins under that message again.

Who leaves the group, or is removed from it, is out of its threads at that moment: they can say nothing there, and read
nothing that comes later. With the end of the group all its threads are over. In the threads and to their members both
is told a moment later (`left`, `exited`, `ended`), and until then a fact of a thread may still reach who has just left.
Who is back in the group before it was told stays in its threads.

Threads stand in no list of conversations and no `query` finds them: `threads` lists them. What a user pinned or
marked is listed as such, threads too.

## What can be done

Operations that some kinds are without, where members get `forbidden`; all others are for each of them.

"""
END: Final = """
## How a conversation ends

A temporary conversation ends when its time is up, and its owner may `dissolve` it before, as that of a group may. The
fact `ended` is the last in its stream; each member's own stream has `exited`, without `by`. From that moment on all
are [former members](permissions.md#standings): nobody can say anything or come in again, what was said stays readable
to who was there, and nothing of it counts as unread. A time that is up holds at once; the facts follow with the
server's next round, a second later when it is not busy.
"""


def page() -> str:
    """Give the page."""
    return BEFORE + _kinds() + AFTER + _operations() + END


def _kinds() -> str:
    header = ["kind", *(name.replace("_", " ") for name in Kind.__struct_fields__)]
    rows = [
        [f"`{of}`", *(_shown(getattr(kind, name)) for name in Kind.__struct_fields__)] for of, kind in KINDS.items()
    ]
    return _table(header, rows)


def _operations() -> str:
    kinds = get_args(ConversationKind)
    rows = []
    for command in COMMANDS:
        rule = RULES[command]
        has = [_has(rule, KINDS[of]) for of in kinds]
        if any(one != "yes" for one in has):
            rows.append([f"`{command.__struct_config__.tag}`", *has])
    return _table(["operation", *kinds], rows)


def _has(rule: Rule, kind: Kind) -> str:
    if kind.members in rule.lists and _suits(rule, kind):
        return "yes"
    return "if kept" if rule.if_kept and kind.history == "choice" else "no"


def _suits(rule: Rule, kind: Kind) -> bool:
    return (kind.has_owner or not rule.takes_owner) and (kind.has_threads or not rule.takes_threads)


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, *rows]).replace(
        " |\n", " |\n|" + "---|" * len(header) + "\n", 1
    )


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
