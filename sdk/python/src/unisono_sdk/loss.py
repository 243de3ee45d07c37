"""Why a link ended, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from unisono_sdk.advice import Advice, advice_of, code_of_close, read_advice
from unisono_sdk.errors import ClientClosed, LinkDown, Number, Refused, UnisonoError, refused
from unisono_sdk.facts import Label
from unisono_sdk.frames import Bye

LINK_LOST = "link_lost"


@dataclass(frozen=True, slots=True)
class Loss:
    """The end of a link. `newcomer` is the device that took the place, when one did.

    `cause` is what a function of the program raised, when that is why there is no link: its caller gets it as it is.
    """

    code: str
    message: str
    advice: Advice
    retry_after_ms: int | None = None
    newcomer: Label | None = None
    numbers: Mapping[str, Number] | None = None
    cause: Exception | None = None

    @property
    def error(self) -> UnisonoError:
        """Give the loss as what a waiting caller gets."""
        if self.code in {LINK_LOST, "protocol"}:
            return LinkDown(self.message)
        if self.code == ClientClosed.code:
            return ClientClosed(self.message)
        return refused(
            self.code,
            self.message,
            retryable=advice_of(self.code) in {Advice.LATER, Advice.RECONNECT},
            retry_after_ms=self.retry_after_ms,
            numbers=self.numbers,
        )


def broken(message: str) -> Loss:
    """Give the loss of a link that broke without a word."""
    return Loss(LINK_LOST, message, Advice.LATER)


def garbled(message: str) -> Loss:
    """Give the loss of a link on which the server spoke something else."""
    return Loss("protocol", message, Advice.LATER)


def closed_here() -> Loss:
    """Give the loss of a link that this program closed."""
    return Loss(ClientClosed.code, "the client was closed", Advice.STOP)


def of_bye(bye: Bye) -> Loss:
    """Give the loss that the server announced."""
    return Loss(bye.code, bye.message, read_advice(bye.advice), bye.retry_after_ms, bye.newcomer)


def of_close(close: int | None, reason: str) -> Loss:
    """Give the loss that a close code tells of."""
    code = code_of_close(close)
    if code == LINK_LOST:
        return broken(f"the connection was lost ({close}{': ' + reason if reason else ''})")
    return Loss(code, reason or code, advice_of(code))


def of_refusal(refusal: Refused) -> Loss:
    """Give the loss of a link whose greeting was refused."""
    return Loss(refusal.code, str(refusal), advice_of(refusal.code), refusal.retry_after_ms, None, refusal.numbers)
