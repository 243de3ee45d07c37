"""The settings of calls."""

from typing import Annotated

from msgspec import Meta, Struct

from unisono.secret import Secret

SECRET_MIN_CHARS = 16

StunUrl = Annotated[str, Meta(pattern=r"^stuns?:[^\s@]+$")]
TurnUrl = Annotated[str, Meta(pattern=r"^turns?:[^\s@]+$")]


class Calls(Struct, frozen=True, forbid_unknown_fields=True):
    """Servers that help the ends of calls to reach each other. The [guide](../guide/calls.md) sets one up."""

    stun_urls: Annotated[
        tuple[StunUrl, ...], Meta(max_length=8, description="STUN servers, as `stun:turn.example.org:3478`.")
    ] = ()
    turn_urls: Annotated[
        tuple[TurnUrl, ...], Meta(max_length=8, description="TURN servers, as `turn:turn.example.org:3478`.")
    ] = ()
    turn_secret: Annotated[
        Secret | None,
        Meta(description="What the TURN servers make passwords from, too: coturn's `static-auth-secret`."),
    ] = None
    turn_ttl_s: Annotated[
        int, Meta(ge=60, le=86_400, description="How long a name and password for TURN are good, in seconds.")
    ] = 3600
    to_one_per_hour: Annotated[
        float, Meta(gt=0, le=100_000, description="How often one user may ring another in the long run.")
    ] = 60.0
    to_one_burst: Annotated[int, Meta(ge=1, le=100_000, description="The same at once.")] = 20

    def __post_init__(self) -> None:
        """Refuse TURN servers that nobody could use."""
        if bool(self.turn_urls) != (self.turn_secret is not None):
            raise ValueError("turn_urls and turn_secret go together: without both there is no TURN")
        if self.turn_secret is not None and len(self.turn_secret.reveal()) < SECRET_MIN_CHARS:
            raise ValueError(f"turn_secret is shorter than {SECRET_MIN_CHARS} characters")
