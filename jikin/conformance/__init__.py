"""The VC API profile alone, for public conformance suites: own process, keys in memory, this machine only."""
