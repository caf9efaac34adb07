"""How things look: a view in, a card out. Pure."""
