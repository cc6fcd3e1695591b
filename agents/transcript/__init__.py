"""Facts folded into transcript blocks, and the file they live in."""
