"""What operators see and say of an app's policy while it runs."""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from unisono.app.governing import Standing
from unisono.domain.commands.base import PageSize
from unisono.domain.contact_facts import Writing
from unisono.domain.devices import DeviceRules
from unisono.domain.errors import Internal
from unisono.domain.ids import Instant, UserId, UserIdIn
from unisono.domain.policy import InForce, Note, PolicyChange, Proposal, Revision, Said
from unisono.domain.session_view import SessionView
from unisono.gateways.rest.operations import Asked, Desk, Operation
from unisono.gateways.rest.shapes import OfNothing

_POLICY: Final = "/v1/policy"


class PolicyBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is said of the policy from now on; of what is left out, the settings hold.

    With `expect` only if that is the revision that holds, 0 while nothing was said. The `note` is kept with the change.
    """

    devices: DeviceRules | None = None
    writing: Writing | None = None
    expect: Revision | None = None
    note: Note | None = None


class PolicyMade(Struct, frozen=True, omit_defaults=True):
    """When the policy was changed last, by which admin key, and where from."""

    at: Instant
    by: str
    address: str | None = None
    note: str | None = None


class PolicyView(Struct, frozen=True, omit_defaults=True):
    """What holds, what of it was said while the app ran (the rest stands in the settings), and who said it last."""

    revision: Revision
    in_force: InForce
    said: Said
    last: PolicyMade | None = None


class OfPolicyLog(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of changes: those below a revision."""

    before: Revision | UnsetType = UNSET
    limit: PageSize = 100


class PolicyLog(Struct, frozen=True, omit_defaults=True):
    """Changes, the newest first, fewer than asked for where they are large. `next` is the revision to go on below."""

    changes: tuple[PolicyChange, ...]
    next: Revision | None = None


class PolicyTrialBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A device policy to try out."""

    devices: DeviceRules


class OfPolicyTrial(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of users: those behind one."""

    after: UserIdIn | UnsetType = UNSET
    limit: PageSize = 100


class CrowdedOut(Struct, frozen=True):
    """A session that would be over a limit, and whose it is."""

    user: UserId
    session: SessionView


class PolicyTrial(Struct, frozen=True, omit_defaults=True):
    """Sessions that would not be there, had the policy held when they logged in; `next` is the user to go on behind.

    They would stay until their user logs in the next time.
    """

    crowded_out: tuple[CrowdedOut, ...]
    next: UserId | None = None


async def _see(desk: Desk, asked: Asked) -> PolicyView:
    del asked
    return _view(await desk.governing.see())


async def _set(desk: Desk, asked: Asked) -> PolicyView:
    body = asked.body
    if not isinstance(body, PolicyBody):
        raise Internal()
    said = Said(body.devices, body.writing)
    proposal = Proposal(said, by=asked.by, address=asked.address, note=body.note, expect=body.expect)
    return _view(await desk.governing.change(proposal))


def _view(standing: Standing) -> PolicyView:
    last = standing.last
    made = None if last is None else PolicyMade(last.at, last.by, last.address, last.note)
    return PolicyView(standing.revision, standing.in_force, standing.said, made)


async def _log(desk: Desk, asked: Asked) -> PolicyLog:
    wanted = asked.query if isinstance(asked.query, OfPolicyLog) else OfPolicyLog()
    page = await desk.governing.log(None if wanted.before is UNSET else wanted.before, wanted.limit)
    return PolicyLog(page.changes, next=page.next)


async def _try(desk: Desk, asked: Asked) -> PolicyTrial:
    body, wanted = asked.body, asked.query
    if not isinstance(body, PolicyTrialBody) or not isinstance(wanted, OfPolicyTrial):
        raise Internal()
    after = None if wanted.after is UNSET else wanted.after
    trial = await desk.governing.try_out(body.devices, after, wanted.limit)
    views = (CrowdedOut(record.user, desk.own_sessions.view(record)) for record in trial.crowded_out)
    return PolicyTrial(tuple(views), next=trial.next)


POLICY_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="seePolicy",
        method="GET",
        path=_POLICY,
        summary="Show how many devices users may have and who may write to them, and what of it was said here",
        scope="policy",
        params=OfNothing,
        answers=(PolicyView,),
        carry_out=_see,
    ),
    Operation(
        name="setPolicy",
        method="PUT",
        path=_POLICY,
        summary="Say how many devices users may have and who may write to them, from now on, on all nodes",
        scope="policy",
        params=OfNothing,
        answers=(PolicyView,),
        bodies=(PolicyBody,),
        carry_out=_set,
        faults=("conflict",),
    ),
    Operation(
        name="listPolicyChanges",
        method="GET",
        path=_POLICY + "/log",
        summary="List what was said, by whom, and what held before",
        scope="policy",
        params=OfNothing,
        query=OfPolicyLog,
        answers=(PolicyLog,),
        carry_out=_log,
    ),
    Operation(
        name="tryPolicy",
        method="POST",
        path=_POLICY + "/trial",
        summary="List the sessions that would be over the limits of a device policy now, and change nothing",
        scope="policy",
        params=OfNothing,
        query=OfPolicyTrial,
        answers=(PolicyTrial,),
        bodies=(PolicyTrialBody,),
        carry_out=_try,
    ),
)
