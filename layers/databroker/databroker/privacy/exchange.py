"""Temporary pseudonyms to definitive ones: what the registry keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from databroker.ports import PseudonymServiceUnavailableError
from databroker.privacy.batches import MOST, slices
from databroker.privacy.pseudonyms import COLUMNS, definitive_type, temporary_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from databroker.delivery import DeliveryId
    from databroker.ports import PseudonymExchange
    from databroker.privacy.batches import Caller
    from databroker.records import Records


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The records with definitive pseudonyms, and how many tokens were exchanged for that."""

    records: Records
    tokens: int


def exchange(
    records: Records,
    service: PseudonymExchange,
    delivery_id: DeliveryId,
    *,
    calls: Caller = map,
    most: int = MOST,
) -> Exchanged:
    """Replace every token, each exchanged once, however many rows share it.

    The same records make the same batches, so that a second try gets the same answer.

    Raises:
        CredentialsRefusedError: the account of the registry is refused.
        BatchRefusedError: a token is unknown, foreign, expired or was exchanged before.
        PseudonymServiceUnavailableError: no answer, or one that cannot be right.
    """
    columns = {name: records.column(name) for name in COLUMNS.values() if name in records.names}
    cells = dict.fromkeys(cell for column in columns.values() for cell in column if cell)
    tokens = [cell for cell in cells if temporary_type(cell)]
    batches = [(f"{delivery_id}-{n}", part) for n, part in enumerate(slices(tokens, most), start=1)]
    lasting: dict[str, str] = {}
    for answer in calls(lambda batch: _ask(service, *batch), batches):
        lasting |= answer
    replaced = {
        name: [cell if cell is None else lasting.get(cell, cell) for cell in column]
        for name, column in columns.items()
    }
    for kind, name in COLUMNS.items():
        _expect_definitive(kind, replaced.get(name, []))
    return Exchanged(records.with_columns(replaced), len(tokens))


def _ask(service: PseudonymExchange, batch_id: str, tokens: Sequence[str]) -> dict[str, str]:
    answers = service.exchange(batch_id, tokens)
    if len(answers) != len(tokens):
        raise PseudonymServiceUnavailableError("the answer has another number of pseudonyms")
    return dict(zip(tokens, answers, strict=True))


def _expect_definitive(kind: str, cells: Sequence[str | None]) -> None:
    """Keep a token, and a pseudonym of another type, out of the registry."""
    if any(definitive_type(cell) != kind for cell in cells if cell is not None):
        raise PseudonymServiceUnavailableError(f"a pseudonym of type {kind} is not definitive")
