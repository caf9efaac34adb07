"""One folder per outside system; they know nothing of each other."""
