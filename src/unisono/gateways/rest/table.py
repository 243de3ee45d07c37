"""All operations of the operator's door."""

from typing import Final

from unisono.gateways.rest.acting import ACTING_OPERATIONS
from unisono.gateways.rest.announcing import ANNOUNCING_OPERATIONS
from unisono.gateways.rest.arranging import ARRANGING_OPERATIONS
from unisono.gateways.rest.broadcasts import BROADCAST_OPERATIONS
from unisono.gateways.rest.contacts import CONTACT_OPERATIONS
from unisono.gateways.rest.erasing import ERASING_OPERATIONS
from unisono.gateways.rest.exporting import EXPORT_OPERATIONS
from unisono.gateways.rest.importing import IMPORT_OPERATIONS
from unisono.gateways.rest.operating import OPERATING_OPERATIONS
from unisono.gateways.rest.operations import Operation
from unisono.gateways.rest.policy import POLICY_OPERATIONS
from unisono.gateways.rest.sessions import SESSION_OPERATIONS
from unisono.gateways.rest.telling import TELLING_OPERATIONS
from unisono.gateways.rest.threads import THREAD_OPERATIONS

OPERATIONS: Final[tuple[Operation, ...]] = (
    *SESSION_OPERATIONS,
    *ACTING_OPERATIONS,
    *ARRANGING_OPERATIONS,
    *CONTACT_OPERATIONS,
    *OPERATING_OPERATIONS,
    *ANNOUNCING_OPERATIONS,
    *BROADCAST_OPERATIONS,
    *EXPORT_OPERATIONS,
    *ERASING_OPERATIONS,
    *IMPORT_OPERATIONS,
    *TELLING_OPERATIONS,
    *POLICY_OPERATIONS,
    *THREAD_OPERATIONS,
)
