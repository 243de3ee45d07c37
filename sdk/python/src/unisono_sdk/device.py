"""What a program says of the device it runs on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The device that logs in.

    `platform` is a lower-case word of up to 32 characters that device limits count by (`python`, `web`, `ios` …);
    `label` (up to 128 characters) and `info` (up to 4,096, free text of the application) are shown to the user's other
    sessions and to one that is displaced. `id` is made and kept by the SDK when it is None.
    """

    platform: str = "python"
    label: str | None = None
    info: str | None = None
    id: str | None = None
