"""Why is it broken: what was seen around an incident, and the causes that it speaks for."""
