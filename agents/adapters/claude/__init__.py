"""Claude Code's stream-json protocol as a sans-IO state machine."""
