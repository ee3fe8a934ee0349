"""Personal data to temporary pseudonyms: each distinct person asked once, answers back to the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.ports import BatchRefusedError, PseudonymServiceUnavailableError
from databroker.privacy.batches import MOST
from databroker.privacy.persons import FIELDS, batches_of, requests_of
from databroker.privacy.pseudonyms import COLUMNS, REVERSIBLE, temporary_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from databroker.dataset.model import Dataset
    from databroker.findings import Finding
    from databroker.ports import Diagnostic, Pseudonymised, PseudonymSource
    from databroker.privacy.batches import Caller
    from databroker.privacy.persons import Batch, Request
    from databroker.records import Records

_NOTHING_TO_ASK = "te weinig gegevens"
_WARNING = "3"
"""How a code begins that costs one value; any other is fatal (ZorgTTP: 2xxx, 3xxx)."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What ZorgTTP said of a row, by its codes; `column` is None for the row as a whole."""

    row: int
    cell: str | None
    interv_nr: str | None
    column: str | None
    codes: str


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The temporary pseudonyms of the records.

    `dropped` are values that ZorgTTP could not use; `failed` are rows that cannot be linked to a
    patient. `persons` counts the distinct persons asked.
    """

    columns: Mapping[str, list[str | None]]
    dropped: tuple[Remark, ...]
    failed: tuple[Remark, ...]
    persons: int

    def findings(self, dataset: Dataset) -> Iterator[Finding]:
        """Tell the hospital: W-107 and F-110 by row, BW-015 for the file."""
        for code, remarks in (("W-107", self.dropped), ("F-110", self.failed)):
            for remark in remarks:
                yield dataset.finding(
                    code,
                    row=remark.row,
                    cell=remark.cell,
                    interv_nr=remark.interv_nr,
                    column=remark.column,
                    zorgttp_code=remark.codes,
                )
        if self.dropped:
            yield dataset.finding("BW-015", n=len(self.dropped))


def pseudonymise(
    records: Records,
    source: PseudonymSource,
    *,
    refused: Collection[int] = frozenset(),
    calls: Caller = map,
    most: int = MOST,
) -> Pseudonyms:
    """Ask ZorgTTP for the pseudonyms of every record but the refused rows, by physical row.

    A row that failed keeps no pseudonym at all.

    Raises:
        CredentialsRefusedError: the account of the centre is refused.
        BatchRefusedError: a fatal code.
        PseudonymServiceUnavailableError: no answer, or one that cannot be right.
    """
    requests = requests_of(records, refused)
    batches = list(batches_of(requests, most))
    answers: dict[Request, Pseudonymised] = {}
    for batch, answer in zip(
        batches, calls(lambda batch: _ask(source, batch), batches), strict=True
    ):
        answers |= zip(batch.requests, answer, strict=True)
    _expect_every_token_once(answers.values())
    return _hand_out(records, refused, requests, answers)


def _ask(source: PseudonymSource, batch: Batch) -> list[Pseudonymised]:
    """Make one call and distrust its answer: order is all that ties an answer to a person.

    Records with known pseudonyms, to prove that order, belong here.
    """
    answers = source.pseudonymise(batch.types, [dict(request.person) for request in batch.requests])
    if len(answers) != len(batch.requests):
        raise PseudonymServiceUnavailableError("the answer has another number of records")
    for answer in answers:
        _expect_sense(batch.types, answer)
    return answers


def _expect_sense(types: Sequence[str], answer: Pseudonymised) -> None:
    for diagnostic in answer.diagnostics:
        if not diagnostic.code.startswith(_WARNING):
            raise BatchRefusedError(diagnostic.code)
    if any(temporary_type(token) != kind for kind, token in answer.pseudonyms.items()):
        raise PseudonymServiceUnavailableError("a token has not the shape or type agreed")
    given = set(answer.pseudonyms)
    if not given <= set(types) or (given != set(types) and not answer.diagnostics):
        raise PseudonymServiceUnavailableError("the answer has other types than asked")


def _expect_every_token_once(answers: Collection[Pseudonymised]) -> None:
    tokens = Counter(token for answer in answers for token in answer.pseudonyms.values())
    if any(times > 1 for times in tokens.values()):
        raise PseudonymServiceUnavailableError("two persons were given the same token")


def _hand_out(
    records: Records,
    refused: Collection[int],
    requests: Sequence[Request | None],
    answers: Mapping[Request, Pseudonymised],
) -> Pseudonyms:
    columns: dict[str, list[str | None]] = {name: [] for name in COLUMNS.values()}
    dropped: list[Remark] = []
    failed: list[Remark] = []
    numbers = records.column("interv_nr")
    for row, number, request in zip(records.rows, numbers, requests, strict=True):
        answer = answers[request] if request else None
        said = answer.diagnostics if answer else ()
        tokens = answer.pseudonyms if answer else {}
        dropped += (_drop(records, row, number, diagnostic) for diagnostic in said)
        if row not in refused and not _leads_to_a_patient(tokens, said):
            codes = ", ".join(dict.fromkeys(each.code for each in said)) or _NOTHING_TO_ASK
            failed.append(Remark(row, None, number, None, codes))
            tokens = {}
        for kind, name in COLUMNS.items():
            columns[name].append(tokens.get(kind))
    return Pseudonyms(columns, tuple(dropped), tuple(failed), len(answers))


def _drop(records: Records, row: int, number: str | None, diagnostic: Diagnostic) -> Remark:
    column, _write = FIELDS.get(diagnostic.field, (None, None))
    cell = records.origin.cell(column, row) if column else None
    return Remark(row, cell, number, column, diagnostic.code)


def _leads_to_a_patient(tokens: Mapping[str, str], said: Sequence[Diagnostic]) -> bool:
    """Tell whether the centre can find the patient back, and ZorgTTP dropped no last link.

    A patient of unknown sex has no linking pseudonym to begin with; that is a warning (W-101).
    """
    return REVERSIBLE in tokens and (len(tokens) > 1 or not said)
