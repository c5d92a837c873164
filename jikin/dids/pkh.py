"""did:pkh: the DID is an account on a blockchain (W3C CCG, did:pkh method; CAIP-10).

Of the accounts that the method defines, those of Ethereum (``eip155``) and Solana can verify something here: the first
by the address that a signature recovers to, the second because the address is an Ed25519 key. Bitcoin, Dogecoin and
Tezos accounts resolve to their document, whose methods nobody here can use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jikin.codec import multibase
from jikin.dids import accounts
from jikin.dids import document as documents
from jikin.dids.method import DidDocument, Fetch
from jikin.errors import DidError, MultibaseError, ValueRefusedError
from jikin.values import ChainId, Did, Json, JsonObject, sha256

_ROLES = ("authentication", "assertionMethod")
_ACCOUNT, _RECOVERY = "blockchainAccountId", "EcdsaSecp256k1RecoveryMethod2020"
_BITCOIN, _DOGECOIN = "bip122:000000000019d6689c085ae165831e93", "bip122:1a91e3dace36e2be3bf030a65679fe82"
_SOLANA, _TEZOS = "solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ", "tezos:NetXdQprcVkpaWU"
# The names that the method gave networks before it took those of CAIP-2; credentials were issued under them.
_EARLIER = {
    "eth": "eip155:1",
    "celo": "eip155:42220",
    "poly": "eip155:137",
    "btc": _BITCOIN,
    "doge": _DOGECOIN,
    "sol": _SOLANA,
    "tz": _TEZOS,
}
_SECURITY = "https://w3id.org/security#"
_TERMS: Mapping[str, Json] = {
    _ACCOUNT: f"{_SECURITY}blockchainAccountId",
    _RECOVERY: f"https://identity.foundation/EcdsaSecp256k1RecoverySignature2020#{_RECOVERY}",
    "publicKeyBase58": f"{_SECURITY}publicKeyBase58",
    "publicKeyJwk": {"@id": f"{_SECURITY}publicKeyJwk", "@type": "@json"},
}
_TEZOS_KINDS = {
    b"\x06\xa1\x9f": "Ed25519PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021",  # tz1
    b"\x06\xa1\xa1": _RECOVERY,  # tz2
    b"\x06\xa1\xa4": "P256PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021",  # tz3
}


@dataclass(frozen=True, slots=True)
class _Method:
    """One verification method to be: its fragment, type, and members besides the account id."""

    fragment: str
    type: str
    members: Mapping[str, Json]


class DidPkh:
    """The method ``pkh``; resolves without asking anybody."""

    @property
    def name(self) -> str:
        """Return ``pkh``."""
        return "pkh"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:  # noqa: ARG002  # the method's shape; nothing is fetched
        """Return the document that follows from *did* itself, its methods for authentication and assertion.

        Raises DidError: ``did.pkh.namespace`` for accounts of networks that the method does not define,
        ``did.invalid`` for an address that cannot be one, a checksum that is not right included.
        """
        chain, address, earlier = _account(did)
        namespace = chain.partition(":")[0]
        if namespace not in _READERS or (namespace != "eip155" and chain not in _EARLIER.values()):
            raise DidError(
                f"did:pkh defines no document for accounts of {chain[:80]!r}; for eip155 on every chain, and for "
                f"{', '.join(known for known in _EARLIER.values() if not known.startswith('eip155'))} it does",
                code="did.pkh.namespace",
            )
        try:
            methods = _READERS[namespace](chain, address)
        except (ValueRefusedError, MultibaseError) as error:
            raise _invalid(did, str(error)) from error
        if earlier and namespace == "eip155":
            methods = [_Method("Recovery2020", one.type, one.members) for one in methods]
        return documents.read(did, _document(did, f"{chain}:{address}", methods))


def _account(did: Did) -> tuple[str, str, bool]:
    """Return chain (CAIP-2) and address of the account, and whether *did* has the form of before; raises DidError."""
    parts = did.identifier.split(":")
    if len(parts) == 2 and parts[0] in _EARLIER:
        return _EARLIER[parts[0]], parts[1], True
    if len(parts) != 3 or not all(parts):
        raise _invalid(did, "it names no account; right would be did:pkh:eip155:1:0x…")
    return f"{parts[0]}:{parts[1]}", parts[2], False


def _document(did: Did, account_id: str, methods: Sequence[_Method]) -> JsonObject:
    listed: list[JsonObject] = [
        {
            "id": f"{did}#{one.fragment}",
            "type": one.type,
            "controller": str(did),
            _ACCOUNT: account_id,
            **one.members,
        }
        for one in methods
    ]
    names = [_ACCOUNT, *(name for one in methods for name in (one.type, *one.members))]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", {name: _TERMS.get(name, _SECURITY + name) for name in names}],
        "id": str(did),
        "verificationMethod": listed,
        **{role: [one["id"] for one in listed] for role in _ROLES},
    }


def _ethereum(chain: str, address: str) -> list[_Method]:
    ChainId.parse(chain)
    accounts.address_of(address)
    return [_Method(_ACCOUNT, _RECOVERY, {})]


def _bitcoin(chain: str, address: str) -> list[_Method]:  # noqa: ARG001  # the readers' shape
    if len(_checked(address)) != 21:
        raise ValueRefusedError(f"{address[:80]!r} is no address of a key: a number of the network and 20 bytes")
    return [_Method(_ACCOUNT, _RECOVERY, {})]


def _solana(chain: str, address: str) -> list[_Method]:  # noqa: ARG001  # the readers' shape
    raw = multibase.decode_base58btc(address)
    if len(raw) != 32:
        raise ValueRefusedError(f"{address[:80]!r} is no Solana address: 32 bytes in base58")
    jwk: JsonObject = {"kty": "OKP", "crv": "Ed25519", "x": multibase.encode_base64url(raw)}
    return [
        _Method("controller", "Ed25519VerificationKey2018", {"publicKeyBase58": address}),
        _Method("SolanaMethod2021", "SolanaMethod2021", {"publicKeyJwk": jwk}),
    ]


def _tezos(chain: str, address: str) -> list[_Method]:  # noqa: ARG001  # the readers' shape
    raw = _checked(address)
    kind = _TEZOS_KINDS.get(raw[:3])
    if kind is None or len(raw) != 23:
        raise ValueRefusedError(f"{address[:80]!r} is no address of a Tezos key: tz1, tz2 or tz3")
    return [_Method(_ACCOUNT, kind, {}), _Method("TezosMethod2021", "TezosMethod2021", {})]


def _checked(text: str) -> bytes:
    """Return the bytes of *text* in base58 without its checksum, which must be right."""
    data = multibase.decode_base58btc(text)
    if len(data) < 5 or sha256(sha256(data[:-4]))[:4] != data[-4:]:
        raise ValueRefusedError(f"{text[:80]!r} is mistyped: its checksum (Base58Check) is not right")
    return data[:-4]


_READERS: Mapping[str, Callable[[str, str], list[_Method]]] = {
    "eip155": _ethereum,
    "bip122": _bitcoin,
    "solana": _solana,
    "tezos": _tezos,
}


def _invalid(did: Did, why: str) -> DidError:
    return DidError(f"{did.text[:120]!r} cannot be a did:pkh: {why}", code="did.invalid")
