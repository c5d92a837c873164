"""The remote signer: keys on a host of their own, that sign what they were given for (docs/spec/remote-signer.md)."""
