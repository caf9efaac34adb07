"""People, and how a name is resolved to them."""
