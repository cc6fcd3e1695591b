"""What Pilot's model may do: files, search, shell, skills and the plan."""
