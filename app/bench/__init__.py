"""Benchmarks that come with the program: real daemons, keepers and agents in a home of their own."""
