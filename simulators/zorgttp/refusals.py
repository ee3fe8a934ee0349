"""Why the simulator says no: to an account, to a whole call, or to one item of it."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why an account or a whole call is refused.

    200, 303 and 999 are those of TRES, the sister service of ZorgTTP; 2xxx is fatal (ZorgTTP),
    the last digits are ours.
    """

    ACCOUNT_NOT_ENABLED = "200"
    ACCOUNT_EXPIRED = "999"
    NO_RIGHT = "303"
    NOT_UNDERSTOOD = "2001"
    TOO_MANY = "2002"
    UNKNOWN_TYPE = "2003"
    UNKNOWN_FIELD = "2004"

    @property
    def status(self) -> int:
        """Give the HTTP status that goes with it."""
        match self:
            case Refusal.ACCOUNT_NOT_ENABLED | Refusal.ACCOUNT_EXPIRED:
                return 401
            case Refusal.NO_RIGHT:
                return 403
            case _:
                return 422


class ItemCode(StrEnum):
    """Why one pseudonym of a call is not dealt with; 316 is of TRES, the others are ours."""

    UNKNOWN = "2101"
    FOREIGN = "2102"
    EXPIRED = "2103"
    REPLAYED = "2104"
    VERSION_OVER = "2105"
    UNREADABLE = "316"


class RefusedError(Exception):
    """The account or the whole call is refused; nothing of it was done."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class ItemError(Exception):
    """One item is no good; the others of the call are dealt with."""

    def __init__(self, code: ItemCode) -> None:
        super().__init__(code)
        self.code = code
