"""All that is answered over HTTP, below /1.1 and /1.2."""

from typing import Final

from unisono.gateways.leancloud.desk import Endpoint
from unisono.gateways.leancloud.filing import FILE_ENDPOINTS
from unisono.gateways.leancloud.signing_in import SIGNING_ENDPOINTS

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*SIGNING_ENDPOINTS, *FILE_ENDPOINTS)
