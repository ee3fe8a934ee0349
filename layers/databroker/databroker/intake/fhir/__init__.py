"""FHIR R4 bundles: resources that become the same rows."""
