"""Keys that lie elsewhere: in a hardware token (PKCS#11), or with a signer on another host. Behind ``Signer``."""
