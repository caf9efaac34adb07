"""`python -m bot`."""

import os
import signal
import sys

if sys.argv[1:2] == ["run"]:
    # Until the bot itself listens for them: what follows imports for a second, and there is nothing yet to be finished.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))

from bot.cli.app import main

main()
