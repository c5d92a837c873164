"""Values that carry their own rules: made once, checked once, never mistaken for another string."""

from jikin.values.chains import Address, ChainId
from jikin.values.dids import Did, DidUrl
from jikin.values.digests import Digest, IssuerId, KeyId, ListId, keccak256, sha256
from jikin.values.instants import format_instant, parse_instant
from jikin.values.json import Json, JsonObject
from jikin.values.keys import Form, KeyType, PublicKey, SignedStatement, Signer
from jikin.values.numbers import CertificateNumber

__all__ = [
    "Address",
    "CertificateNumber",
    "ChainId",
    "Did",
    "DidUrl",
    "Digest",
    "Form",
    "IssuerId",
    "Json",
    "JsonObject",
    "KeyId",
    "KeyType",
    "ListId",
    "PublicKey",
    "SignedStatement",
    "Signer",
    "format_instant",
    "keccak256",
    "parse_instant",
    "sha256",
]
