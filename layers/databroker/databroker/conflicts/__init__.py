"""Comparing accepted records with what is registered already (manual, section 5)."""
