"""Where a cell stands, as Excel names it."""

from openpyxl.utils import get_column_letter

from databroker.intake.sheet import MAX_COLUMNS
from databroker.intake.table import column_letter


def test_every_column_a_file_may_have_is_named_as_excel_does():
    names = [column_letter(place) for place in range(MAX_COLUMNS)]

    assert names == [get_column_letter(place + 1) for place in range(MAX_COLUMNS)]
