"""Drills: stories played in the sandbox from files anybody can read and write, and what its people did against the policy."""

from bot.demo.drills.player import play
from bot.demo.drills.script import Drill, DrillError, drills, load

__all__ = ["Drill", "DrillError", "drills", "load", "play"]
