"""The transcript pane: blocks of messages, tool calls, plans and decisions, laid out only where they are visible."""
