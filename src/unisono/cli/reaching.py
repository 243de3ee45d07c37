"""Being somebody on a server, from the command line: who, where, with which token and device."""

import asyncio
import getpass
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from msgspec import Struct

from unisono.cli.failing import Exit, Failure, of_code
from unisono.cli.sources import can_sign, server_url
from unisono.cli.tokens import new_token
from unisono.settings import Settings
from unisono_sdk import Client, Device, InvalidArgument, LinkDown, NotLetIn, Refused, Unisono, UnisonoError

PLATFORM: Final = "cli"
TOKEN_TTL_S: Final = 3600.0
LOGOUT_DEADLINE_S: Final = 2.0
LET_IN_HINT: Final = "give a token with --token, or the server's data directory with --data"


class Reach(Struct, frozen=True):
    """How to get in. `token` makes a new token when one is needed; without it only a `--dev` server lets us in."""

    url: str
    user: str
    token: Callable[[str], str] | None
    device: Device


def reach_from(
    settings: Settings,
    *,
    url: str | None,
    user: str,
    token: str | None,
    device: str | None = None,
    platform: str | None = None,
) -> Reach:
    """Put together what the options and settings say. Tokens are made here where the key is at hand."""
    source: Callable[[str], str] | None = None
    if token is not None:
        source = _always(token)
    elif can_sign(settings):
        source = _minting(settings)
    return Reach(
        url=server_url(url, settings),
        user=user,
        token=source,
        device=this_device(device, platform or PLATFORM),
    )


def this_device(name: str | None, platform: str) -> Device:
    """Give the device that this machine's user is: the same one each time, or another one, whose id is its name."""
    if name is not None:
        return Device(id=name, platform=platform, label=name)
    here = socket.gethostname()
    known = f"{here}/{getpass.getuser()}/{platform}"
    return Device(id=uuid.uuid5(uuid.NAMESPACE_DNS, known).hex, platform=platform, label=f"terminal on {here}")


@asynccontextmanager
async def logged_in(reach: Reach) -> AsyncIterator[Client]:
    """Be logged in while inside, and log out at the end: nothing could resume the session later.

    Raises:
        Failure: The server does not let us in, or cannot be reached.
    """
    with told(reach):
        async with Unisono(reach.url) as unisono:
            client = await unisono.login(user=reach.user, token=reach.token, device=reach.device)
            try:
                yield client
            finally:
                with suppress(UnisonoError, TimeoutError):
                    async with asyncio.timeout(LOGOUT_DEADLINE_S):
                        await client.logout()


@contextmanager
def told(reach: Reach) -> Iterator[None]:
    """Turn what goes wrong with the server into a failure of the command."""
    try:
        yield
    except InvalidArgument as problem:
        raise Failure(str(problem), exit_code=Exit.USAGE) from None
    except NotLetIn as refused:
        raise Failure(f"{reach.user} is not let in: {refused}", exit_code=Exit.NOT_LET_IN, hint=LET_IN_HINT) from None
    except Refused as refused:
        raise of_code(refused.code, str(refused)) from None
    except LinkDown as problem:
        raise Failure(
            f"no connection to {reach.url}: {problem}",
            exit_code=Exit.UNREACHABLE,
            hint="start the server with `unisono serve`, or name it with --url",
        ) from None
    except UnisonoError as problem:
        raise Failure(str(problem)) from None


def _always(token: str) -> Callable[[str], str]:
    return lambda _: token


def _minting(settings: Settings) -> Callable[[str], str]:
    return lambda user: new_token(settings, user, ttl_s=TOKEN_TTL_S).token
