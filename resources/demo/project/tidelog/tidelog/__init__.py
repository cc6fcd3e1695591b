"""Reads access logs and says what was slow."""
