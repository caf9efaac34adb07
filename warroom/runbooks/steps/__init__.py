"""The kinds of steps that need no integration."""
