"""Where incidents are kept. The only room that knows SQL."""
