"""What holds in an app about who may write to whom, now."""

from unisono.domain.contact_facts import Writing


class ContactPolicy:
    """Read at every decision, so that a change holds from the next one on; `governing` changes it."""

    def __init__(self, writing: Writing) -> None:
        """Begin with what the settings say."""
        self.writing: Writing = writing
