"""`python -m smartplay` is the command line."""

from smartplay.cli import main

raise SystemExit(main())
