"""What one transaction writes, what is asked of the outside, and what came of it."""
