"""Measuring: the engine beside its peers, and the local stack."""
