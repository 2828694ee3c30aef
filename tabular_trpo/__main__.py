"""`python -m tabular_trpo` is the command line."""

import sys

from tabular_trpo._app.cli import main

if __name__ == "__main__":
    sys.exit(main())
