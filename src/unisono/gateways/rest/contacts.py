"""Contacts of users and whom they block, on their behalf."""

from typing import Final

from unisono.domain import answers as a
from unisono.domain import commands as c
from unisono.domain.ids import UserId
from unisono.domain.ties import Contacts, WritingRule
from unisono.gateways.rest.acting import does
from unisono.gateways.rest.operations import Operation
from unisono.gateways.rest.shapes import OfOther, OfUser

_ALL: Final = "/v1/users/{user}/contacts"
_ONE: Final = _ALL + "/{other}"
_BLOCKED: Final = "/v1/users/{user}/blocked"
_WRITING: Final = "/v1/users/{user}/writing"


def _invitation(other: UserId, **more: object) -> c.InviteContact:
    return c.InviteContact(other, **more)  # type: ignore[arg-type]  # read in the command's own shape


def _acceptance(other: UserId) -> c.AcceptContact:
    return c.AcceptContact(other)


def _refusal(other: UserId) -> c.DeclineContact:
    return c.DeclineContact(other)


def _removal(other: UserId) -> c.RemoveContact:
    return c.RemoveContact(other)


def _remark(other: UserId, **more: object) -> c.RemarkContact:
    return c.RemarkContact(other, **more)  # type: ignore[arg-type]  # read in the command's own shape


def _release(other: UserId) -> c.UnblockUsers:
    return c.UnblockUsers((other,))


CONTACT_OPERATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.ListContacts,
        Contacts,
        at=("GET", _ALL),
        name="listContacts",
        summary="List a user's contacts, who asked them, whom they asked, or whom they block",
        params=OfUser,
    ),
    does(
        c.InviteContact,
        a.Done,
        at=("POST", _ONE),
        name="inviteContact",
        summary="Ask another user to be a contact, or agree where they have asked",
        params=OfOther,
        build=_invitation,
        faults=("limit_reached",),
    ),
    does(
        c.AcceptContact,
        a.Done,
        at=("PUT", _ONE),
        name="acceptContact",
        summary="Be a contact of who asked the user",
        params=OfOther,
        build=_acceptance,
        faults=("limit_reached",),
    ),
    does(
        c.DeclineContact,
        a.Done,
        at=("POST", _ONE + "/decline"),
        name="declineContact",
        summary="Be no contact of who asked the user",
        params=OfOther,
        build=_refusal,
        faults=("conflict",),
    ),
    does(
        c.RemoveContact,
        a.Done,
        at=("DELETE", _ONE),
        name="removeContact",
        summary="Be no contact any more, or withdraw an invitation",
        params=OfOther,
        build=_removal,
    ),
    does(
        c.RemarkContact,
        a.Done,
        at=("PUT", _ONE + "/remark"),
        name="remarkContact",
        summary="Note something about a contact, for the user alone",
        params=OfOther,
        build=_remark,
    ),
    does(
        c.BlockUsers,
        a.Done,
        at=("POST", _BLOCKED),
        name="blockUsers",
        summary="Let a user hear nothing from others any more",
        params=OfUser,
        faults=("limit_reached",),
    ),
    does(
        c.UnblockUsers,
        a.Done,
        at=("DELETE", _BLOCKED + "/{other}"),
        name="unblockUser",
        summary="Let a user hear from another again",
        params=OfOther,
        build=_release,
    ),
    does(
        c.SetWriting,
        a.Done,
        at=("PUT", _WRITING),
        name="setWriting",
        summary="Say who may write to a user: anyone, or their contacts alone",
        params=OfUser,
    ),
    does(
        c.GetWriting,
        WritingRule,
        at=("GET", _WRITING),
        name="getWriting",
        summary="Say whom a user lets write to them",
        params=OfUser,
    ),
)
