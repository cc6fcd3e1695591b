"""Qt-free application logic and the composition roots (desktop, daemon, cli)."""
