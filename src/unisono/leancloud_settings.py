"""The settings of apps whose clients speak LeanCloud's protocol."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from unisono.secret import Secret

KEY_MIN_CHARS: Final = 16
APP_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,31}$"

SignedAct = Literal["logins", "conversations", "blocks", "history"]


class LeanCloudApp(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One app, as its clients know it.

    `signed`: what a client needs a signature of your own server for, by the master key; `once`: each is good once.
    `finds_open`: clients find open conversations of others by what they are like, and not by their ids alone; unless
    set, so where nobody but LeanCloud's clients is.
    `audience`: what the tokens of its users have in `aud`, where it has a `name`; the name, unless it is set.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    key: Secret
    master_key: Secret
    name: Annotated[str, Meta(pattern=APP_NAME)] | None = None
    audience: Annotated[str, Meta(min_length=1)] | None = None
    signed: Annotated[tuple[SignedAct, ...], Meta(max_length=4)] = ()
    once: bool = False
    finds_open: bool | None = None

    def __post_init__(self) -> None:
        """Refuse keys that can be guessed, or that say two things about what they open."""
        if min(len(self.key.reveal()), len(self.master_key.reveal())) < KEY_MIN_CHARS:
            raise ValueError(f"a key of a LeanCloud app is shorter than {KEY_MIN_CHARS} characters")
        if self.key == self.master_key:
            raise ValueError("key and master_key are the same: every client would have the master key")
        if self.audience is not None and self.name is None:
            raise ValueError("an app without a name has identity.jwt.audience")


class LeanCloud(Struct, frozen=True, forbid_unknown_fields=True):
    """Apps whose clients are LeanCloud's realtime SDKs; [the guide](../guide/leancloud.md) tells more."""

    apps: Annotated[
        tuple[LeanCloudApp, ...],
        Meta(
            max_length=100,
            description="The apps: tables with `id`, `key` and `master_key`, as LeanCloud gave them; `name`, the app of"
            " this server that it is, without which it is the one of `app`; `audience`, what its tokens say in `aud`,"
            " its name unless set; `signed`, what takes a signature: some of logins, conversations, blocks, history;"
            " `once`: a signature is good once; and `finds_open`, whether clients find open conversations of others by"
            " what they are like: so, unless set, where the app has a `name` other than `app`.",
        ),
    ] = ()
    route_ttl_s: Annotated[
        int, Meta(ge=10, le=86_400, description="How long clients keep the address of this server.")
    ] = 300

    def finds_open(self, name: str, main: str) -> bool:
        """Say if users of an app find open conversations of others by what they are like.

        Without a word of the operator's they do as LeanCloud's did where only its clients are, and not in the app of
        native clients, `main`: there an open conversation is for those who were told its id.
        """
        said = next((app.finds_open for app in self.apps if (app.name or main) == name), False)
        return name != main if said is None else said

    def walls(self, main: str) -> tuple[str, ...]:
        """Give the names of all apps served, the one of native clients, `main`, first.

        Raises:
            ValueError: Two of LeanCloud's are the same, or would have the same store; or the main one's tokens say two
                things.
        """
        names = [app.name or main for app in self.apps]
        if len(set(names)) < len(names) or len({app.id for app in self.apps}) < len(names):
            raise ValueError("two of leancloud.apps have the same id or name; without a name it is that of `app`")
        if any(app.name == main and app.audience is not None for app in self.apps):
            raise ValueError(f"{main} is the app of native clients: its audience is identity.jwt.audience")
        return tuple(dict.fromkeys((main, *names)))
