"""The command line of a hospital: check a file on its own machine, deliver it, fetch the answer."""
