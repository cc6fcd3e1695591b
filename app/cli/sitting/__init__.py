"""Sitting at an agent's terminal in one's own: the keys that leave, what passes, what is shown, and the seat itself."""
