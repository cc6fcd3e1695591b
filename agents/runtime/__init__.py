"""Keepers, their client, journals, raw logs and the process tree."""
