"""Who is called and reminded, and when."""
