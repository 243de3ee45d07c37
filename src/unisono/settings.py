"""Every setting, declared once: type, default, unit (in its name), range and meaning.

Pure: reading files and the environment is `config`. `docs/reference/configuration.md` is made from this module.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from unisono.admin_settings import Admin
from unisono.call_settings import Calls
from unisono.contact_settings import ContactRules
from unisono.domain.devices import DEFAULT_PRESET, PRESETS, Capacities, Capacity, DeviceRules, Policy
from unisono.domain.grants import GrantRules
from unisono.domain.quotas import Quotas
from unisono.domain.retention import Retention
from unisono.file_settings import Files
from unisono.leancloud_settings import APP_NAME, LeanCloud
from unisono.longpoll_settings import LongPoll
from unisono.push_settings import Push
from unisono.secret import Secret
from unisono.testing_settings import Testing

SECRET_MIN_BYTES: Final = 32
PAGE_BYTES: Final = 128 * 1024
"""What the store puts into a page of facts at most, besides its first fact."""
FRAME_REST_BYTES: Final = 4096
"""What a frame may hold besides the message it carries."""
LEEWAY_MAX_S: Final = 600  # A token is good for so long after its end at most.
SHARED_SECRET_ALGORITHMS: Final = frozenset({"HS256"})

Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]
Origin = Annotated[str, Meta(pattern=r"^https?://[a-z0-9.\-\[\]:]+$")]
Target = Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
NetworkText = Annotated[str, Meta(pattern=r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all tables of settings."""


