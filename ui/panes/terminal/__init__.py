"""The terminal of an agent or a project: painted, typed into, selected from."""
