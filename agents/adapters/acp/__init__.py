"""The Agent Client Protocol as a sans-IO state machine."""
