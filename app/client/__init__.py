"""The client side of the wire: an asyncio stream for the shell, a blocking one for the CLI."""
