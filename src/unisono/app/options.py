"""What an operator can set about an app's rules."""

from typing import Literal

from msgspec import Struct

from unisono.domain.contact_facts import Writing
from unisono.domain.devices import Policy
from unisono.domain.grants import GrantedAct
from unisono.domain.quotas import Quotas
from unisono.domain.rates import Rate
from unisono.domain.retention import Retention


class PresenceRules(Struct, frozen=True):
    """Who may see whether a user is there, and how that is found out. Times in seconds."""

    visible_to: Literal["everybody", "acquainted", "nobody"] = "acquainted"
    grace_s: float = 15.0
    check_s: float = 15.0
    watched_per_session: int = 200


class PushRules(Struct, frozen=True):
    """What push notifications say, how long they wait and are kept, and how many are handed over at a time.

    `calls` that ring are told of, too, and `reads` of what was pushed.
    """

    text: str = "You have a new message"
    grace_s: float = 5.0
    kept_s: float = 3600.0
    at_once: int = 4
    batch_max: int = 100
    calls: bool = False
    reads: bool = False


class FileRules(Struct, frozen=True):
    """Where files are reached, by which links, and how long the links are good. `secret` signs the links.

    `address` is a path, or a whole URL where the operator told ours. `unowned_bytes_per_day` and
    `unowned_per_day` are those of all uploads together of people who did not say who they are. Bodies that come at the
    same time have no more than `under_way_bytes`. So many `free_bytes` are left where files lie.
    """

    secret: bytes
    address: str = "/files/default"
    links: Literal["public", "signed"] = "public"
    link_s: float = 30 * 86_400.0
    upload_s: float = 3600.0
    unowned_bytes_per_day: int = 10 << 30
    unowned_per_day: int = 100_000
    under_way_bytes: int = 4 << 30
    free_bytes: int = 1 << 30


class CallRules(Struct, frozen=True):
    """Servers that media of calls go by, for how many seconds what lets a user in there is good, and `to_one`.

    That is how often one user may ring another.
    """

    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: bytes | None = None
    turn_ttl_s: int = 3600
    to_one: Rate = Rate(per_s=60 / 3600, burst=20)


class AppOptions(Struct, frozen=True):
    """Rules of one app. Times in seconds. `granted` acts take a grant of the application's own server.

    `finds_open`: a user finds open conversations of others by what they are like, and not by their ids alone. `policy`
    says how many devices a user may have, `writing` who may write to a user in direct conversations, as long as nothing
    else is said while the app runs. `asks_at_once` are those of one connection that the program answers at a time.
    """

    quotas: Quotas
    policy: Policy
    commands: Rate
    logins: Rate
    resumes: Rate
    files: FileRules
    asks: Rate = Rate(per_s=20.0, burst=100)
    asks_at_once: int = 16
    heartbeat_s: int = 25
    detach_window_s: float = 1800.0
    ended_kept_s: float = 30 * 86_400.0
    lease_ttl_s: float = 10.0
    sweep_s: float = 1.0
    seats_kept_s: float = 1800.0
    presence: PresenceRules = PresenceRules()
    push: PushRules = PushRules()
    calls: CallRules = CallRules()
    retention: Retention = Retention()
    granted: frozenset[GrantedAct] = frozenset()
    finds_open: bool = False
    writing: Writing = "anyone"
