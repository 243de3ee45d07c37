"""Everything that can go wrong, split first by whose fault it is.

UnisonoError
├── LocalFault                  ours: the same request may succeed later
│   ├── Unavailable             unavailable         a store, bus or key server did not answer
│   ├── Overloaded              overloaded          more is asked than the node takes; wait and repeat
│   ├── StorageFull             storage_full        too little room is left where files lie
│   ├── Draining                draining            the node is going down in good order
│   ├── SlowConsumer            slow_consumer       what waits for this connection passed its bound
│   ├── HandlerFailed           handler_failed      what the embedding program answers requests with broke
│   └── Internal                internal            a defect
└── RemoteFault                 the peer's
    ├── Malformed               malformed           not a frame of this protocol
    ├── TooLarge                too_large           a frame, text or list beyond its limit
    ├── Unsupported             unsupported         well-formed, but unknown here
    ├── Invalid                 invalid             an argument that cannot be meant
    ├── Timeout                 timeout             the peer did not speak within its deadline
    ├── ConnectionUnknown       connection_unknown  a request of a connection that is over, or another node's
    ├── NotGreeted              not_greeted         a command before login or resume
    ├── AlreadyGreeted          already_greeted     a second login or resume on one connection
    ├── NoUser                  no_user             a command that needs a user, from a connection without one
    ├── TokenFault
    │   ├── TokenMissing        token_missing
    │   ├── TokenInvalid        token_invalid
    │   ├── TokenExpired        token_expired
    │   └── TokenRevoked        token_revoked
    ├── GrantFault
    │   ├── GrantMissing        grant_missing       this takes a grant of the application's server
    │   ├── GrantInvalid        grant_invalid       none of ours, or for something else
    │   ├── GrantExpired        grant_expired
    │   └── GrantUsed           grant_used          it was good once
    ├── SessionFault
    │   ├── SessionUnknown      session_unknown     resume is not possible; log in
    │   ├── SessionClosed       session_closed      closed by its user or by the operator
    │   ├── Displaced           displaced           lost its slot to a newcomer; never log in again by itself
    │   └── Replaced            replaced            another link carries this session
    ├── DeviceRefused           device_refused      no slot free and the policy keeps the older ones
    ├── NotFound                not_found           does not exist, or may not be seen: the same answer
    ├── Forbidden               forbidden           visible, but not allowed to this user
    ├── Refused                 refused             the program that embeds the server does not allow it
    ├── NoHandler               no_handler          nobody answers requests of this name
    ├── NoAnswer                no_answer           whoever was asked did not answer in time
    ├── OriginRefused           origin_refused      a page of a foreign origin
    ├── RateLimited             rate_limited        wait and repeat
    ├── LimitReached            limit_reached       members of a conversation, entries of a list
    ├── KeyReused               key_reused          another request came under this key
    └── Conflict                conflict            it is no longer as the caller knows it
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from unisono.domain.facts import Label

Number = int | str


class UnisonoError(Exception):
    """Root of all faults. Each leaf has a stable code, says if a repeat can help, and carries its numbers."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    text: ClassVar[str] = "something went wrong"

    def __init__(self, **numbers: Number) -> None:
        """Keep the numbers that explain this fault: they are shown to the peer, so they hold no secret."""
        self.numbers: Final[Mapping[str, Number]] = numbers
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """Text for people: a fixed part first, the variable part last."""
        if not self.numbers:
            return self.text
        shown = ", ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"{self.text}: {shown}"

    @property
    def retry_after_ms(self) -> int | None:
        """How long to wait before a repeat, where the fault knows."""
        wait = self.numbers.get("retry_after_ms")
        return wait if isinstance(wait, int) else None


class LocalFault(UnisonoError):
    """Ours."""

    retryable = True


class Unavailable(LocalFault):
    """A part the server needs did not answer in time."""

    code = "unavailable"
    text = "a part the server needs does not answer"


class Overloaded(LocalFault):
    """More is asked than the node takes."""

    code = "overloaded"
    text = "the server has too much to do"


class StorageFull(LocalFault):
    """What is left where files lie is to stay free."""

    code = "storage_full"
    text = "the server has no room for this file now"


class Draining(LocalFault):
    """The node is going down in good order."""

    code = "draining"
    text = "the server is about to stop"


class SlowConsumer(LocalFault):
    """What waits for this connection passed its bound."""

    code = "slow_consumer"
    text = "too much waits for this connection"


class HandlerFailed(LocalFault):
    """What the embedding program answers requests with broke. Nobody is told how: its log is."""

    code = "handler_failed"
    text = "the request could not be answered"


class Internal(LocalFault):
    """A defect of ours."""

    code = "internal"
    text = "an error of the server"


class RemoteFault(UnisonoError):
    """The peer's."""


class Malformed(RemoteFault):
    """Not a frame of this protocol."""

    code = "malformed"
    text = "this is not a frame of the protocol"


class TooLarge(RemoteFault):
    """A frame, text or list beyond its limit."""

    code = "too_large"
    text = "larger than allowed"


