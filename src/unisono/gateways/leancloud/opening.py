"""How a client's session begins and comes back.

A client comes back with the token that its `opened` brought.
One that merely ran out opens another session by it, without a new signature, and where that was done before, comes back
to the one that was opened then. One that was closed or kicked stays so, by the tokens of those before it too, and is
refused with a number other than 4112: clients come back by themselves without the token after that one.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from unisono.app.admission import Limits
from unisono.app.greeting import Greeted
from unisono.domain.commands import LABEL_MAX_CHARS, Device, Login, Resume
from unisono.domain.devices import LEANCLOUD, Policy, policy_by_tag
from unisono.domain.errors import Invalid
from unisono.domain.ids import OPAQUE_ID_MAX_CHARS, DeviceId, Instant, SessionId, Tag, UserId, is_user_id
from unisono.domain.session import Phase
from unisono.gateways.leancloud.asking import Refused
from unisono.gateways.leancloud.link import PeerLink
from unisono.gateways.leancloud.peer import Peer
from unisono.gateways.leancloud.station import Station
from unisono.gateways.leancloud.tokens import SKEW_MS, Reached, Token, read
from unisono.wire.leancloud.codes import ERRORS
from unisono.wire.leancloud.realtime_pb2 import SessionCommand
from unisono.wire.leancloud.signing import proof_of

NO_TAG: Final = "default"
"""A tag that is none: any number of devices may have it."""
INVALID_LOGIN: Final = 4103
TTL_MAX_S: Final = 365 * 86_400


class Entrance(Struct, frozen=True):
    """Who wants in: the user and where from."""

    user: UserId
    address: str


def user_of(peer_id: str, station: Station) -> UserId:
    """Give the user that a client says it is; one that says nothing gets a name of its own.

    Raises:
        Refused: It cannot be one.
    """
    if not peer_id:
        return UserId(station.node.parts.entropy.secret())
    if not is_user_id(peer_id):
        raise Refused(ERRORS[INVALID_LOGIN], "a client id has 1 to 64 printable characters")
    return UserId(peer_id)


def lasts_s(station: Station) -> int:
    """Say how long a token is good after its session was last there, in seconds."""
    return min(int(station.node.options.ended_kept_s), TTL_MAX_S)


async def open_session(station: Station, entrance: Entrance, said: SessionCommand, link: PeerLink) -> Peer:
    """Open a client's session, or bring it back, on a link.

    Raises:
        UnisonoError, Refused: It is not let in.
    """
    if said.st:
        return await _back(station, entrance, said, link)
    command = Login(device=_device(station, said), login=station.node.parts.entropy.secret(), tag=_tag(said.tag))
    await station.app.signatures.check_login(entrance.user, proof_of(said))
    limits = _LIMITS[said.r]
    greeted = await station.node.greeting.vouch(command, entrance.user, entrance.address, link, limits)
    return _peer(station, entrance.user, greeted, link, said)


async def _back(station: Station, entrance: Entrance, said: SessionCommand, link: PeerLink) -> Peer:
    token = read(said.st)
    resume = Resume(session=SessionId(token.session), resume_token=token.secret)
    limits = _LIMITS[True]
    greeted = await station.node.greeting.come_back(resume, entrance.user, entrance.address, link, limits)
    return _peer(station, entrance.user, greeted, link, said)


def _at_login(policy: Policy) -> Policy:
    return policy_by_tag(policy, LEANCLOUD, is_returning=False)


def _at_return(policy: Policy) -> Policy:
    return policy_by_tag(policy, LEANCLOUD, is_returning=True)


_LIMITS: Final[Mapping[bool, Limits]] = {False: _at_login, True: _at_return}
"""What an app's policy is to a client that logs in by its user's wish, and to one that does by itself."""


def _peer(station: Station, user: UserId, greeted: Greeted, link: PeerLink, said: SessionCommand) -> Peer:
    now, heard_last = station.node.parts.clock.now(), Instant(said.lastUnreadNotifTime)
    # Later than what the client heard last, though the clock of another node may be ahead of this one.
    at = Instant(max(now, min(heard_last, now + SKEW_MS) + 1))
    login, shown = Reached(greeted.welcome.checkpoint, at), read(said.st)
    told = shown.reached(heard_last) if said.st else login
    secret = greeted.welcome.resume_token or shown.secret
    return Peer(station, user, greeted.caller, link, Token(str(greeted.caller.session), secret, told, login))


def _tag(said: str) -> Tag | None:
    if not said or said == NO_TAG:
        return None
    if not said.isprintable() or len(said) > OPAQUE_ID_MAX_CHARS:
        raise Invalid(field="tag", reason="not 1 to 64 printable characters")
    return Tag(said)


def _device(station: Station, said: SessionCommand) -> Device:
    is_good = said.deviceId.isprintable() and 0 < len(said.deviceId) <= OPAQUE_ID_MAX_CHARS
    name = said.deviceId if is_good else station.node.parts.entropy.secret()
    label = said.ua[:LABEL_MAX_CHARS] if said.ua.isprintable() else ""
    return Device(DeviceId(name), LEANCLOUD, label=label or None)


async def leave(peer: Peer, phase: Phase) -> None:
    """Take a session off its link: for good (`CLOSED`), or until it comes back (`DETACHED`)."""
    session = peer.caller.session
    if session is not None:
        await peer.station.node.leave(session, peer.link, phase)


async def log_out(peer: Peer) -> None:
    """End a session by its client's own wish, which is counted nowhere: it had to be opened.

    Raises:
        UnisonoError: The store did not end it. It has left its link all the same, and its window ends it.
    """
    session, phase = peer.caller.session, Phase.DETACHED
    try:
        if session is not None:
            await peer.station.node.own_sessions.end_session(peer.user, session, "logged_out")
        phase = Phase.CLOSED
    finally:
        await leave(peer, phase)
