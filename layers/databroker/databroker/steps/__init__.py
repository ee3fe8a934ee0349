"""One module for each state of the workflow: the story of that state, top to bottom."""
