"""The world around the databroker, for a laptop: ZorgTTP and a hospital."""
