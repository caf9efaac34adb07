"""`make bench`: the numbers of the product, measured side by side in one run and never asserted."""
