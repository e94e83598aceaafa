"""`python -m identity` is the `identity` command."""

import sys

from identity.cli import main

sys.exit(main())
