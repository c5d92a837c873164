"""The office's verbs from a terminal, one module for each group of commands."""
