"""An anchor: fastexcel reads the first worksheet to text in Arrow, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastexcel

if TYPE_CHECKING:
    from pathlib import Path

    from local.bench.contenders import Asked, Run


def prepare(_asked: Asked) -> Run:
    """Prepare nothing."""

    def run(file: Path) -> None:
        fastexcel.read_excel(file).load_sheet(0, dtypes="string", eager=True)

    return run
