"""The rules of a dataset: reading columns, understanding conditions, asking every record."""

from databroker.rules.book import RuleBookError, RuleFaultError, rule_book
from databroker.rules.centre import CentreCheck, check_centre
from databroker.rules.completeness import Completeness
from databroker.rules.context import Context
from databroker.rules.evaluate import Answered, Erasures, Examination, rows_that_lose
from databroker.rules.part import NUMBER
from databroker.rules.udi import Udi, parse_udi
from databroker.rules.values import Cell, read_cell

__all__ = [
    "NUMBER",
    "Answered",
    "Cell",
    "CentreCheck",
    "Completeness",
    "Context",
    "Erasures",
    "Examination",
    "RuleBookError",
    "RuleFaultError",
    "Udi",
    "check_centre",
    "parse_udi",
    "read_cell",
    "rows_that_lose",
    "rule_book",
]
