"""Pilot, our own coding agent: an ACP program of its own process over the vendors' SDKs."""
