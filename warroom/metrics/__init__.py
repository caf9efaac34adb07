"""What the record says in numbers: times to detect and resolve, cadence, post-mortems, action items, the load of people."""
