"""The pages of a dataset: everything of the data is there, under a heading that stays."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from databroker.findings import Language
from databroker.publish import fields_page, rules_page
from tests.support.interventions import interventie

if TYPE_CHECKING:
    from databroker.dataset import Rule

DATASET = interventie()


def part(page: str, heading: str) -> str:
    """Give what stands under a heading."""
    _, found, rest = page.partition(f"\n### {heading}\n")
    assert found, heading
    return re.split(r"\n##+ ", rest)[0]


def plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("«", "{").replace("»", "}")


def test_every_rule_has_a_heading_of_its_code_alone_so_that_a_link_to_it_stays() -> None:
    headings = re.findall(r"^### (.+)$", rules_page(DATASET), re.MULTILINE)

    assert headings == list(DATASET.rules)
    assert DATASET.rule_page == f"docs/datasets/pmicd-interventie/{DATASET.version}/regels.md"


def test_a_rule_is_told_with_the_texts_of_the_data() -> None:
    page = rules_page(DATASET)

    for rule in DATASET.rules.values():
        told = plain(part(page, rule.code))
        assert f"**{rule.message}**" in told
        assert f"- Wat te doen: {rule.fix}" in told


def test_the_page_in_english_has_the_same_headings_and_the_english_texts() -> None:
    dutch, page = rules_page(DATASET), rules_page(DATASET, Language.ENGLISH)

    assert re.findall("^### .+$", page, re.MULTILINE) == re.findall("^### .+$", dutch, re.MULTILINE)
    for rule in DATASET.rules.values():
        told = plain(part(page, rule.code))
        assert f"**{rule.message_en}**" in told
        assert f"- What to do: {rule.fix_en}" in told
    assert part(page, "F-204").strip().splitlines()[2:6] == [
        "- Severity: Error (record). This record cannot be taken into the database.",
        "- Found: in validation; about a record",
        (
            "- Variables: [`interv_afgebroken`](variabelen.md#interv_afgebroken), "
            "[`type_ingreep_device`](variabelen.md#type_ingreep_device)"
        ),
        f"- When: `{DATASET.rules['F-204'].fires_when}`",
    ]


def test_a_rule_tells_its_level_its_moment_its_variables_and_when() -> None:
    told = part(rules_page(DATASET), "F-204")

    assert told.strip().splitlines()[2:9] == [
        "- Ernst: Fout (record). Dit record kan niet worden opgenomen in de database.",
        "- Gevonden: bij het valideren; gaat over een record",
        (
            "- Variabelen: [`interv_afgebroken`](variabelen.md#interv_afgebroken), "
            "[`type_ingreep_device`](variabelen.md#type_ingreep_device)"
        ),
        "- Wanneer: dit geldt allemaal:",
        "  - `interv_afgebroken` is 1 (Ja)",
        "  - `type_ingreep_device` is ingevuld en niet 0 (Geen)",
        "- Wat te doen: Zet type_ingreep_device op 0.",
    ]


def test_a_condition_without_words_is_shown_as_it_is_written() -> None:
    rule: Rule = replace(DATASET.rules["F-204"], fires_when="not (LVEF == 1 and lengte == 2)")

    page = rules_page(replace(DATASET, rules={"F-204": rule}))

    assert "- Wanneer: `not (LVEF == 1 and lengte == 2)`" in part(page, "F-204")


def test_every_variable_is_told_with_its_facts() -> None:
    told = part(fields_page(DATASET), "gewicht")

    assert told.strip().splitlines() == [
        "**Gewicht**",
        "",
        "- Nummer: PMICD-PAT-20",
        "- Kolom in het handboek: 10",
        "- Kolom in het bestand: verplicht",
        "- Type: getal",
        "- Notatie: maximaal 1 decimaal",
        "- Eenheid: kg",
        "- Toegestaan: getal met hoogstens 1 decimaal van 0,4 t/m 250 kg, of -1 = onbekend",
        "- Gebruikelijk: van 35 t/m 180 kg",
        "- Onbekend: -1",
        "- Verplicht: altijd",
        "- Norm voor volledigheid: 95 %",
    ]


def test_every_code_of_every_variable_is_in_its_table() -> None:
    page = fields_page(DATASET)

    for field in DATASET.fields:
        told = part(page, field.name.replace("{n}", "[n]"))
        for code, label in (field.codes or {}).items():
            assert f"| {code} | {label} |" in told


def test_text_of_the_data_is_never_markdown() -> None:
    rule = replace(DATASET.rules["F-201"], message="Let *op* [hier](x) <b>")

    page = rules_page(replace(DATASET, rules={"F-201": rule}))

    assert r"**Let \*op\* \[hier\](x) \<b>**" in page
