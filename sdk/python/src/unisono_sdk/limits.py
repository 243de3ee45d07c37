"""All bounds of the client in one place: what waits, how long, and how much."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the client holds and how long it waits. Seconds and counts; what happens at a limit stands beside it."""

    connect_s: float = 10.0
    """For TCP, TLS and the WebSocket handshake; then the attempt failed."""
    greeting_s: float = 10.0
    """For the answer to login or resume; then the attempt failed."""
    request_s: float = 30.0
    """For the answer to a request, reconnecting included; then `TimedOut`."""
    pong_s: float = 10.0
    """For the answer to a sign of life; then the link counts as dead."""
    close_s: float = 2.0
    """For a closing handshake; then the socket is dropped."""
    send_s: float = 3600.0
    """How long a send may wait in the outbox; then `TimedOut`."""
    own_fact_s: float = 2.0
    """How long an answered send waits for its own message to come by, so that handlers have it first."""
    token_s: float = 30.0
    """For the token provider; then the attempt failed, at the first login with `TimedOut`."""
    grant_s: float = 10.0
    """For the grant provider; then `TimedOut`."""
    handlers_s: float = 5.0
    """What is left to handlers at the end of `async with`; then they are cancelled."""
    room_s: float = 10.0
    """How long catching up waits for a slow iterator before it overflows."""
    save_s: float = 1.0
    """The longest time between a change of positions and its saving in a state file."""

    outbox: int = 1000
    """Sends that wait; one more raises `OutboxFull`."""
    requests: int = 64
    """Requests under way on one link; more wait."""
    held_facts: int = 10_000
    """Facts held behind gaps; more are read again from the server."""
    events: int = 10_000
    """Events that wait for one iterator or one handler; at an iterator one more is `Overflow`."""
    conversations: int = 10_000
    """Conversations whose name and members are remembered; the longest unused one is forgotten."""
    page: int = 200
    """Facts asked for at a time."""
    reads: int = 4
    """Streams read at a time while catching up."""
    frame_bytes: int = 32 << 20
    """The largest frame taken from the server; beyond it the link is dropped."""
    sent_bytes: int = 1 << 20
    """The largest frame sent, which is what a server takes by default; a larger one is `InvalidArgument`."""
    send_repeats: int = 8
    """How often a send that the server put off (`rate_limited`, `unavailable` …) is repeated before it fails."""
    slow_repeats: int = 2
    """How often a request is repeated whose answer was too much for the link (`slow_consumer`) before it fails."""
    token_attempts: int = 3
    """New tokens asked for in a row before the client gives up."""
    login_attempts: int = 3
    """Links on which one login is tried before it fails with `LinkDown`."""
