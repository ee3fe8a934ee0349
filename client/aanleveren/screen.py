"""What a person reads after a check: the verdict, and one line for each rule that spoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from databroker.findings import Language
from databroker.report.summary import FindingGroup, Tone, grouped, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from databroker.check import Checked
    from databroker.dataset import Dataset

_COLOURS = {Tone.GOOD: "green", Tone.MIXED: "yellow", Tone.BAD: "red"}
_ROWS_SHOWN = 5
_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.DUTCH: {
        "code": "code",
        "field": "variabele",
        "count": "aantal",
        "rows": "regels",
        "told": "melding, en wat u kunt doen",
        "more": "{} en nog {}",
        "explained": "Uitleg: {}",
        "counts": "{} records: {} goed, {} geweigerd.",
    },
    Language.ENGLISH: {
        "code": "code",
        "field": "variable",
        "count": "count",
        "rows": "rows",
        "told": "finding, and what you can do",
        "more": "{} and {} more",
        "explained": "Explained: {}",
        "counts": "{} records: {} good, {} refused.",
    },
}


def show(
    checked: Checked,
    title: str,
    language: Language = Language.DUTCH,
    console: Console | None = None,
) -> None:
    """Print the findings grouped per rule, then the verdict and the counts."""
    console = console or _console()
    console.print(_text(title, "bold"))
    groups = grouped(checked.findings)
    if groups:
        console.print(_table(groups, checked.dataset, language))
    counts, verdict = checked.counts, judge(checked.counts, checked.findings, language)
    console.print(_text(f"{verdict.word}. {verdict.sentence}", _COLOURS[verdict.tone]))
    told = _WORDS[language]["counts"].format(counts.records, counts.accepted, counts.refused)
    console.print(_text(told))


def _console() -> Console:
    found = Console(highlight=False)
    # A log file has no width; a table of eighty columns wraps its sentences needlessly.
    return found if found.is_terminal else Console(highlight=False, width=160)


def _table(groups: Sequence[FindingGroup], dataset: Dataset, language: Language) -> Table:
    words = _WORDS[language]
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column(words["code"], no_wrap=True)
    table.add_column(words["field"], overflow="fold", max_width=32)
    table.add_column(words["count"], justify="right", no_wrap=True)
    table.add_column(words["rows"], overflow="fold", max_width=24)
    table.add_column(words["told"], ratio=1, overflow="fold")
    for group in groups:
        finding = group.example
        colour = _COLOURS[Tone.BAD if finding.level.refuses else Tone.MIXED]
        message, fix = finding.told_in(language)
        where = words["explained"].format(dataset.rule_link(finding.code, language))
        table.add_row(
            _text(finding.code, colour),
            _lines((finding.field or "", ""), (dataset.label_of(finding.field, language), "dim")),
            str(group.count),
            _rows(group, words),
            _lines((message, ""), (fix, "dim"), (where, "dim")),
        )
    return table


def _lines(*lines: tuple[str, str]) -> Group:
    return Group(*(_text(line, style) for line, style in lines if line))


def _rows(group: FindingGroup, words: Mapping[str, str]) -> str:
    shown = ", ".join(str(row) for row in group.rows[:_ROWS_SHOWN])
    left = len(group.rows) - _ROWS_SHOWN
    return words["more"].format(shown, left) if left > 0 else shown


def _text(words: str, style: str = "") -> Text:
    """Give words as they stand: what a hospital delivered cannot colour or clear a screen."""
    return Text("".join(each if each.isprintable() else "\ufffd" for each in words), style)
