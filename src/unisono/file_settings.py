"""The settings of files."""

from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from unisono.secret import Secret

SECRET_MIN_BYTES: Final = 32


class Files(Struct, frozen=True, forbid_unknown_fields=True):
    """Files that users upload for their messages. How large they may be is in `quotas`."""

    directory: Annotated[
        Path | None,
        Meta(description="Where they are kept, for all nodes of an app the same. Empty: in the data directory."),
    ] = None
    links: Annotated[
        Literal["public", "signed"],
        Meta(
            description="How they are read. `public`: by a link that nobody can guess, for ever. `signed`: by a link"
            " that ends with `link_s`; a message that holds it says no more than that there was a file."
        ),
    ] = "public"
    link_s: Annotated[
        float, Meta(ge=60, le=315_360_000, description="How long a signed link is good from the upload on.")
    ] = 2_592_000.0
    upload_s: Annotated[
        float, Meta(ge=10, le=86_400, description="How long a file may take from being asked for to its last byte.")
    ] = 3_600.0
    unowned_bytes_per_day: Annotated[
        int,
        Meta(
            ge=4096,
            le=1 << 50,
            description="All files that are begun to upload on one day (UTC) by people who did not say who they are, as"
            " LeanCloud's clients may. Each of their network addresses has `quotas.file_bytes_per_day` of it.",
        ),
    ] = 10 << 30
    unowned_per_day: Annotated[
        int, Meta(ge=1, le=1 << 30, description="How many files these may be; `quotas.files_per_day` of one address.")
    ] = 100_000
    under_way_bytes: Annotated[
        int,
        Meta(
            ge=1 << 20,
            le=1 << 50,
            description="What may come at the same time for one app to one node, by the sizes that were told.",
        ),
    ] = 4 << 30
    free_bytes: Annotated[
        int,
        Meta(
            ge=0,
            le=1 << 50,
            description="What stays free on the disk where they lie: no file is taken that would leave less, with those"
            " under way. 0: the disk may become full, which hurts a database on it as well.",
        ),
    ] = 1 << 30
    secret: Annotated[
        Secret | None,
        Meta(
            description="Key of the links, at least 32 bytes. Empty: one is made and kept in the data directory;"
            " several nodes need the same."
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse a key that can be guessed."""
        if self.secret is not None and len(self.secret.reveal().encode()) < SECRET_MIN_BYTES:
            raise ValueError(f"secret is shorter than {SECRET_MIN_BYTES} bytes")
