"""Writing the accepted records, each at once or not at all."""
