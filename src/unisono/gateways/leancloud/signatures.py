"""Signatures of the application's own server: for what the operator says, a client has to bring one."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from unisono.app.parts import Parts
from unisono.domain.errors import Invalid, KeyReused
from unisono.domain.ids import Instant, UserId
from unisono.gateways.leancloud.refused import Refused
from unisono.leancloud_settings import LeanCloudApp, SignedAct
from unisono.ports.requests import Request
from unisono.wire.leancloud import signing
from unisono.wire.leancloud.codes import ERRORS, LeanCloudError
from unisono.wire.leancloud.signing import Action, Proof

WINDOW_MS: Final = 6 * 3_600_000
"""How far the time of a signature may be from now. A nonce is remembered for a day, which is longer than twice that."""
KEY_PREFIX: Final = "leancloud:"
"""What sets signatures apart from requests over REST and from grants, among all that is done once."""
Texts = Callable[[Proof], Sequence[str]]
CODES: Final[dict[SignedAct, int]] = {"logins": 4102, "conversations": 4302, "blocks": 4546, "history": 4302}
"""What a client is told whose signature is missing or not good."""


class Signatures:
    """Checks the signatures of one app. Where its settings ask for none, any is good, and none at all."""

    def __init__(self, app: LeanCloudApp, parts: Parts) -> None:
        self._id: Final = app.id
        self._key: Final = app.master_key
        self._acts: Final = frozenset(app.signed)
        self._is_once: Final = app.once
        self._parts: Final = parts

    async def check_login(self, user: UserId, proof: Proof | None) -> None:
        """Let a user in.

        Raises:
            Refused: 4102. A signature is needed, and this is none, or not for now, or was used before.
        """
        await self._check("logins", proof, lambda given: [signing.login_text(self._id, user, given)])

    async def check_create(self, user: UserId, members: Iterable[UserId], proof: Proof | None) -> None:
        """Let a user create a conversation of these members, as the client names them.

        Raises:
            Refused: 4302.
        """
        named = list(members)
        await self._check("conversations", proof, lambda given: [signing.creation_text(self._id, user, named, given)])

    async def check_add(self, user: UserId, cid: str, users: Sequence[UserId], proof: Proof | None) -> None:
        """Let a user bring users, or themselves, into the conversation that the client calls `cid`.

        Raises:
            Refused: 4302.
        """
        await self._check_action("conversations", "join", user, cid, users, proof=proof)

    async def check_remove(self, user: UserId, cid: str, users: Sequence[UserId], proof: Proof | None) -> None:
        """Let a user remove users. Leaving takes no signature.

        Raises:
            Refused: 4302.
        """
        if set(users) != {user}:
            await self._check_action("conversations", "remove", user, cid, users, proof=proof)

    async def check_block(
        self, user: UserId, cid: str, users: Sequence[UserId], proof: Proof | None, *, on: bool
    ) -> None:
        """Let a user block users in a conversation, or no longer.

        Raises:
            Refused: 4546.
        """
        await self._check_action("blocks", "block" if on else "unblock", user, cid, users, proof=proof)

    async def check_history(self, user: UserId, cid: str, proof: Proof | None) -> None:
        """Let history be read over REST in the name of a user.

        Raises:
            Refused: 4302.
        """
        await self._check("history", proof, lambda given: signing.history_texts(self._id, user, cid, given))

    def sign_login(self, user: UserId) -> Proof:
        """Make the proof with which a user, whom somebody else knows, may log in.

        Raises:
            Refused: 4102. Their id has a colon: what is signed for it might let in somebody else.
        """
        proof = Proof(self._now(), self._parts.entropy.secret(), "")
        [text] = _plain(ERRORS[CODES["logins"]], proof, lambda given: [signing.login_text(self._id, user, given)])
        return Proof(proof.timestamp, proof.nonce, signing.signature_of(text, self._key.reveal()))

    async def _check_action(
        self, act: SignedAct, action: Action, user: UserId, cid: str, users: Sequence[UserId], *, proof: Proof | None
    ) -> None:
        await self._check(
            act, proof, lambda given: signing.action_texts(self._id, user, cid, users, action=action, proof=given)
        )

    async def _check(self, act: SignedAct, proof: Proof | None, texts: Texts) -> None:
        if act not in self._acts:
            return
        error = ERRORS[CODES[act]]
        if proof is None:
            raise Refused(error, "a signature is needed")
        if not signing.is_signed(proof, _plain(error, proof, texts), self._key.reveal()):
            raise Refused(error, "the signature is not that of this request")
        if abs(self._now() - proof.at) > WINDOW_MS:
            raise Refused(error, "the time of the signature is more than 6 hours from now")
        if self._is_once:
            await self._use_up(act, proof)

    async def _use_up(self, act: SignedAct, proof: Proof) -> None:
        name = hashlib.sha256(f"{proof.timestamp}:{proof.nonce}".encode()).hexdigest()
        # No two attempts are the same request: a repeated one is not to be taken for the first.
        attempt = hashlib.sha256(self._parts.entropy.secret().encode()).digest()
        try:
            await self._parts.requests.begin(Request(KEY_PREFIX + name, attempt))
        except KeyReused:
            raise Refused(ERRORS[CODES[act]], "the signature was used before") from None

    def _now(self) -> Instant:
        return self._parts.clock.now()


def _plain(error: LeanCloudError, proof: Proof, texts: Texts) -> Sequence[str]:
    try:
        return texts(proof)
    except Invalid as invalid:
        raise Refused(error, str(invalid)) from None
