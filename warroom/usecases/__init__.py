"""Load, decide, commit. Async; they talk to the ports only. One file per kind of gesture."""
