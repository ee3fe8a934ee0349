"""The records of a delivery, read cell by cell, and as rows that a condition can be asked of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databroker.rules.functions import age_at
from databroker.rules.values import Cell, read_cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from databroker.dataset import Column, Dataset
    from databroker.records import Records
    from databroker.rules.context import Context

Names = dict[str, Any]


class Sheet:
    """The delivered cells of some columns, each read once."""

    def __init__(self, records: Records, columns: Iterable[Column]) -> None:
        """Read the columns, as far as they were delivered."""
        delivered = set(records.names)
        self.records = records
        self.numbers = records.rows
        self.columns = {column.name: column for column in columns if column.name in delivered}
        self.raw = {name: records.column(name) for name in self.columns}
        self.cells = {
            name: _read_column(self.raw[name], column) for name, column in self.columns.items()
        }

    def __len__(self) -> int:
        """Count the records."""
        return len(self.numbers)

    def canonical(self, name: str) -> list[str | None]:
        """Give the canonical text of a column; a cell that cannot be read is empty."""
        return [None if cell.problem else cell.text for cell in self.cells[name]]


def _read_column(cells: Sequence[str | None], column: Column) -> list[Cell]:
    seen = {raw: read_cell(raw, column.field) for raw in set(cells)}
    return [seen[raw] for raw in cells]


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the values that conditions read, by name.

    `leads` holds the fields of every lead with anything in it, under their stems; `filled` are the
    leads that something was done to. `unreadable` are the fields (stem, lead number) whose value
    has a format error.
    """

    number: int
    names: Names
    leads: Mapping[int, Names]
    filled: Collection[int]
    unreadable: Collection[tuple[str, int | None]]

    def seen_from(self, slot: int | None) -> Names | None:
        """Give the names as one lead sees them, or the row as a whole; None without such a lead.

        The lead's own fields are added in place: one lead is asked at a time, and no condition on
        a row can name them.
        """
        if slot is not None:
            if slot not in self.leads:
                return None
            self.names.update(self.leads[slot])
        return self.names

    def ignore(self, column: Column) -> None:
        """Take a value out, so that no rule sees it."""
        names = self.names if column.slot is None else self.leads[column.slot]
        names[column.field.stem] = None


def make_rows(sheet: Sheet, dataset: Dataset, context: Context) -> list[Row]:
    """Make a row of every record; what was not delivered is empty."""
    common: Names = {field.name: None for field in dataset.fields if field.slots == 1}
    common |= {
        "vandaag": context.today,
        "centrum_acroniem": context.centre,
        "bsn_kolom_aanwezig": "bsn" in sheet.columns,
        "db_impl_device": None,  # the registry is not asked before the conflicts
    }
    stems = [field.stem for field in dataset.fields if field.slots > 1]
    singles = [(name, sheet.cells[name]) for name, c in sheet.columns.items() if c.slot is None]
    slots: dict[int, list[tuple[str, list[Cell]]]] = {}
    for name, column in sheet.columns.items():
        if column.slot is not None:
            slots.setdefault(column.slot, []).append((column.field.stem, sheet.cells[name]))
    unreadable = _unreadable(sheet)
    rows = []
    for index, (number, age) in enumerate(zip(sheet.numbers, _ages(sheet), strict=True)):
        names = common | {name: cells[index].value for name, cells in singles}
        names["leeftijd"] = age
        leads = {
            slot: dict.fromkeys(stems) | {stem: cells[index].value for stem, cells in columns}
            for slot, columns in slots.items()
            if any(cells[index].text is not None for _, cells in columns)
        }
        filled = [slot for slot, lead in leads.items() if lead[stems[0]] is not None]
        names["leads"] = [leads[slot] for slot in filled]
        names["leadgat"] = bool(leads) and max(leads) > len(leads)
        rows.append(Row(number, names, leads, filled, unreadable.get(index, ())))
    return rows


def _unreadable(sheet: Sheet) -> dict[int, set[tuple[str, int | None]]]:
    found: dict[int, set[tuple[str, int | None]]] = {}
    for name, column in sheet.columns.items():
        for index, cell in enumerate(sheet.cells[name]):
            if cell.problem:
                found.setdefault(index, set()).add((column.field.stem, column.slot))
    return found


def _ages(sheet: Sheet) -> list[int | None]:
    """Give the age at the intervention: as derived by the privacy step, or from the dates."""
    if "leeftijd" in sheet.records.names:
        return [int(age) if age else None for age in sheet.records.column("leeftijd")]
    if not {"geb_datum", "interv_datum"} <= sheet.columns.keys():
        return [None] * len(sheet)
    pairs = zip(sheet.cells["geb_datum"], sheet.cells["interv_datum"], strict=True)
    return [age_at(born.value, day.value) for born, day in pairs]  # type: ignore[arg-type]  # dates, both
