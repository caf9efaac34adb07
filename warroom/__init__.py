"""The rules and values of a war room. Pure: no I/O, no clock, no environment; `now` is an argument."""
