"""What a person reads after a check: the verdict, and one line for each rule that spoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from databroker.report.summary import FindingGroup, Tone, grouped, judge

if TYPE_CHECKING:
    from databroker.check import Checked

_COLOURS = {Tone.GOOD: "green", Tone.MIXED: "yellow", Tone.BAD: "red"}
_ROWS_SHOWN = 5


def show(checked: Checked, title: str, console: Console | None = None) -> None:
    """Print the findings grouped per rule, then the verdict and the counts."""
    console = console or _console()
    console.print(_text(title, "bold"))
    groups = grouped(checked.findings)
    if groups:
        console.print(_table(groups))
    counts, verdict = checked.counts, judge(checked.counts, checked.findings)
    console.print(_text(f"{verdict.word}. {verdict.sentence}", _COLOURS[verdict.tone]))
    console.print(
        _text(f"{counts.records} records: {counts.accepted} goed, {counts.refused} geweigerd.")
    )


def _console() -> Console:
    found = Console(highlight=False)
    # A log file has no width; a table of eighty columns wraps its sentences needlessly.
    return found if found.is_terminal else Console(highlight=False, width=160)


def _table(groups: list[FindingGroup]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("variabele", overflow="fold")
    table.add_column("aantal", justify="right", no_wrap=True)
    table.add_column("regels", overflow="fold", max_width=24)
    table.add_column("melding, en wat u kunt doen", ratio=1, overflow="fold")
    for group in groups:
        finding = group.example
        colour = _COLOURS[Tone.BAD if finding.level.refuses else Tone.MIXED]
        table.add_row(
            _text(finding.code, colour),
            _text(finding.field or ""),
            str(group.count),
            _rows(group),
            Group(_text(finding.message), _text(finding.fix, "dim")),
        )
    return table


def _rows(group: FindingGroup) -> str:
    shown = ", ".join(str(row) for row in group.rows[:_ROWS_SHOWN])
    left = len(group.rows) - _ROWS_SHOWN
    return f"{shown} en nog {left}" if left > 0 else shown


def _text(words: str, style: str = "") -> Text:
    """Give words as they stand: what a hospital delivered cannot colour or clear a screen."""
    return Text("".join(each if each.isprintable() else "\ufffd" for each in words), style)
