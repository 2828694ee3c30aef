"""`python -m tabular_trpo` is the command line."""

import sys


def start() -> int:
    """Run the command line; an interrupt while it is imported ends without a traceback, too."""
    try:
        from tabular_trpo.app.cli import main

        return main()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("tabular-trpo: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(start())
