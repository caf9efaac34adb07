"""The demo company in the sandbox, the drills played there, and the commands `sandbox` and `demo`."""
