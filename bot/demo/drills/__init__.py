"""Drills: incidents written down as YAML files, played in the sandbox, and their outcome compared with the policy."""

from bot.demo.drills.drill_file import Drill, DrillError, drill_names, load
from bot.demo.drills.play import play_drill

__all__ = ["Drill", "DrillError", "drill_names", "load", "play_drill"]
