"""How a login is decided: whom the policy has lose a place for it, if it lets it in at all."""

from collections.abc import Callable, Sequence

from unisono.app.options import AppOptions
from unisono.domain.devices import Login, Policy, admit
from unisono.domain.errors import Invalid, LimitReached, Replaced
from unisono.domain.facts import EndReason
from unisono.domain.ids import Fence, Instant
from unisono.domain.policy import InForce, Said
from unisono.ports.sessions import Ending, LoginDecide, SessionDecision, SessionRecord, SessionsDecide

Limits = Callable[[Policy], Policy]
"""What the policy of an app is to the clients of a door."""


class Admission:
    """Decides over logins of one app: by what its settings say, and what is said over them at that moment."""

    def __init__(self, options: AppOptions) -> None:
        self._settings = InForce(options.policy, options.writing)
        self._sessions_per_user = options.quotas.sessions_per_user

    def of(self, record: SessionRecord, fence: Fence | None, limits: Limits) -> LoginDecide:
        """Give the decision over one login."""

        def decide(now: Instant, held: Sequence[SessionRecord], said: Said) -> SessionDecision:
            del now
            if (repeated := next((other for other in held if other.session == record.session), None)) is not None:
                return _repetition(record, fence, repeated)
            policy = limits(self._settings.under(said).devices)
            losses = admit(policy, [login_of(other) for other in held], login_of(record))
            if len(held) - len(losses) >= self._sessions_per_user:
                raise LimitReached(what="sessions", limit=self._sessions_per_user)
            ends = tuple(Ending(loss.session, loss.reason, newcomer=record.shown) for loss in losses)
            return SessionDecision(ends=ends, opens=record)

        return decide


def _repetition(record: SessionRecord, fence: Fence | None, repeated: SessionRecord) -> SessionDecision:
    # The attempt of a tab that died may be carried out after the one that came in its place.
    if fence is not None and fence < repeated.fence:
        raise Replaced(fence=repeated.fence)
    if (repeated.shown.platform, repeated.tag) != (record.shown.platform, record.tag):
        # It was let in under the limits of that platform and tag, and not of these.
        raise Invalid(field="login", reason="used before")
    return SessionDecision(opens=record)


def ending_of(record: SessionRecord, reason: EndReason) -> SessionsDecide:
    """Give the decision that ends one session, if it is not over."""

    def decide(now: Instant, held: Sequence[SessionRecord]) -> SessionDecision:
        del now
        mine = [other for other in held if other.session == record.session]
        return SessionDecision(ends=tuple(Ending(other.session, reason) for other in mine))

    return decide


def login_of(record: SessionRecord) -> Login:
    """Give what the policy needs to know of a session."""
    return Login(record.session, record.device, record.shown.platform, record.opened_at, record.tag)


def as_it_is(policy: Policy) -> Policy:
    """Give what the policy is to native clients."""
    return policy
