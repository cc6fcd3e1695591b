"""The domain: one folder a concern; no Qt, no app, no ui."""
