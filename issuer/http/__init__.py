"""HTTP over the office's verbs: a handler parses, calls one verb, writes the answer."""
