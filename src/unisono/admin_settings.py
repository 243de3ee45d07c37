"""The settings of who may operate the server over REST."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from unisono.secret import Secret

KEY_MIN_CHARS: Final = 32
AdminScope = Literal[
    "sessions", "conversations", "messages", "users", "erasures", "metrics", "announcements", "imports", "policy"
]
ADMIN_SCOPES: Final[frozenset[AdminScope]] = frozenset(get_args(AdminScope))


class LimitedKey(Struct, frozen=True, forbid_unknown_fields=True):
    """An admin key that may do some things, in some apps where it names them."""

    key: Secret
    scopes: Annotated[tuple[AdminScope, ...], Meta(min_length=1)]
    apps: Annotated[tuple[str, ...], Meta(min_length=1, max_length=101)] | None = None

    def __post_init__(self) -> None:
        """Refuse what tells of all apps to who may know of some."""
        if self.apps is not None and "metrics" in self.scopes:
            raise ValueError("metrics tell of all apps: a key with `apps` cannot have this scope")


class Admin(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may operate the server over REST."""

    keys: Annotated[
        tuple[Secret, ...],
        Meta(
            max_length=100, description="Keys that may do all. With none, one is made and kept in the data directory."
        ),
    ] = ()
    limited: Annotated[
        tuple[LimitedKey, ...],
        Meta(
            max_length=100,
            description="Keys that may do some things: tables with `key` and `scopes`, which are some of "
            + ", ".join(get_args(AdminScope))
            + "; and `apps`, the names of those that it is for, without which it is for all.",
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse a key that can be guessed, or that says two things about what it may do."""
        keys = [*self.keys, *(limited.key for limited in self.limited)]
        if any(len(key.reveal()) < KEY_MIN_CHARS for key in keys):
            raise ValueError(f"an admin key is shorter than {KEY_MIN_CHARS} characters")
        if len(set(keys)) < len(keys):
            raise ValueError("an admin key stands there twice")

    def check_apps(self, served: tuple[str, ...]) -> None:
        """Refuse a key for an app that there is not.

        Raises:
            ValueError: There is such a key.
        """
        for limited in self.limited:
            if unknown := set(limited.apps or ()).difference(served):
                raise ValueError(f"admin.limited names apps that are not served: {', '.join(sorted(unknown))}")
