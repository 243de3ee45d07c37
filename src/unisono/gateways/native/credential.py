"""What a login brings along, besides what it says itself."""

from unisono.domain.commands import Login
from unisono.gateways.hosting.opening import Opening
from unisono.ports.identity import Credential


def credential_of(request: Opening, address: str, command: Login) -> Credential:
    """Give what the identity may look at: the login, and the request that opened the connection."""
    return Credential(
        token=command.token,
        wish=command.user,
        device=command.device.id,
        platform=command.device.platform,
        tab=command.tab,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query),
        cookies=dict(request.cookies),
        address=address,
        path=request.path,
    )
