"""`python -m bot`."""

import gc
import os
import signal
import sys

if sys.argv[1:2] == ["run"]:
    # What is imported stays, so looking for garbage among it is a waste; `bot.runtime.app.serve` switches it on again.
    gc.disable()
    # Until the bot itself listens for them: what follows imports for a second, and there is nothing yet to be finished.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))

from bot.cli.app import main

main()
