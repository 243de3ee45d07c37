"""`unisono policy`: what an operator sees and says of an app's policy while it runs."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from rich.markup import escape

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, moment, print_json, safe

PAGE: Final = 100
PARTS: Final = ("devices", "writing")

Json = dict[str, Any]


class Wishes(Struct, frozen=True):
    """What is to change, as the options say it."""

    preset: str | None = None
    slots: str | None = None
    capacity: int | None = None
    platforms: Sequence[str] = ()
    writing: str | None = None
    as_in_settings: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what says two things, or nothing.

        Raises:
            Failure: It does.
        """
        if unknown := set(self.as_in_settings).difference(PARTS):
            raise _usage(f"no such part: {', '.join(sorted(unknown))}", "devices or writing")
        if self.preset is not None and self.slots is not None:
            raise _usage("a preset and slots are two policies", "say one of --preset, --slots")
        if self.says_devices and "devices" in self.as_in_settings:
            raise _usage("devices cannot be said and taken back", "leave out --as-in-settings devices")
        if self.writing is not None and "writing" in self.as_in_settings:
            raise _usage("writing cannot be said and taken back", "leave out --as-in-settings writing")
        if not (self.says_devices or self.writing or self.as_in_settings):
            raise _usage("nothing is to change", "see `unisono policy set --help`")

    @property
    def says_devices(self) -> bool:
        """Say if there is something about devices."""
        return bool(self.preset or self.slots or self.capacity or self.platforms)

    def devices(self, view: Json) -> Json:
        """Give the device policy that is wanted, where another holds.

        Raises:
            Failure: The slots are no JSON, or a platform stands without its number.
        """
        devices: Json = dict(view["said"].get("devices") or {"policy": view["in_force"]["devices"]})
        if self.preset is not None:
            devices = {"policy": self.preset}
        if self.slots is not None:
            devices = {"policy": _json(sys.stdin.read() if self.slots == "-" else self.slots)}
        if self.capacity is not None:
            devices["capacity"] = self.capacity
        if self.platforms:
            devices["capacities"] = {**devices.get("capacities", {}), **dict(map(_of_platform, self.platforms))}
        return devices

    def said(self, view: Json) -> Json:
        """Give all that is to be said from now on."""
        said = {part: value for part, value in view["said"].items() if part not in self.as_in_settings}
        if self.says_devices:
            said["devices"] = self.devices(view)
        if self.writing is not None:
            said["writing"] = self.writing
        return said


def show(operator: Operator, *, as_json: bool) -> None:
    """Show the policy."""
    view = operator.ask("GET", "policy")
    if as_json:
        print_json(view)
        return
    screen = console()
    for line in _lines(view):
        screen.print(line, soft_wrap=True)


def change(operator: Operator, wishes: Wishes, *, expect: int | None, note: str | None, as_json: bool) -> None:
    """Change the policy, if it is still as it is expected to be, or else as it was a moment ago.

    Raises:
        Failure: Somebody else changed it meanwhile, or it was refused.
    """
    view = operator.ask("GET", "policy")
    body = {**wishes.said(view), "expect": view["revision"] if expect is None else expect}
    view = operator.ask("PUT", "policy", body=body if note is None else {**body, "note": note})
    if as_json:
        print_json(view)
        return
    screen = console()
    for line in _lines(view):
        screen.print(line, soft_wrap=True)


def try_out(operator: Operator, wishes: Wishes, *, as_json: bool) -> None:
    """Show which sessions would be over the limits.

    Raises:
        Failure: Nothing is said about devices, or it was refused.
    """
    if not wishes.says_devices:
        raise _usage("only a device policy can be tried out", "say --preset, --slots, --capacity or --platform")
    body = {"devices": wishes.devices(operator.ask("GET", "policy"))}
    page = operator.ask("POST", "policy", "trial", body=body)
    found: list[Json] = list(page["crowded_out"])
    while "next" in page:
        page = operator.ask("POST", "policy", "trial", body=body, after=page["next"])
        found += page["crowded_out"]
    if as_json:
        print_json({"crowded_out": found})
        return
    screen = console()
    screen.print(f"{len(found)} session{'' if len(found) == 1 else 's'} would be over the limits. Nothing was changed.")
    for each in found:
        session = each["session"]
        shown = " · ".join(
            _plain(part) for part in (session["shown"]["platform"], session["shown"].get("label")) if part
        )
        screen.print(
            f"  {_plain(each['user'])}  {_plain(session['session'])}  [dim]{shown} · since"
            f" {moment(session['opened_at'])}[/]",
            soft_wrap=True,
        )


def log(operator: Operator, limit: int, *, as_json: bool) -> None:
    """Show changes, the newest first."""
    page = operator.ask("GET", "policy", "log", limit=str(min(PAGE, limit)))
    changes: list[Json] = list(page["changes"])
    while "next" in page and len(changes) < limit:
        size = str(min(PAGE, limit - len(changes)))
        page = operator.ask("GET", "policy", "log", limit=size, before=str(page["next"]))
        changes += page["changes"]
    if as_json:
        print_json({"changes": changes})
        return
    if not changes:
        console().print("Nothing was ever said: the settings hold.")
    screen = console()
    for each in changes:
        origin = f" from {_plain(each['address'])}" if each.get("address") else ""
        note = f": {_plain(each['note'])}" if each.get("note") else ""
        screen.print(f"[bold]{each['revision']}[/]  {moment(each['at'])} by {_plain(each['by'])}{origin}{note}")
        for name, value in (("old", each["old"]), ("new", each["new"])):
            screen.print(
                f"  [dim]{name}[/]  {_of_devices(value['devices'])}; writing: {value['writing']}", soft_wrap=True
            )


def _lines(view: Json) -> Iterator[str]:
    in_force, said = view["in_force"], view["said"]
    yield f"devices  {_of_devices(in_force['devices'])}  [dim]{_where(said, 'devices')}[/]"
    yield f"writing  {in_force['writing']}  [dim]{_where(said, 'writing')}[/]"
    if last := view.get("last"):
        origin = f" from {_plain(last['address'])}" if last.get("address") else ""
        yield f"[dim]revision {view['revision']}, {moment(last['at'])} by {_plain(last['by'])}{origin}[/]"
    else:
        yield "[dim]revision 0: nothing was said since the start[/]"


def _where(said: Json, part: str) -> str:
    return "said here" if part in said else "as in the settings"


def _of_devices(policy: Json) -> str:
    slots = [_of_slot(slot) for slot in policy.get("slots", ())]
    return "; ".join(slots) if slots else "no limit"


def _of_slot(slot: Json) -> str:
    told = f"{slot['capacity']} {slot.get('counts', 'devices')} per {_plain(' and '.join(slot['key']) or 'app')}"
    some = [f"{_plain(name)} {count}" for name, count in slot.get("capacities", {}).items()]
    if slot.get("platforms"):
        told += f" (of {_plain(', '.join(slot['platforms']))})"
    if some:
        told += f" (but {', '.join(some)})"
    return told + (", the newcomer loses" if slot.get("loser") == "newcomer" else "")


def _of_platform(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not name or not number.isdecimal():
        raise _usage(f"`{text}` is no platform with its number", "as in --platform ios=2")
    return name, int(number)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as problem:
        raise _usage(f"no JSON: {problem}", """as in '{"slots": [{"key": ["platform"], "capacity": 2}]}'""") from None


def _usage(message: str, hint: str) -> Failure:
    return Failure(message, exit_code=Exit.USAGE, hint=hint)


def _plain(text: str) -> str:
    return escape(safe(text))
