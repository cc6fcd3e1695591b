"""A terminal as a view reads it: output from the log onto a screen, and everything that scrolled off it; no Qt."""
