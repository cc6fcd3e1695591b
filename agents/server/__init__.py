"""The daemon's door: the wire's methods served on a unix socket, to peers whose role is known."""
