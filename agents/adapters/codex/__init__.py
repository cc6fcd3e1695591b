"""Codex's app-server protocol as a sans-IO state machine."""
