"""The process: settings, wiring, clock, loops, command line. Nobody imports it."""
