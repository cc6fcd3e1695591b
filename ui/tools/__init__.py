"""Tools for the focused agent."""
