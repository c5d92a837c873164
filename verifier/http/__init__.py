"""The verifier over HTTP: a handler reads the request, calls one verb, writes the answer."""
