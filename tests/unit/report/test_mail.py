"""The completion mail says that it is done and how it went, and nothing about a patient."""

import dataclasses
import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from databroker.delivery import Centre, Counts, Kind, Status
from databroker.report.mail import Mail, completion_mail
from tests.support.reports import a_delivery

FINAL = [status for status in Status if status not in {Status.RECEIVED, Status.WAITING}]
PAGE = "https://databroker.example/?centrum=MCX&taal=nl"


def a_mail(**changes):
    facts = {
        "delivery": a_delivery(),
        "status": Status.PROCESSED,
        "counts": Counts(records=311, accepted=298, refused=13, new=201, changed=57, unchanged=40),
        "finished_at": dt.datetime(2026, 7, 1, 22, 5, tzinfo=dt.UTC),
        "page_url": PAGE,
    }
    return completion_mail(**(facts | changes))


class Page(HTMLParser):
    """What a reader of the html sees and can follow."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.links, self.language = "", [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "html":
            self.language = dict(attrs).get("lang")
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        self.text += data


def test_the_subject_is_the_agreed_one():
    assert a_mail().subject == "NHR PM/ICD: verwerking van uw bestand is afgerond"


def test_the_text_reads_as_a_letter():
    text = a_mail().text

    assert text == (
        "Beste lezer,\n\n"
        "De verwerking van uw bestand is afgerond.\n\n"
        "Status: Verwerkt\n"
        "Uw bestand is gecontroleerd en de goedgekeurde records zijn in de database opgenomen.\n\n"
        "Soort bestand:  Productie\n"
        "Aangeboden:     22-11-2026 om 08:14 uur\n"
        "Afgerond:       02-07-2026 om 00:05 uur\n"
        "Aanlevering:    MCX-20261122-0123456789abcdef\n\n"
        "Aantal records in bestand:  311\n"
        "Geaccepteerde records:      298\n"
        "Geweigerde records:         13\n"
        "Nieuw:                      201\n"
        "Gewijzigd:                  57\n"
        "Ongewijzigd:                40\n\n"
        "Controleer de uploadrapportage. Verbeter geweigerde records en lever ze opnieuw aan.\n\n"
        "U vindt de uploadrapportage na het inloggen op:\n"
        f"{PAGE}\n\n"
        "Met vriendelijke groet,\n"
        "Nederlandse Hart Registratie\n\n"
        "Dit is een automatisch bericht. Om privacyredenen staan er geen gegevens uit uw bestand "
        "in.\n"
    )


@pytest.mark.parametrize("status", FINAL)
def test_text_and_html_say_the_same(status):
    mail = a_mail(status=status)

    seen = Page(mail.html).text
    facts = re.findall(
        r"\d[\d-]+\d|MCX-\w+-\w+|\b(?:Productie|Verwerkt|Getest|Geweigerd|Mislukt)\b", mail.text
    )

    assert facts
    assert [fact for fact in facts if fact not in seen] == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.PROCESSED, "goedgekeurde records zijn in de database opgenomen"),
        (Status.TESTED, "Er is niets in de database opgenomen"),
        (Status.REFUSED, "Geen enkel record kan in de database worden opgenomen"),
        (Status.FAILED, "Dit ligt niet aan uw bestand"),
    ],
)
def test_every_outcome_is_told_in_plain_words(status, said):
    mail = a_mail(status=status)

    assert said in mail.text
    assert said in mail.html


def test_a_failed_delivery_has_no_counts_to_tell():
    assert "records" not in a_mail(status=Status.FAILED).text


@pytest.mark.parametrize("status", [Status.TESTED, Status.REFUSED])
def test_what_was_never_compared_is_not_called_new(status):
    assert "Ongewijzigd" not in a_mail(status=status).text


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("kind", list(Kind))
def test_no_file_name_is_in_the_mail(status, kind):
    delivery = a_delivery(kind=kind, file_name="patient Voorbeeld 12-02-1943.xlsx")

    mail = a_mail(delivery=delivery, status=status)

    everything = mail.subject + mail.text + mail.html
    assert "Voorbeeld" not in everything
    assert "1943" not in everything


def test_the_html_is_a_dutch_page_that_loads_and_follows_nothing():
    page = Page(a_mail().html)

    assert page.language == "nl"
    assert page.links == [PAGE]
    assert not {"img", "script", "link", "iframe", "form"} & set(page.tags)
    assert page.tags.count("h1") == 1
    assert page.tags.count("caption") == page.tags.count("table") == 2


def test_what_looks_like_html_stays_text():
    delivery = dataclasses.replace(a_delivery(), delivery_id='<b>"&', centre=Centre("MCX"))

    html = a_mail(delivery=delivery, page_url='https://x.example/"><script>').html

    assert "<b>" not in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    "sneaky", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x85b"]
)
def test_a_subject_cannot_bring_a_header_of_its_own(sneaky):
    with pytest.raises(ValueError, match="one printable line"):
        Mail(subject=sneaky, text="", html="")


def test_a_delivery_that_is_not_done_has_no_mail():
    with pytest.raises(KeyError):
        a_mail(status=Status.RECEIVED)
