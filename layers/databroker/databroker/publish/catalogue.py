"""The pages of a dataset version: its variables and its rules, in Dutch Markdown.

Each variable and each rule has a heading of its own, so that anything can point at it
(`regels.md#f-001`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from databroker.dataset import IdClass, Phase, Scope
from databroker.dataset.words import allowed, codes_of, kind, length, needed, number, usual
from databroker.findings import Level
from databroker.publish.conditions import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from databroker.dataset import Dataset, Field, Rule

_MADE = (
    "*Gemaakt uit de gegevens van de dataset (`make docs`); wijzig niet hier maar in "
    "`layers/datasets/`.*"
)
_PHASES = {
    Phase.STRUCTURE: "bij de controle van de structuur",
    Phase.PSEUDONYMISE: "voor het pseudonimiseren",
    Phase.VALIDATE: "bij het valideren",
    Phase.CONFLICT: "bij het vergelijken met de database",
}
_SCOPES = {
    Scope.FILE: "het bestand als geheel",
    Scope.FIELD: "elke variabele",
    Scope.ROW: "een record",
    Scope.ROW_IN_FILE: "de records van het bestand samen",
    Scope.LEAD: "elke lead met een ingreep",
    Scope.LEAD_SLOT: "elke lead waarvan iets is ingevuld",
    Scope.DATABASE: "een record naast wat al geregistreerd is",
}
_PERSONAL = {
    IdClass.DIRECT: "direct: gewist na het pseudonimiseren",
    IdClass.QUASI: "indirect: nooit getoond in meldingen",
}
_LEAD = "[n]"
"""Stands for the number of a lead."""


def fields_page(dataset: Dataset) -> str:
    """Write the page of the variables."""
    lines = [
        f"# Variabelen van {dataset.label}, versie {dataset.version}",
        "",
        _MADE,
        "",
        (
            f"Een kolom staat in het werkblad `{dataset.sheet}` of in een CSV-bestand onder de naam die "
            f"hier de kop is. Bij de leads staat `{_LEAD}` voor het nummer van de lead. De regels staan "
            "in [regels.md](regels.md)."
        ),
        "",
        "| kolom | variabele | omschrijving | verplicht |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_positions(field)} | {_to_field(field, '')} | {_cell(_label(field))} "
        f"| {_cell(_needed(field))} |"
        for field in dataset.fields
    ]
    for field in dataset.fields:
        lines += ["", *_field(field, dataset)]
    return "\n".join(lines) + "\n"


def rules_page(dataset: Dataset) -> str:
    """Write the page of the rules."""
    lines = [
        f"# Regels van {dataset.label}, versie {dataset.version}",
        "",
        _MADE,
        "",
        (
            "Wat tussen « en » staat, wordt in de melding ingevuld. De variabelen staan in "
            "[variabelen.md](variabelen.md)."
        ),
    ]
    for level in Level:
        rules = [rule for code, rule in dataset.rules.items() if code.startswith(f"{level}-")]
        if rules:
            lines += ["", f"## {level.severity}", "", f"{level.meaning}.", ""]
            lines += [
                f"- [{rule.code}](#{rule.code.lower()}) {_text(rule.message)}" for rule in rules
            ]
    lines += ["", "## De regels een voor een"]
    for rule in dataset.rules.values():
        lines += ["", *_rule(rule, dataset)]
    return "\n".join(lines) + "\n"


# --- a variable ------------------------------------------------------------------------------------
def _field(field: Field, dataset: Dataset) -> Iterator[str]:
    yield f"### {_name(field)}"
    yield ""
    yield f"**{_text(_label(field))}**"
    yield ""
    yield from (f"- {what}: {_text(value)}" for what, value in _facts(field) if value)
    for what, condition in (
        ("Verplicht", field.required_when),
        ("Van toepassing", field.applies_when),
        ("Telt mee voor de volledigheid", field.counts_when),
    ):
        if condition:
            yield f"- {what} als: {_when(condition, dataset)}"
    if field.codes is not None:
        yield ""
        yield "| code | betekenis |"
        yield "|---|---|"
        yield from (f"| {code} | {_cell(label)} |" for code, label in codes_of(field).items())


def _facts(field: Field) -> Iterable[tuple[str, str]]:
    norm = f"{number(field.norm)} %" if field.norm is not None else ""
    numeric = field.type in {"geheel", "decimaal"}
    return (
        ("Nummer", field.number if field.number != "-" else ""),
        ("Kolom in het handboek", _positions(field)),
        ("Kolom in het bestand", "verplicht" if field.column_required else "mag ontbreken"),
        ("Type", kind(field)),
        ("Notatie", field.format or ""),
        ("Lengte", length(field)),
        ("Eenheid", field.unit or ""),
        ("Toegestaan", allowed(field) if numeric else ""),
        ("Gebruikelijk", usual(field)),
        ("Onbekend", field.unknown or ""),
        ("Verplicht", _needed(field)),
        ("Norm voor volledigheid", norm),
        ("Ook goed als kolomnaam", ", ".join(field.aliases)),
        ("Persoonsgegeven", _PERSONAL.get(field.id_class, "")),
    )


def _name(field: Field) -> str:
    return field.name.replace("{n}", _LEAD)


def _label(field: Field) -> str:
    return field.label.replace("{n}", _LEAD)


def _needed(field: Field) -> str:
    return needed(field, _LEAD)


def _positions(field: Field) -> str:
    return ", ".join(map(str, field.positions))


def _to_field(field: Field, page: str) -> str:
    anchor = re.sub(r"[^\w-]", "", _name(field).lower())
    return f"[`{_name(field)}`]({page}#{anchor})"


# --- a rule ----------------------------------------------------------------------------------------
def _rule(rule: Rule, dataset: Dataset) -> Iterator[str]:
    level = Level(rule.code.partition("-")[0])
    fields = {field.name: field for field in dataset.fields}
    # A rule about a group of variables is told with the first of them as the example.
    example, *alike = rule.cases(dataset.groups)
    names = dict.fromkeys(name for case in (example, *alike) for name in case.fields)
    # A rule may look at what the privacy step makes (`leeftijd`), which is not a variable.
    named = [
        _to_field(fields[name], "variabelen.md") if name in fields else f"`{name}`"
        for name in names
    ]
    yield f"### {rule.code}"
    yield ""
    yield f"**{_text(rule.message)}**"
    yield ""
    yield f"- Ernst: {level.severity}. {level.meaning}."
    yield f"- Gevonden: {_PHASES[rule.phase]}; gaat over {_SCOPES[rule.scope]}"
    if named:
        yield f"- Variabelen: {', '.join(named)}"
    if example.fires_when:
        like = "bijvoorbeeld als " if alike else ""
        yield f"- Wanneer: {like}{_when(example.fires_when, dataset)}"
    yield f"- Wat te doen: {_text(rule.fix)}"
    yield f"- Bron: {_text(rule.source)}"


def _when(condition: str, dataset: Dataset) -> str:
    told = in_words(condition, dataset)
    if told is None:
        return f"`{condition}`"
    if len(told) == 1:
        return told[0]
    return "dit geldt allemaal:\n" + "\n".join(f"  - {part}" for part in told)


# --- text ------------------------------------------------------------------------------------------
def _text(text: str) -> str:
    """Write a text so that nothing in it is Markdown, its placeholders marked."""
    plain = re.sub(r"([\\`*\[\]<])", r"\\\1", text)
    return re.sub(r"{([^}]+)}", lambda found: f"«{found[1]}»", plain)


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")
