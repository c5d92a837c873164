"""OpenID4VCI 1.0 and OpenID4VP 1.0: the messages between issuer, wallet and verifier, and the rules they keep."""
