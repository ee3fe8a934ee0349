"""The whole databroker on one machine, without Docker and without a network."""
