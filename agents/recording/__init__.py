"""Recordings of agents: what a program said and was told, with the true state over time, replayed without it."""
