"""What commands do to the window; what they do to agents is in ``app.actions``."""
