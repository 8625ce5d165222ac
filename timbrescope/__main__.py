"""python -m timbrescope."""

import sys

from timbrescope.cli import main

sys.exit(main())
