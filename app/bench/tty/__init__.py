"""What a terminal pane costs, and what others take for the same: the parts of ``quarterdeck bench terminal``."""
