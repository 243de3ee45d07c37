"""Decisions about the message that a session leaves, to be sent when it is lost."""

from unisono.domain import messages
from unisono.domain.answers import Done
from unisono.domain.commands import LeaveWill, SendMessage
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import RemoteFault
from unisono.domain.ids import UserId
from unisono.domain.permitting import permit, permit_by
from unisono.domain.quotas import Quotas, check_content, check_push


def leave(snapshot: Snapshot, user: UserId, command: LeaveWill, limits: Quotas) -> Decision:
    """Let a user leave what they could say now.

    Raises:
        NotFound, Forbidden: They could not say it.
        Invalid, TooLarge: Nobody could.
    """
    conversation = permit(LeaveWill, snapshot, user)
    if command.mention_all:
        permit_by("mention_all", snapshot, conversation, user)
    check_content(command.content, limits)
    check_push(command.push, limits)
    return Decision(drafts=(), answer=lambda _: Done())


def message_of(command: LeaveWill) -> SendMessage:
    """Give what is sent in the end."""
    return SendMessage(
        conversation=command.conversation,
        key=command.key,
        content=command.content,
        transient=command.transient,
        mentions=command.mentions,
        mention_all=command.mention_all,
        push=command.push,
        priority=command.priority,
    )


def execute(snapshot: Snapshot, user: UserId, message: SendMessage, limits: Quotas) -> Decision:
    """Say what was left. What the user may not say any more is not said, and nobody is there to be told."""
    try:
        return messages.send(snapshot, user, message, limits)
    except RemoteFault:
        return Decision(drafts=(), answer=lambda _: Done())
