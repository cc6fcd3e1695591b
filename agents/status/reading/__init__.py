"""How a program's terminal is read by rules that are data: files, compiled rules, and what they make of a screen."""
