"""Every row rule of every dataset in every version, seen broken and seen kept.

A folder for each dataset: `bases.csv` holds records that break nothing, `broken.csv` the smallest
change that breaks a rule (and which others break with it), `kept.csv` changes that come close and
break it not. A version that calls a column otherwise is asked about it under its own name.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from databroker.dataset import Phase, Scope, datasets
from databroker.privacy.identity import check_identity, minimise
from databroker.rules import Context, Examination, rule_book
from databroker.validation import validate
from tests.support.interventions import CONTEXT, records_of, table

if TYPE_CHECKING:
    from databroker.dataset import Dataset
    from databroker.findings import Finding

TODAY = {"pmicd-interventie": CONTEXT.today, "pmicd-followup": dt.date(2026, 6, 30)}
"""The day that a base is good on."""

Line = dict[str, str]
Row = dict[str, str]


def name_of(dataset: Dataset) -> str:
    return f"{dataset.id}@{dataset.version}"


def in_words_of(dataset: Dataset, row: Row) -> Row:
    return {dataset.headers[name.lower()]: value for name, value in row.items()}


def bases(dataset: Dataset) -> dict[str, Row]:
    lines = table("bases.csv", dataset.id)
    return {line.pop("base"): in_words_of(dataset, line) for line in lines}


def row_of(dataset: Dataset, line: Line) -> Row:
    changes = [change.partition("=") for change in line["changes"].split("; ") if change]
    return bases(dataset)[line["base"]] | in_words_of(
        dataset, {name: value for name, _, value in changes}
    )


def context_of(dataset: Dataset, line: Line | None = None) -> Context:
    day = line["today"] if line else ""
    return Context(dt.date.fromisoformat(day) if day else TODAY[dataset.id], CONTEXT.centre)


def lines_of(file: str) -> list[object]:
    return [
        pytest.param(dataset, line, id=f"{name_of(dataset)} {line['rule']} {line['changes']}")
        for dataset in datasets()
        for line in table(file, dataset.id)
    ]


def the_whole_road(dataset: Dataset, row: Row, context: Context) -> list[Finding]:
    records = records_of(row)
    check = check_identity(records, dataset, context)
    rest = minimise(check.clean, dataset, context)
    return check.findings + validate(rest, dataset, context, check.findings).findings


def codes(dataset: Dataset, findings: list[Finding]) -> set[str]:
    """Leave out what every field has, and what is said of the file as a whole."""
    of_every_field = {rule.code for rule in dataset.rules.values() if rule.scope is Scope.FIELD}
    on_records = {finding.code for finding in findings if finding.row is not None}
    return on_records - of_every_field


def answers(dataset: Dataset, code: str, row: Row, context: Context) -> tuple[bool, bool]:
    """Tell whether the record, or a lead of it, breaks a rule, and whether any keeps it."""
    part = Examination(dataset, context, Phase.VALIDATE).part(records_of(row))
    cases = [rule for rule in rule_book(dataset).rules if rule.rule.code == code]
    said = [case.ask(part) for case in cases]
    return any(each.true.any() for each in said), any(each.false.any() for each in said)


@pytest.mark.parametrize(
    ("dataset", "base"),
    [
        pytest.param(dataset, base, id=f"{name_of(dataset)} {base}")
        for dataset in datasets()
        for base in bases(dataset)
    ],
)
def test_a_good_record_breaks_no_rule(dataset: Dataset, base: str) -> None:
    row = bases(dataset)[base]

    findings = the_whole_road(dataset, row, context_of(dataset))

    assert findings == []


@pytest.mark.parametrize(("dataset", "line"), lines_of("broken.csv"))
def test_the_smallest_change_that_breaks_a_rule_breaks_it(dataset: Dataset, line: Line) -> None:
    row = row_of(dataset, line)

    found = codes(dataset, the_whole_road(dataset, row, context_of(dataset, line)))

    assert found == {line["rule"], *line["also"].split()}


@pytest.mark.parametrize(("dataset", "line"), lines_of("kept.csv"))
def test_a_change_that_comes_close_breaks_it_not(dataset: Dataset, line: Line) -> None:
    row = row_of(dataset, line)

    broken, kept = answers(dataset, line["rule"], row, context_of(dataset, line))

    assert kept
    assert not broken


@pytest.mark.parametrize("dataset", datasets(), ids=name_of)
def test_every_row_rule_is_seen_broken_and_seen_kept(dataset: Dataset) -> None:
    rules = {rule.rule.code for rule in rule_book(dataset).rules}
    context = context_of(dataset)

    broken = {line["rule"] for line in table("broken.csv", dataset.id)}
    kept = {
        code
        for code in rules
        if any(answers(dataset, code, row, context)[1] for row in bases(dataset).values())
    }
    kept |= {line["rule"] for line in table("kept.csv", dataset.id)}

    assert broken == rules
    assert kept == rules


@pytest.mark.parametrize(("dataset", "line"), lines_of("broken.csv"))
def test_a_finding_tells_where_what_and_what_to_do(dataset: Dataset, line: Line) -> None:
    findings = the_whole_road(dataset, row_of(dataset, line), context_of(dataset, line))

    (found, *_) = [finding for finding in findings if finding.code == line["rule"]]

    assert found.row == 2
    assert found.field in dataset.columns
    assert found.message
    assert found.fix
    assert "{" not in found.message + found.fix


def test_a_code_means_the_same_in_every_dataset() -> None:
    meanings: dict[str, set[tuple[object, ...]]] = {}

    for dataset in datasets():
        for rule in dataset.rules.values():
            words = (rule.phase, rule.scope, rule.shows_value, rule.priority, rule.source)
            meanings.setdefault(rule.code, set()).add(
                (*words, *in_old_words(rule.message, rule.fix))
            )

    assert [code for code, meaning in meanings.items() if len(meaning) > 1] == []


def in_old_words(*texts: str) -> list[str]:
    return [text.replace("ICD_PM_indicatie", "ICD_PMfunctie") for text in texts]


def test_a_rule_on_complications_points_at_the_one_it_is_about() -> None:
    (newest, *_) = [dataset for dataset in datasets() if dataset.id == "pmicd-followup"]
    row = bases(newest)["FU"] | {"infectie_datum": "01-03-2026", "tamponade_datum": "01-03-2026"}

    findings = the_whole_road(newest, row, context_of(newest))

    places = [(finding.code, finding.field) for finding in findings if finding.row]
    assert places == [("F-604", "infectie_datum"), ("F-604", "tamponade_datum")]
