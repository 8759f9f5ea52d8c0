"""``python -m bioplast``: the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__":  # worker processes import this file too
    try:
        from .cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # so early that nothing has begun
        sys.exit(130)
