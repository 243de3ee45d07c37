"""Who this client is to the server: logging in, resuming, and with which credential."""

from dataclasses import dataclass

from unisono_sdk.answers import Welcome
from unisono_sdk.commands import DeviceFrame, Login, Resume
from unisono_sdk.errors import LinkDown, Refused
from unisono_sdk.link import Link
from unisono_sdk.options import Options
from unisono_sdk.providers import GrantProvider, TokenProvider, give

SDK = "python/0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a login says."""

    user: str | None
    token: str | TokenProvider | None
    device: DeviceFrame
    tag: str | None
    tab: str
    grants: GrantProvider | None = None


@dataclass(slots=True, kw_only=True)
class Kept:
    """What a resume needs. Without a session the next greeting is a login."""

    session: str | None = None
    resume_token: str | None = None
    fence: int = 0
    epoch: int = 0
    checkpoint: int = 0


class Greeter:
    """Greets on one link after the other."""

    def __init__(self, credentials: Credentials, kept: Kept, options: Options) -> None:
        self._credentials = credentials
        self._options = options
        self._pending_login: str | None = None
        self._attempts = 0
        self._renewals = 0
        self._token = None if callable(credentials.token) else credentials.token
        self.kept = kept

    @property
    def can_renew(self) -> bool:
        """Say if another token can be had."""
        return callable(self._credentials.token) and self._renewals < self._options.limits.token_attempts

    @property
    def is_resuming(self) -> bool:
        """Say if the next greeting is a resume."""
        return self.kept.session is not None and self.kept.resume_token is not None

    def forget_session(self, *, is_token_bad: bool) -> None:
        """Log in the next time, with another name."""
        self.kept.session = self.kept.resume_token = self._pending_login = None
        self._renewals += is_token_bad

    async def prepare(self) -> None:
        """Get what the next greeting needs before there is a link that would have to wait for it.

        Raises:
            TimedOut: The token did not come in time.
            Exception: Whatever the program's token provider raises.
        """
        provider = self._credentials.token
        if self.is_resuming or not callable(provider):
            return
        options, user = self._options, self._credentials.user or ""
        self._token = await give(provider, user, options.clock, options.limits.token_s)

    async def greet(self, link: Link) -> Welcome:
        """Log in or resume on a link.

        Raises:
            Refused: The server did not want it.
            LinkDown: The link ended before the answer; the next greeting repeats this one.
            TimeoutError: There was no answer in time.
        """
        command = self._resume() if self.is_resuming else self._login()
        async with self._options.clock.deadline(self._options.limits.greeting_s):
            answer = await link.request(command)
        if not isinstance(answer, Welcome):
            raise LinkDown(f"a greeting was answered with {answer.kind}")
        if answer.user is None or answer.session is None:
            raise Refused("the server gave this connection no user", code="no_user")
        self._keep(answer)
        return answer

    def _keep(self, welcome: Welcome) -> None:
        kept = self.kept
        kept.session, kept.fence, kept.epoch = welcome.session, welcome.fence, welcome.epoch
        kept.resume_token = welcome.resume_token or kept.resume_token
        self._pending_login = None
        self._renewals = 0

    def _resume(self) -> Resume:
        kept = self.kept
        kept.fence += 1
        return Resume(
            session=kept.session or "",
            resume_token=kept.resume_token or "",
            fence=kept.fence,
            tab=self._credentials.tab,
            sdk=SDK,
        )

    def _login(self) -> Login:
        credentials = self._credentials
        # The same name until it is answered: a login whose answer was lost must not become two.
        if self._pending_login is None:
            self._pending_login, self._attempts = self._options.new_id(), 0
        self._attempts += 1
        return Login(
            device=credentials.device,
            login=self._pending_login,
            token=self._token,
            user=credentials.user,
            tag=credentials.tag,
            fence=self._attempts,
            tab=credentials.tab,
            sdk=SDK,
        )
