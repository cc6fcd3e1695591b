"""What an agent is doing and how we know: pure policies over evidence."""
