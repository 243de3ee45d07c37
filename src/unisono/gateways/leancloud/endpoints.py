"""All that is answered over HTTP, below /1.1 and /1.2."""

from typing import Final

from unisono.gateways.leancloud.desk import Endpoint
from unisono.gateways.leancloud.filing import FILE_ENDPOINTS
from unisono.gateways.leancloud.rest_clients import CLIENT_ENDPOINTS
from unisono.gateways.leancloud.rest_conversations import CONVERSATION_ENDPOINTS
from unisono.gateways.leancloud.rest_members import MEMBER_ENDPOINTS
from unisono.gateways.leancloud.rest_messages import MESSAGE_ENDPOINTS
from unisono.gateways.leancloud.rest_said import SAID_ENDPOINTS
from unisono.gateways.leancloud.rest_services import SERVICE_ENDPOINTS
from unisono.gateways.leancloud.rest_session import SESSION_ENDPOINTS
from unisono.gateways.leancloud.signing_in import SIGNING_ENDPOINTS

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *SIGNING_ENDPOINTS,
    *SESSION_ENDPOINTS,
    *CONVERSATION_ENDPOINTS,
    *MEMBER_ENDPOINTS,
    *MESSAGE_ENDPOINTS,
    *SERVICE_ENDPOINTS,
    *SAID_ENDPOINTS,
    *CLIENT_ENDPOINTS,
    *FILE_ENDPOINTS,
)
