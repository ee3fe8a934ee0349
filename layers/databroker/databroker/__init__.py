"""The NHR databroker: what happens to a delivery between the inbox and the registry."""

import os

# NumPy would start a thread for every core to do linear algebra, which is not done here: on a cold
# start that costs as much as reading a file.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
