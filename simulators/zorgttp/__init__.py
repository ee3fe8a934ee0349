"""ZorgTTP as far as the databroker meets it, for tests and development (docs/zorgttp-simulator.md)."""
