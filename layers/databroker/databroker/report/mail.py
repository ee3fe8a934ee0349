"""The completion mail: that it is done and how it went, and nothing that leads to a patient.

Mail travels in the open (trust model, T39): no file name, no value, no record number, no
attachment and nothing that tells the sender who read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from databroker.delivery import Kind, Status

if TYPE_CHECKING:
    import datetime as dt

    from databroker.delivery import Counts, Delivery

SUBJECT = "NHR PM/ICD: verwerking van uw bestand is afgerond"

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_KINDS = {Kind.PRODUCTION: "Productie", Kind.TEST: "Test"}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a status means to the reader, and what there is to do."""

    status: str
    meaning: str
    advice: str


_OUTCOMES = {
    Status.PROCESSED: _Outcome(
        "Verwerkt",
        "Uw bestand is gecontroleerd en de goedgekeurde records zijn in de database opgenomen.",
        "Controleer de uploadrapportage. Verbeter geweigerde records en lever ze opnieuw aan.",
    ),
    Status.TESTED: _Outcome(
        "Getest",
        "Uw bestand is als test gecontroleerd. Er is niets in de database opgenomen.",
        "Controleer de uploadrapportage. Is alles in orde, lever het bestand dan aan als productie.",
    ),
    Status.REFUSED: _Outcome(
        "Geweigerd",
        "Geen enkel record kan in de database worden opgenomen.",
        "In de uploadrapportage staat wat er aan de hand is. Verbeter het bestand en bied het "
        "opnieuw aan.",
    ),
    Status.FAILED: _Outcome(
        "Mislukt",
        "Door een technische storing is de verwerking niet afgerond. Dit ligt niet aan uw bestand; "
        "de NHR is gewaarschuwd.",
        "Het aangeboden bestand is verwijderd. Bied het later opnieuw aan; dubbel aanleveren kan "
        "geen kwaad.",
    ),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to be handed over."""

    subject: str
    text: str
    html: str

    def __post_init__(self) -> None:
        """Refuse a subject that would smuggle in another header.

        Raises:
            ValueError: there is a line break or another control character in the subject.
        """
        if not self.subject.isprintable():
            raise ValueError("a mail subject is one printable line")


def completion_mail(
    *,
    delivery: Delivery,
    status: Status,
    counts: Counts,
    finished_at: dt.datetime,
    page_url: str,
) -> Mail:
    """Write the mail that tells a hospital its delivery is done (manual, section 5).

    Raises:
        KeyError: the status is not final.
    """
    facts = {
        "subject": SUBJECT,
        "outcome": _OUTCOMES[status],
        "kind": _KINDS[delivery.kind],
        "received_at": _moment(delivery.received_at),
        "finished_at": _moment(finished_at),
        "counts": counts,
        "counted": status is not Status.FAILED,
        "compared": status is Status.PROCESSED,
        "delivery_id": delivery.delivery_id,
        "page_url": page_url,
    }
    texts = _texts()
    return Mail(
        subject=SUBJECT,
        text=texts.get_template("completion.txt").render(facts),
        html=texts.get_template("completion.html").render(facts),
    )


def _moment(when: dt.datetime) -> str:
    return when.astimezone(_AMSTERDAM).strftime("%d-%m-%Y om %H:%M uur")


@cache
def _texts() -> Environment:
    return Environment(
        loader=PackageLoader("databroker.report", "texts"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
