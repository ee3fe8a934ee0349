"""Verstuur bericht: the hospital hears that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databroker.ports import ProfileUnreadableError
from databroker.report.mail import completion_mail

if TYPE_CHECKING:
    from databroker.delivery import Centre, Delivery
    from databroker.ports import Ledger, Post


def notify(delivery: Delivery, *, ledger: Ledger, post: Post) -> int:
    """Send the mail that tells what the ledger says, once, and give the number of addresses it went to.

    Sent first and noted after: a crash between the two gives a second mail, never none.
    """
    ending = ledger.ending(delivery.delivery_id)
    if ending is None or ledger.mailed(delivery.delivery_id):
        return 0
    to = _addresses(delivery.centre, post)
    mail = completion_mail(
        delivery=delivery,
        status=ending.status,
        counts=ending.counts,
        finished_at=ending.finished_at,
        page_url=post.page_url,
    )
    post.mailer.send(to, mail.subject, mail.text, mail.html)
    ledger.mark_mailed(delivery.delivery_id)
    return len(to)


def _addresses(centre: Centre, post: Post) -> tuple[str, ...]:
    """Give who hears of a delivery: NHR itself, where it cannot tell who the hospital is."""
    try:
        profile = post.centres.find(centre)
    except ProfileUnreadableError:
        profile = None
    return profile.emails if profile else (post.operations_email,)
