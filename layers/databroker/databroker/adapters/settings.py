"""What `template.yaml` tells each function: required, read at first use, no defaults."""

from __future__ import annotations

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The base of every function's settings: a missing name stops the container, not a delivery."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=3)

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings.

        Raises:
            pydantic.ValidationError: a name is missing or empty.
        """
        return cls.model_validate(dict(os.environ))
