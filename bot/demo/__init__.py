"""The demo and the drills."""