class Server(Section, frozen=True):
    """Where the server listens and who may connect."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on. 0.0.0.0 or :: for all.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="Port for everything. 0 takes a free one.")] = 8080
    origins: Annotated[
        tuple[Origin, ...],
        Meta(
            max_length=1000,
            description="Origins of web pages that may connect, exactly as browsers send them. Always allowed: pages"
            " of this server itself, and clients that send no Origin, which are no browsers.",
        ),
    ] = ()
    advertised_url: Annotated[
        str | None, Meta(description="URL under which clients reach the server, if it is behind a proxy.")
    ] = None
    trusted_proxies: Annotated[
        tuple[NetworkText, ...],
        Meta(max_length=100, description="Networks whose X-Forwarded-For is believed, for example 10.0.0.0/8."),
    ] = ()
    node: Annotated[
        Annotated[str, Meta(max_length=128)] | None,
        Meta(description="Name of this node, another one for each server of a database. Empty: host name and port."),
    ] = None
    drain_s: Annotated[Seconds, Meta(description="Time to say goodbye to clients at a stop.")] = 10.0


class Database(Section, frozen=True):
    """Where the log is kept."""

    url: Annotated[
        Secret | None, Meta(description="postgresql://… for PostgreSQL. Empty: a SQLite file in the data directory.")
    ] = None
    synchronous: Annotated[
        Literal["full", "normal"],
        Meta(description="SQLite: `full` survives a power cut; `normal` may lose the last moments then."),
    ] = "full"
    batch_max: Annotated[int, Meta(ge=1, le=10_000, description="Transactions that share one sync to disk.")] = 256
    queue_max: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Transactions that may wait; beyond it, `overloaded`.")
    ] = 10_000
    readers: Annotated[int, Meta(ge=1, le=64, description="Connections that read at the same time.")] = 4
    deadline_s: Annotated[Seconds, Meta(description="Longest wait for the store; beyond it, `unavailable`.")] = 10.0


class Limits(Section, frozen=True):
    """Bounds of connections."""

    outbox_bytes: Annotated[
        int, Meta(ge=4096, le=1 << 30, description="What may wait for one connection; beyond it, `slow_consumer`.")
    ] = 1 << 20
    frame_bytes: Annotated[
        int, Meta(ge=1024, le=1 << 26, description="Largest frame a client may send; beyond it, `too_large`.")
    ] = 1 << 20
    greeting_s: Annotated[
        Seconds,
        Meta(description="Time to log in or resume; to send the head or body of a request; to take its answer."),
    ] = 10.0
    heartbeat_s: Annotated[
        int, Meta(ge=1, le=3600, description="Longest silence of a client. Home routers forget a link after 60 s.")
    ] = 25
    requests_in_flight: Annotated[
        int, Meta(ge=1, le=10_000, description="Requests of one connection worked on at the same time.")
    ] = 64
    visitors: Annotated[
        int, Meta(ge=1, le=10_000_000, description="Sockets of this node that are no connection, or not yet.")
    ] = 10_000
    visitors_per_address: Annotated[
        int, Meta(ge=1, le=10_000_000, description="The same from one network address, unless it is a trusted proxy's.")
    ] = 500
    connections: Annotated[int, Meta(ge=1, le=10_000_000, description="Connections of this node.")] = 100_000
    connections_per_address: Annotated[
        int, Meta(ge=1, le=10_000_000, description="Connections from one network address.")
    ] = 1_000
    handshakes_in_progress: Annotated[
        int, Meta(ge=1, le=100_000, description="Logins and resumes worked on at the same time.")
    ] = 512
    handshakes_per_s: Annotated[
        int, Meta(ge=1, le=1_000_000, description="New connections a second; later ones are told when to come.")
    ] = 5_000


class Rates(Section, frozen=True):
    """How often. A burst is what may come at once after a pause. The /64 of an IPv6 address counts as one address."""

    commands_per_s: Annotated[float, Meta(gt=0, le=1e6, description="Commands of one user.")] = 50.0
    commands_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="Commands of one user at once.")] = 200
    logins_per_s: Annotated[float, Meta(gt=0, le=1e6, description="Logins from one network address.")] = 20.0
    logins_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="Logins from one address at once.")] = 500
    resumes_per_s: Annotated[float, Meta(gt=0, le=1e6, description="Resumes from one network address.")] = 50.0
    resumes_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="Resumes from one address at once.")] = 1_000
    handshakes_per_s: Annotated[float, Meta(gt=0, le=1e6, description="New connections from one network address.")] = (
        100.0
    )
    handshakes_burst: Annotated[
        int, Meta(ge=1, le=1_000_000, description="New connections from one address at once.")
    ] = 1_000
    asks_per_s: Annotated[float, Meta(gt=0, le=1e6, description="What one user asks the embedding program.")] = 20.0
    asks_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="The same at once.")] = 100
    operator_per_s: Annotated[
        float, Meta(gt=0, le=1e6, description="Requests of one admin key, and of one address to it.")
    ] = 500.0
    operator_burst: Annotated[int, Meta(ge=1, le=1_000_000, description="Requests of one admin key at once.")] = 5_000
    strays_per_s: Annotated[
        float,
        Meta(gt=0, le=1e6, description="Frames of one connection that are no command: pings, refused ones, noise."),
    ] = 10.0
    strays_burst: Annotated[
        int, Meta(ge=1, le=1_000_000, description="The same at once. A connection with more of them is ended.")
    ] = 500


class Sessions(Section, frozen=True):
    """How many sessions a user may have, and how long they last."""

    policy: Annotated[
        str | Policy,
        Meta(description="Name of a preset (" + ", ".join(PRESETS) + "), or a table with `slots` and `groups`."),
    ] = DEFAULT_PRESET
    capacity: Annotated[
        Capacity | None,
        Meta(description="Replaces the capacity of each slot of the policy, for example devices per platform."),
    ] = None
    capacities: Annotated[
        Capacities,
        Meta(description="The same of some platforms alone, in slots by platform: `{ ios = 2, web = 8 }`."),
    ] = {}
    detach_window_s: Annotated[
        float, Meta(ge=0, le=31_536_000, description="How long a session without a connection keeps its place.")
    ] = 1_800.0
    seats_kept_s: Annotated[
        float,
        Meta(ge=0, le=31_536_000, description="How long it may be away and be in its rooms again when it is back."),
    ] = 1_800.0
    ended_kept_s: Annotated[
        float, Meta(ge=60, le=31_536_000, description="How long it is known why a session ended.")
    ] = 2_592_000.0
    lease_ttl_s: Annotated[
        Seconds, Meta(description="After this time without a sign of life a node's sessions count as detached.")
    ] = 10.0
    sweep_s: Annotated[Seconds, Meta(description="Pause between two searches for expired and revoked sessions.")] = 1.0

    def __post_init__(self) -> None:
        """Refuse a preset that does not exist, and capacities without a slot by platform."""
        if (problem := DeviceRules(self.policy, self.capacity, self.capacities).problem()) is not None:
            raise ValueError(problem)

    def device_policy(self) -> Policy:
        """Give the slots that hold, as long as nothing is said while the server runs."""
        return DeviceRules(self.policy, self.capacity, self.capacities).slots()


class Presence(Section, frozen=True):
    """Who sees whether a user is there."""

    visible_to: Annotated[
        Literal["everybody", "acquainted", "nobody"],
        Meta(description="`acquainted`: users who share a conversation that lists its members. `nobody`: oneself."),
    ] = "acquainted"
    grace_s: Annotated[
        float,
        Meta(ge=0, le=3600, description="How long a user stays online after the last connection was lost."),
    ] = 15.0
    check_s: Annotated[Seconds, Meta(description="Pause between two looks at all who are watched.")] = 15.0
    watched_per_session: Annotated[
        int, Meta(ge=1, le=10_000, description="Users one session may watch; beyond it, `limit_reached`.")
    ] = 200


class Jwt(Section, frozen=True):
    """Signed tokens. Exactly one kind of key: `secret`, `public_key_file`, `jwks_file` or `jwks_url`.

    With none of them a secret is made once and kept in the data directory.
    """

    algorithms: Annotated[
        tuple[Algorithm, ...],
        Meta(min_length=1, max_length=4, description="Accepted algorithms. HS256 never together with the others."),
    ] = ("HS256",)
    secret: Annotated[Secret | None, Meta(description="Shared secret for HS256, at least 32 bytes.")] = None
    public_key_file: Annotated[Path | None, Meta(description="PEM file with the public key.")] = None
    jwks_file: Annotated[Path | None, Meta(description="JSON file with a set of public keys.")] = None
    jwks_url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://")] | None, Meta(description="Where a set of public keys is fetched.")
    ] = None
    jwks_kept_s: Annotated[Seconds, Meta(description="How long fetched keys are used before asking again.")] = 300.0
    jwks_deadline_s: Annotated[Seconds, Meta(description="Longest wait for the key server.")] = 5.0
    issuer: Annotated[str | None, Meta(description="If set, `iss` must be this.")] = None
    audience: Annotated[str | None, Meta(description="If set, `aud` must hold this.")] = None
    leeway_s: Annotated[float, Meta(ge=0, le=LEEWAY_MAX_S, description="How far clocks may differ.")] = 30.0
    user_claim: Annotated[str, Meta(min_length=1, description="The claim that holds the user id.")] = "sub"
    platform_claim: Annotated[
        str, Meta(min_length=1, description="The claim that, when present, fixes the kind of device.")
    ] = "platform"

    def __post_init__(self) -> None:
        """Refuse what would leave it to the token which key is used how."""
        shared = SHARED_SECRET_ALGORITHMS.intersection(self.algorithms)
        if shared and len(set(self.algorithms)) > len(shared):
            raise ValueError("HS256 cannot be mixed with algorithms of public keys")
        keys = [key for key in (self.secret, self.public_key_file, self.jwks_file, self.jwks_url) if key is not None]
        if len(keys) > 1:
            raise ValueError("give only one of secret, public_key_file, jwks_file, jwks_url")
        if self.secret is not None and not shared:
            raise ValueError("a secret needs algorithms = ['HS256']")
        if keys and self.secret is None and shared:
            raise ValueError("public keys need algorithms of public keys, for example ['RS256']")
        if not keys and not shared:
            raise ValueError("public_key_file, jwks_file or jwks_url is needed for these algorithms")
        if self.secret is not None and len(self.secret.reveal().encode()) < SECRET_MIN_BYTES:
            raise ValueError(f"secret is shorter than {SECRET_MIN_BYTES} bytes")


class Identity(Section, frozen=True):
    """How the server knows a user."""

    kind: Annotated[
        Literal["jwt", "callable", "dev"],
        Meta(
            description="`jwt`: signed tokens. `callable`: a Python function. `dev`: believe anybody on this machine."
        ),
    ] = "jwt"
    jwt: Jwt = Jwt()
    callable: Annotated[Target | None, Meta(description="`module:function` that gives the user id of a request.")] = (
        None
    )
    deadline_s: Annotated[Seconds, Meta(description="Longest wait for the function.")] = 5.0

    def __post_init__(self) -> None:
        """Refuse a callable without a function."""
        if self.kind == "callable" and self.callable is None:
            raise ValueError("identity.kind = 'callable' needs identity.callable = 'module:function'")


class Log(Section, frozen=True):
    """What is written to stderr."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="From which level on.")] = "info"
    format: Annotated[
        Literal["auto", "json", "logfmt", "pretty"],
        Meta(description="`auto`: `pretty` on a terminal, else `logfmt` (event=… key=value)."),
    ] = "auto"


