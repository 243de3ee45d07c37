"""Limits that an operator can change, each with its unit, default and the fault met beyond it."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from unisono.domain.errors import Invalid, LimitReached, TooLarge
from unisono.domain.facts import Content


class Quotas(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on what one user may put into an app."""

    members_per_conversation: Annotated[int, Meta(ge=2, le=100_000, description="Members of one conversation.")] = 500
    threads_per_group: Annotated[
        int, Meta(ge=0, le=100_000, description="Threads under messages of one group that are not over.")
    ] = 1_000
    message_bytes: Annotated[int, Meta(ge=256, le=1_048_576, description="A message in its JSON form.")] = 65_536
    attributes_bytes: Annotated[
        int, Meta(ge=64, le=1_048_576, description="The attributes of a conversation in their JSON form.")
    ] = 16_384
    push_bytes: Annotated[
        int, Meta(ge=64, le=65_536, description="What a message says to push notifications, in its JSON form.")
    ] = 4_096
    edit_window_s: Annotated[
        int, Meta(ge=0, description="How long a message may be edited, in seconds; 0 for ever.")
    ] = 0
    recall_window_s: Annotated[
        int, Meta(ge=0, description="How long a message may be recalled, in seconds; 0 for ever.")
    ] = 0
    reactions_per_message: Annotated[int, Meta(ge=0, le=1_000, description="Different reactions to one message.")] = 20
    file_bytes: Annotated[int, Meta(ge=1, le=1 << 40, description="One file.")] = 64 << 20
    file_bytes_per_day: Annotated[
        int,
        Meta(
            ge=4096,
            le=1 << 50,
            description="All files that one user begins to upload on one day (UTC); each counts at least 4096. The same"
            " holds for one network address of people who did not say who they are.",
        ),
    ] = 1 << 30
    files_per_day: Annotated[
        int, Meta(ge=1, le=1 << 30, description="How many files these may be, those that lie elsewhere among them.")
    ] = 1_000
    object_bytes: Annotated[
        int, Meta(ge=64, le=524_288, description="One object that a user keeps for all sessions, in its JSON form.")
    ] = 65_536
    objects_bytes: Annotated[
        int, Meta(ge=64, le=1 << 30, description="All objects of one user; each counts 256 besides.")
    ] = 1 << 20
    contacts_per_user: Annotated[int, Meta(ge=0, le=100_000, description="Contacts of one user.")] = 10_000
    invitations_per_user: Annotated[
        int,
        Meta(ge=0, le=10_000, description="Open invitations to be contacts: those one user sent, and those they got."),
    ] = 1_000
    blocked_per_user: Annotated[int, Meta(ge=0, le=100_000, description="Users whom one user blocks.")] = 10_000
    sessions_per_user: Annotated[
        int, Meta(ge=1, le=100_000, description="Sessions of one user that are not over, whatever the policy says.")
    ] = 1_000


def check_content(content: Content, quotas: Quotas) -> None:
    """Refuse a message that says nothing, has no type, or is larger than `message_bytes` in its JSON form.

    Raises:
        Invalid: Type 0, or nothing in it.
        TooLarge: Beyond the limit.
    """
    if content.type == 0:
        raise Invalid(field="content.type", value=0)
    has_more = content.attributes is not None or content.data is not None or content.binary is not None
    if content.text is None and not has_more:
        raise Invalid(field="content", reason="empty")
    # Four bytes a character is the most UTF-8 takes, six what JSON escapes take: most messages end the check here.
    if not has_more and len(content.text or "") * 6 + 64 <= quotas.message_bytes:
        return
    size = len(msgspec.json.encode(content))
    if size > quotas.message_bytes:
        raise TooLarge(what="message", limit_bytes=quotas.message_bytes, bytes=size)


def check_attributes(attributes: dict[str, object] | None, quotas: Quotas) -> None:
    """Refuse conversation attributes larger than `attributes_bytes` in their JSON form.

    Raises:
        TooLarge: Beyond the limit.
    """
    _check_size("attributes", attributes, quotas.attributes_bytes)


def check_push(push: dict[str, object] | None, quotas: Quotas) -> None:
    """Refuse what is larger than `push_bytes` in its JSON form.

    Raises:
        TooLarge: Beyond the limit.
    """
    _check_size("push", push, quotas.push_bytes)


def _check_size(what: str, value: dict[str, object] | None, limit_bytes: int) -> None:
    if value is None:
        return
    size = len(msgspec.json.encode(value))
    if size > limit_bytes:
        raise TooLarge(what=what, limit_bytes=limit_bytes, bytes=size)


def check_member_count(count: int, quotas: Quotas) -> None:
    """Refuse more members than `members_per_conversation`.

    Raises:
        LimitReached: Beyond the limit; exactly the limit is fine.
    """
    if count > quotas.members_per_conversation:
        raise LimitReached(what="members", limit=quotas.members_per_conversation, asked=count)
