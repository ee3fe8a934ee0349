"""The reference: every rule asked of every record, one by one, in plain Python."""

from __future__ import annotations

from local.bench.contenders.databroker_engine import prepare

__all__ = ["prepare"]