class Unsupported(RemoteFault):
    """Well-formed, but unknown here."""

    code = "unsupported"
    text = "not known to this server"


class Invalid(RemoteFault):
    """An argument that cannot be meant."""

    code = "invalid"
    text = "an argument is not valid"


class Timeout(RemoteFault):
    """The peer did not speak within its deadline."""

    code = "timeout"
    text = "nothing was heard in time"
    retryable = True


class ConnectionUnknown(RemoteFault):
    """A request of a connection that is over, or that another node has."""

    code = "connection_unknown"
    text = "there is no such connection here; open another one and resume"


class NotGreeted(RemoteFault):
    """A command before login or resume."""

    code = "not_greeted"
    text = "log in or resume first"


class AlreadyGreeted(RemoteFault):
    """A second login or resume on one connection."""

    code = "already_greeted"
    text = "this connection already has a session"


class NoUser(RemoteFault):
    """A command that needs a user, from a connection without one."""

    code = "no_user"
    text = "this connection has no user"


class TokenFault(RemoteFault):
    """The credential does not let the peer in."""


class TokenMissing(TokenFault):
    """No credential was given."""

    code = "token_missing"
    text = "a token is needed"


class TokenInvalid(TokenFault):
    """The credential is not one of ours."""

    code = "token_invalid"
    text = "the token is not valid"


class TokenExpired(TokenFault):
    """The credential was good once."""

    code = "token_expired"
    text = "the token has expired"


class TokenRevoked(TokenFault):
    """The credential was withdrawn."""

    code = "token_revoked"
    text = "the token was revoked"


class GrantFault(RemoteFault):
    """The application's own server has not allowed this. It makes another grant, if it wants to."""


class GrantMissing(GrantFault):
    """This takes a grant, and none was given."""

    code = "grant_missing"
    text = "this takes a grant, which the application's own server makes"


class GrantInvalid(GrantFault):
    """The grant is not one of ours, or for something else."""

    code = "grant_invalid"
    text = "the grant does not allow this; have one made for exactly this request"


class GrantExpired(GrantFault):
    """The grant was good once."""

    code = "grant_expired"
    text = "the grant has expired; have a new one made"


class GrantUsed(GrantFault):
    """The grant was good for one request, and there was one."""

    code = "grant_used"
    text = "the grant was used before; have a new one made for each request"


class SessionFault(RemoteFault):
    """The session cannot be used. `newcomer` is the device that took its place, when one did."""

    def __init__(self, newcomer: Label | None = None, **numbers: Number) -> None:
        """Keep who took the place, for the one who lost it to see."""
        self.newcomer: Final = newcomer
        super().__init__(**numbers)


class SessionUnknown(SessionFault):
    """Resume is not possible; log in."""

    code = "session_unknown"
    text = "there is no such session to resume"


class SessionClosed(SessionFault):
    """Closed by its user or by the operator."""

    code = "session_closed"
    text = "the session was closed"


class Displaced(SessionFault):
    """Lost its slot to a newcomer. The client must not log in again by itself."""

    code = "displaced"
    text = "another device took the place of this one"


class Replaced(SessionFault):
    """Another link, with a higher fence, carries this session now."""

    code = "replaced"
    text = "another connection carries this session"


class DeviceRefused(RemoteFault):
    """No slot is free and the policy keeps the older ones."""

    code = "device_refused"
    text = "no room for another device"


class NotFound(RemoteFault):
    """Does not exist, or may not be seen: the same answer for both."""

    code = "not_found"
    text = "not found"


class Forbidden(RemoteFault):
    """Visible, but not allowed to this user."""

    code = "forbidden"
    text = "not allowed"


class Refused(RemoteFault):
    """The program that embeds the server does not allow it; it says why, in words of its own (`reason`)."""

    code = "refused"
    text = "refused"


class NoHandler(RemoteFault):
    """Nobody answers requests of this name."""

    code = "no_handler"
    text = "nobody answers such requests"


class NoAnswer(RemoteFault):
    """Whoever was asked did not answer in time, or is not there."""

    code = "no_answer"
    text = "no answer came"
    retryable = True


class OriginRefused(RemoteFault):
    """A page of a foreign origin."""

    code = "origin_refused"
    text = "this origin may not connect"


class RateLimited(RemoteFault):
    """Too many requests; wait and repeat."""

    code = "rate_limited"
    text = "too many requests"
    retryable = True


class LimitReached(RemoteFault):
    """Members of a conversation, entries of a list."""

    code = "limit_reached"
    text = "a limit is reached"


class KeyReused(RemoteFault):
    """Another request came under this key."""

    code = "key_reused"
    text = "another request has this key"


class Conflict(RemoteFault):
    """It is no longer as the caller knows it: `revision`, or the `number` of a claim, says how it is, 0 for none."""

    code = "conflict"
    text = "it was changed meanwhile"


def leaves(root: type[UnisonoError] = UnisonoError) -> tuple[type[UnisonoError], ...]:
    """List all faults that can be raised, in the order of the tree above."""
    children = root.__subclasses__()
    if not children:
        return (root,)
    return tuple(leaf for child in children for leaf in leaves(child))
