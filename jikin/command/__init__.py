"""The `jikin` command: the one part of the library that may call the services."""
