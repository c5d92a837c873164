"""Who said it: one file per cryptosuite, the steps they share, Ed25519 keys and their store."""
