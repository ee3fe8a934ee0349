"""SES: mail to a hospital."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from databroker.adapters.aws import client, passing_faults
from databroker.adapters.directory import SsmCentres
from databroker.adapters.settings import Settings
from databroker.ports import Post

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class SesMailer:
    """SES with one sender address."""

    sender: str

    def send(self, to: Sequence[str], subject: str, text: str, html: str) -> None:
        """Send one simple mail, text and HTML."""
        body = {"Text": _utf8(text), "Html": _utf8(html)}
        with passing_faults():
            client("sesv2").send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": list(to)},
                Content={"Simple": {"Subject": _utf8(subject), "Body": body}},
            )


class PostSettings(Settings):
    """The names that `template.yaml` gives to a function that mails."""

    centres_path: str = Field(alias="CENTRES_PATH", min_length=3)
    mail_from: str = Field(alias="MAIL_FROM", min_length=3)
    operations_email: str = Field(alias="OPERATIONS_EMAIL", min_length=3)
    page_url: str = Field(alias="PAGE_URL", min_length=3)

    @property
    def post(self) -> Post:
        """Put the post together."""
        return Post(
            SesMailer(self.mail_from),
            SsmCentres(self.centres_path),
            self.operations_email,
            self.page_url,
        )


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
