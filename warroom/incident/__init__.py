"""The incident: its value, its life, its room, and what people do to it."""
