"""The daemon's heart: units, adoption, intents, leases."""
