"""Other companies' systems on loopback, as strict as the vendors' own documents say."""
