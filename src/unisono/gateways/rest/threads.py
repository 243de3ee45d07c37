"""Threads under the messages of groups, on behalf of a user and for the operator."""

from typing import Final

from unisono.domain import answers as a
from unisono.domain import commands as c
from unisono.gateways.rest.acting import ONE, does
from unisono.gateways.rest.operating import operate
from unisono.gateways.rest.operations import Operation
from unisono.gateways.rest.shapes import OfAnyConversation, OfMessage, OfUser

THREAD_OPERATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.CreateThread,
        a.ConversationView,
        at=("PUT", ONE + "/messages/{message}/thread"),
        name="createThread",
        summary="Begin the thread under a message of a group, or give the one that is there",
        params=OfMessage,
        faults=("limit_reached",),
    ),
    does(
        c.ListThreads,
        a.Conversations,
        at=("GET", ONE + "/threads"),
        name="listThreads",
        summary="List the threads of a group that are not over",
    ),
    does(
        c.ListThreads,
        a.Conversations,
        at=("GET", "/v1/users/{user}/threads"),
        name="listThreadsOfUser",
        summary="List the threads that a user is in",
        params=OfUser,
        without=("conversation",),
    ),
    does(
        c.ListThreads,
        a.Conversations,
        at=("GET", "/v1/conversations/{conversation}/threads"),
        name="seeThreads",
        summary="List the threads of any group that are not over",
        params=OfAnyConversation,
        carry=operate,
    ),
)
