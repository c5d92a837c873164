"""The holder's wallet: the service's place in the layers; it imports neither issuer nor verifier."""
