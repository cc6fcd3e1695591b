"""The window as a program of its own for measuring terminals in it. Only here is Qt loaded."""
