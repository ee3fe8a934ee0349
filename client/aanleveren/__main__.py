"""`python -m aanleveren`, where the command itself is not on the path."""

import sys

from aanleveren.command import main

sys.exit(main())
