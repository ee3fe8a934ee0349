"""The rules of a dataset: reading a cell, understanding a condition, asking every record."""

from databroker.rules.book import Answer, RuleBookError, RuleFaultError, rule_book
from databroker.rules.centre import check_centre
from databroker.rules.completeness import Completeness, measure
from databroker.rules.context import Context
from databroker.rules.evaluate import Erasures, evaluate, find_erasures, rows_that_lose
from databroker.rules.udi import Udi, parse_udi
from databroker.rules.values import Cell, read_cell

__all__ = [
    "Answer",
    "Cell",
    "Completeness",
    "Context",
    "Erasures",
    "RuleBookError",
    "RuleFaultError",
    "Udi",
    "check_centre",
    "evaluate",
    "find_erasures",
    "measure",
    "parse_udi",
    "read_cell",
    "rows_that_lose",
    "rule_book",
]
