"""The Hardhat node that the tests marked `chain` share."""

from tests.chain_fixtures import hardhat

__all__ = ["hardhat"]
