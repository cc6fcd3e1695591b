"""The quarterdeck command line: one module a group of subcommands."""
