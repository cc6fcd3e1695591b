"""The list of agents: what stands where, its model, its painting and its view."""
