"""Facts and answers about contacts, with the least and the most they hold."""

from typing import Final

from tests.vectors.commands import ANN, BOB, CAT
from unisono.domain import contact_facts as k
from unisono.domain.ids import Instant
from unisono.domain.ties import Contacts, ContactView, WritingRule

NOW: Final = Instant(1_795_219_200_123)
CONTACT_FACTS: Final[dict[str, k.ContactFact]] = {
    "contact_invited: by me": k.ContactInvited(BOB, by=ANN),
    "contact_invited: by another": k.ContactInvited(BOB, by=BOB, message="We met in Rome"),
    "contact_agreed": k.ContactAgreed(BOB, by=ANN),
    "contact_declined": k.ContactDeclined(BOB, by=BOB),
    "contact_removed": k.ContactRemoved(BOB, by=BOB),
    "remark_set": k.RemarkSet(BOB, by=ANN, remark="from Rome"),
    "remark_set: nothing": k.RemarkSet(BOB, by=ANN),
    "users_blocked": k.UsersBlocked((BOB, CAT), by=ANN),
    "users_unblocked": k.UsersUnblocked((BOB,), by=ANN),
    "writing_set": k.WritingSet("contacts", by=ANN),
}
CONTACT_ANSWERS: Final[dict[str, Contacts | WritingRule]] = {
    "writing": WritingRule("contacts"),
    "writing: anyone": WritingRule(),
    "contacts: none": Contacts(()),
    "contacts": Contacts(
        (
            ContactView(BOB, "friend", NOW, is_blocked=True, remark="from Rome"),
            ContactView(CAT, "asked", NOW, message="We met in Rome"),
        ),
        next=CAT,
    ),
}
