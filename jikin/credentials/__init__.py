"""What is said: the credential model, the issuer's public profile and the declarative credential types."""
