"""XML deliveries: by column when they are of the ordinary form, else event by event."""
