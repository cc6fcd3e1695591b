"""What programs write to a terminal, read without showing it: sequences, modes, queries and the screen."""
