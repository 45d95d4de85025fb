#!/usr/bin/env python
"""Commands of the service: `manage.py help`."""

import sys

from config.commandline import run

if __name__ == "__main__":
    sys.exit(run(sys.argv))
