"""Protocols of agent programs as sans-IO state machines."""
