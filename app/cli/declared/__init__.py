"""The declarations of the commands, one module a group where a group is large; ``app.cli.commands`` has them all."""
