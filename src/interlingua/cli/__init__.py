"""The command line: one module a command; parsing and printing only, heavy imports inside the command."""