class Metrics(Section, frozen=True):
    """What Prometheus can read."""

    enabled: Annotated[bool, Meta(description="Serve /metrics.")] = True
    access: Annotated[
        Literal["loopback", "key", "anyone"],
        Meta(description="`loopback`: this machine or an admin key. `key`: an admin key. `anyone`: no check."),
    ] = "loopback"


class Pages(Section, frozen=True):
    """What browsers get that come with the address alone."""

    demo: Annotated[
        Literal["dev", "always", "never"],
        Meta(
            description="A small chat at `/` to try the server with, and examples at `/examples/`. `dev`: with"
            " identity.kind = 'dev' alone."
        ),
    ] = "dev"
    sources: Annotated[
        tuple[Origin, ...],
        Meta(
            max_length=100,
            description="Origins besides the server's own, and that of `server.advertised_url`, to which these pages"
            " may send files and from which they may show them: https://files.example.org, where a proxy or a network"
            " for files has an address of its own. Nothing else is fetched from elsewhere.",
        ),
    ] = ()


class Settings(Section, frozen=True):
    """All settings of a server."""

    app: Annotated[str, Meta(pattern=APP_NAME, description="Name of the app served.")] = "default"
    data_dir: Annotated[Path, Meta(description="Directory for everything the server keeps.")] = Path("data")
    server: Server = Server()
    database: Database = Database()
    limits: Limits = Limits()
    longpoll: LongPoll = LongPoll()
    rates: Rates = Rates()
    quotas: Quotas = Quotas()
    sessions: Sessions = Sessions()
    presence: Presence = Presence()
    contacts: ContactRules = ContactRules()
    push: Push = Push()
    calls: Calls = Calls()
    retention: Retention = Retention()
    files: Files = Files()
    identity: Identity = Identity()
    grants: GrantRules = GrantRules()
    leancloud: LeanCloud = LeanCloud()
    admin: Admin = Admin()
    log: Log = Log()
    metrics: Metrics = Metrics()
    pages: Pages = Pages()
    testing: Testing = Testing()

    def __post_init__(self) -> None:
        """Refuse to believe anybody from anywhere."""
        self.admin.check_apps(self.leancloud.walls(self.app))
        if self.limits.outbox_bytes < 2 * (PAGE_BYTES + self.quotas.message_bytes):
            raise ValueError(
                "limits.outbox_bytes must be at least twice a page of 128 KiB and quotas.message_bytes together:"
                " with less, nobody could read a full page"
            )
        if self.limits.frame_bytes < self.quotas.message_bytes + FRAME_REST_BYTES:
            raise ValueError("limits.frame_bytes must be at least quotas.message_bytes and 4096")
        if self.identity.kind == "dev" and not is_loopback_host(self.server.host):
            raise ValueError("identity.kind = 'dev' needs server.host = '127.0.0.1': it lets everybody in as anybody")

    @property
    def has_demo(self) -> bool:
        """Say if the demo page is served."""
        return self.pages.demo == "always" or (self.pages.demo == "dev" and self.identity.kind == "dev")

    @property
    def page_sources(self) -> tuple[str, ...]:
        """Give the origins that pages of this server deal with besides their own."""
        advertised = re.match(r"(?:http|ws)(s?://[A-Za-z0-9.\-\[\]:]+)", self.server.advertised_url or "")
        if advertised is None:
            return self.pages.sources
        # Files are under https: where sockets are under wss:, and the address of one says nothing of the other.
        return (f"http{advertised[1]}", f"ws{advertised[1]}", *self.pages.sources)


def is_loopback_host(host: str) -> bool:
    """Say if listening on this host reaches nobody but this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_origin(origin: str, host_header: str) -> bool:
    """Say if a page of `origin` was served by the host it now connects to (RFC 6454, without the scheme).

    Behind a proxy that ends TLS the server cannot know the scheme, so the host and port decide.
    """
    try:
        page, here = urlsplit(origin), urlsplit("//" + host_header)
        default = {"http": 80, "https": 443}[page.scheme]
        ports = page.port or default, here.port or default
    except (KeyError, ValueError):
        return False
    return page.hostname is not None and page.hostname == here.hostname and ports[0] == ports[1]
