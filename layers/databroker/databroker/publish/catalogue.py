"""The pages of a dataset version, in Markdown: its variables, and its rules in both languages.

Each variable and each rule has a heading of its own, so that anything can point at it
(`regels.md#f-001`). The page in English tells the rules; the variables, and conditions in words,
are Dutch only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from databroker.dataset import IdClass, Phase, Scope
from databroker.dataset.words import allowed, codes_of, kind, length, needed, number, usual
from databroker.findings import Language, Level
from databroker.publish.conditions import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from databroker.dataset import Dataset, Field, Rule

_MADE = (
    "*Gemaakt uit de gegevens van de dataset (`make docs`); wijzig niet hier maar in "
    "`layers/datasets/`.*"
)
_PHASES = {
    Phase.STRUCTURE: ("bij de controle van de structuur", "when the structure is checked"),
    Phase.PSEUDONYMISE: ("voor het pseudonimiseren", "before pseudonymisation"),
    Phase.VALIDATE: ("bij het valideren", "in validation"),
    Phase.CONFLICT: ("bij het vergelijken met de database", "when compared with the database"),
}
_SCOPES = {
    Scope.FILE: ("het bestand als geheel", "the file as a whole"),
    Scope.FIELD: ("elke variabele", "every variable"),
    Scope.ROW: ("een record", "a record"),
    Scope.ROW_IN_FILE: ("de records van het bestand samen", "the records of the file together"),
    Scope.LEAD: ("elke lead met een ingreep", "every lead with a procedure"),
    Scope.LEAD_SLOT: (
        "elke lead waarvan iets is ingevuld",
        "every lead of which anything is filled in",
    ),
    Scope.DATABASE: (
        "een record naast wat al geregistreerd is",
        "a record beside what is registered",
    ),
}
_RULES = {
    "title": ("# Regels van {}, versie {}", "# Rules of {}, version {}"),
    "made": (
        _MADE,
        "*Made from the data of the dataset (`make docs`); change it in `layers/datasets/`.*",
    ),
    "about": (
        (
            "Wat tussen « en » staat, wordt in de melding ingevuld. De variabelen staan in "
            "[variabelen.md](variabelen.md). In English: [rules.md](rules.md)."
        ),
        (
            "What stands between « and » is filled in. The variables are in [variabelen.md](variabelen.md) "
            "(Dutch). In het Nederlands: [regels.md](regels.md)."
        ),
    ),
    "one by one": ("## De regels een voor een", "## The rules one by one"),
    "severity": ("- Ernst: {}. {}.", "- Severity: {}. {}."),
    "found": ("- Gevonden: {}; gaat over {}", "- Found: {}; about {}"),
    "variables": ("- Variabelen: {}", "- Variables: {}"),
    "when": ("- Wanneer: {}", "- When: {}"),
    "when alike": ("- Wanneer: bijvoorbeeld als {}", "- When: for example {}"),
    "fix": ("- Wat te doen: {}", "- What to do: {}"),
    "source": ("- Bron: {}", "- Source: {}"),
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


def rules_page(dataset: Dataset, language: Language = Language.DUTCH) -> str:
    """Write the page of the rules in a language; the anchors are the same in both."""
    title = _say(_RULES["title"], language, dataset.label, dataset.version)
    lines = [title, "", _say(_RULES["made"], language), "", _say(_RULES["about"], language)]
    for level in Level:
        rules = [rule for code, rule in dataset.rules.items() if code.startswith(f"{level}-")]
        if rules:
            severity, meaning = level.told_in(language)
            lines += ["", f"## {severity}", "", f"{meaning}.", ""]
            lines += [
                f"- [{rule.code}](#{rule.code.lower()}) {_text(rule.told_in(language)[0])}"
                for rule in rules
            ]
    lines += ["", _say(_RULES["one by one"], language)]
    for rule in dataset.rules.values():
        lines += ["", *_rule(rule, dataset, language)]
    return "\n".join(lines) + "\n"


def _say(words: tuple[str, str], language: Language, *parts: str) -> str:
    return words[language is Language.ENGLISH].format(*parts)


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
def _rule(rule: Rule, dataset: Dataset, language: Language) -> Iterator[str]:
    def say(what: str, *parts: str) -> str:
        return _say(_RULES[what], language, *parts)

    level = Level(rule.code.partition("-")[0])
    message, fix = rule.told_in(language)
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
    yield f"**{_text(message)}**"
    yield ""
    yield say("severity", *level.told_in(language))
    yield say("found", _say(_PHASES[rule.phase], language), _say(_SCOPES[rule.scope], language))
    if named:
        yield say("variables", ", ".join(named))
    if example.fires_when:
        dutch = language is Language.DUTCH
        when = _when(example.fires_when, dataset) if dutch else f"`{example.fires_when}`"
        yield say("when alike" if alike else "when", when)
    yield say("fix", _text(fix))
    yield say("source", _text(rule.source))


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
