"""What stops a start: an identity that the settings ask for and that cannot be had."""


class UnusableIdentityError(ValueError):
    """Root of the two."""


class UnusableKeyError(UnusableIdentityError):
    """A configured key cannot be read or used."""


class UnusableFunctionError(UnusableIdentityError):
    """The function that the settings name cannot be used."""
