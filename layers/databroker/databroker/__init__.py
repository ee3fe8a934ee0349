"""The NHR databroker: what happens to a delivery between the inbox and the registry."""
