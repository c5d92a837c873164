"""The error tree: everything that Jikin raises on purpose.

    JikinError
    ├── ValueRefusedError        a value that breaks its own rule (digest, DID, chain id, number …)
    │   └── NumberError          a certificate number that cannot be one
    ├── CodecError               bytes or text that are not what they claim to be
    │   ├── JsonError            not JSON, duplicate names, too deep, too long
    │   ├── CanonicalizationError   no canonical form: undefined terms, unknown contexts
    │   │   └── WorkLimitError   the canonical form would cost more than the limit
    │   └── MultibaseError       multibase, multikey, base45
    ├── CredentialError          a credential, presentation or receipt that breaks its model
    ├── ProofError               a proof that cannot be made or read
    │   ├── UnknownSuiteError
    │   └── EnvelopeError        a JWS, SD-JWT or COSE message that breaks its format
    ├── DidError                 a DID or DID document that cannot be used
    ├── StatusError              a status list, epoch or note that breaks its rules
    ├── AnchorError              a tree, path or receipt that breaks its rules
    │   ├── StateProofError         a state proof does not hold
    │   └── CheckpointError         a checkpoint does not hold
    ├── UnavailableError         a source outside that did not answer: never a verdict
    │   ├── ChainUnavailableError
    │   ├── FetchError
    │   └── SignerUnavailableError
    ├── RegistryError            the registry answered, and the answer forbids going on
    │   ├── RegistryMismatchError   another chain, address or code than the pinned one
    │   └── RegistryRefusedError    the contract refused a call, by name and arguments
    ├── BadgeError               a badge or certificate of another system that cannot be read or made
    ├── DocumentError            a PDF, image or archive that cannot be read or made
    ├── SettingsError            a setting that is missing or cannot be right
    ├── ProtocolError            an OpenID4VCI or OpenID4VP message that breaks its protocol
    ├── OfficeError              the issuing office cannot do what was asked
    ├── WalletError              the holder's wallet cannot do what was asked
    └── DeskError                the verifier's desk cannot do what was asked

A *code* is stable and part of the public interface; the wording is free to improve. A message names the thing, what
was found and what would be right; *hint* says what to do next.
"""

from __future__ import annotations


class JikinError(Exception):
    """Base of everything raised on purpose."""

    code = "jikin"

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        """Keep *message*; *code* narrows the class's own code, *hint* says what to do next."""
        super().__init__(message)
        if code is not None:
            self.code = code
        self.hint = hint


class ValueRefusedError(JikinError, ValueError):
    """A value breaks its own rule."""

    code = "value"


class NumberError(ValueRefusedError):
    """A text that cannot be a certificate number."""

    code = "number.mistyped"


class CodecError(JikinError):
    """Bytes or text are not what they claim to be."""

    code = "codec"


class JsonError(CodecError):
    """Not JSON (RFC 8259), or JSON beyond the limits."""

    code = "codec.json"


class CanonicalizationError(CodecError):
    """A document has no canonical form: an undefined term, an unknown context, a relative IRI."""

    code = "codec.canonicalization"


class WorkLimitError(CanonicalizationError):
    """Canonicalising would cost more than the limit allows (a poisoned graph)."""

    code = "codec.work-limit"


class MultibaseError(CodecError):
    """A multibase, multikey or base45 text that cannot be decoded."""

    code = "codec.multibase"


class CredentialError(JikinError):
    """A credential, presentation or receipt breaks its model."""

    code = "model"


class ProofError(JikinError):
    """A proof cannot be made or read."""

    code = "proof.malformed"


class UnknownSuiteError(ProofError):
    """No cryptosuite of that name is installed."""

    code = "proof.unknown-suite"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        """Name the unknown suite and the ones this installation knows."""
        super().__init__(f"no cryptosuite called {name!r}; this installation knows {', '.join(known)}")
        self.name = name
        self.known = known


class EnvelopeError(ProofError):
    """A JWS, SD-JWT or COSE message breaks the rules of its format."""

    code = "envelope.malformed"


class BadgeError(JikinError):
    """A badge, record or certificate of another system cannot be read or made."""

    code = "badge"


class DidError(JikinError):
    """A DID or DID document cannot be used."""

    code = "did"


class StatusError(JikinError):
    """A status list, epoch or note breaks its rules."""

    code = "status"


class AnchorError(JikinError):
    """A tree, path or receipt breaks its rules."""

    code = "anchor"


class StateProofError(AnchorError):
    """A state proof does not hold: malformed, too large, not of the pinned registry, or not under the trusted block."""

    code = "state-proof"


class CheckpointError(AnchorError):
    """A checkpoint does not hold: signatures, age, order, or two blocks for one number."""

    code = "checkpoint"


class UnavailableError(JikinError):
    """A source outside did not answer. Never a verdict: whoever asked reports *unknown*."""

    code = "unavailable"


class ChainUnavailableError(UnavailableError):
    """No RPC endpoint answered."""

    code = "chain.unreachable"


class FetchError(UnavailableError):
    """A URL could not be read."""

    code = "fetch.unreachable"


class SignerUnavailableError(UnavailableError):
    """A key that lies elsewhere (hardware token, remote signer) cannot be reached now."""

    code = "signer.unreachable"


class RegistryError(JikinError):
    """The registry answered, and the answer forbids going on."""

    code = "registry"


class RegistryMismatchError(RegistryError):
    """Another chain, address or contract code answered than the pinned one."""

    code = "registry.mismatch"


class RegistryRefusedError(RegistryError):
    """The contract refused a call; *name* is the Solidity error, *arguments* what it carried."""

    code = "registry.refused"

    def __init__(self, name: str, arguments: tuple[object, ...] = ()) -> None:
        """Name the Solidity error and show its arguments."""
        shown = ", ".join(f"0x{a.hex()}" if isinstance(a, bytes) else str(a) for a in arguments)
        super().__init__(f"the registry refused: {name}({shown})")
        self.name = name
        self.arguments = arguments


class DocumentError(JikinError):
    """A PDF, image or archive cannot be read or made."""

    code = "document"


class SettingsError(JikinError):
    """A setting is missing or cannot be right."""

    code = "settings"


class OfficeError(JikinError):
    """The issuing office cannot do what was asked."""

    code = "office"


class ProtocolError(JikinError):
    """A message of OpenID4VCI or OpenID4VP breaks its protocol, or the other side refused ours.

    *oauth* is the protocol's own name for it (``invalid_proof``, ``invalid_nonce``, ``invalid_request`` …).
    """

    code = "openid"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, oauth: str = "invalid_request"
    ) -> None:
        """Keep *message*; *oauth* is what goes into ``error`` of the protocol's answer."""
        super().__init__(message, code=code, hint=hint)
        self.oauth = oauth

    @property
    def description(self) -> str:
        """Return the message as ``error_description`` may say it: printable ASCII without quote and backslash."""
        shown = (sign if " " <= sign <= "~" and sign not in '"\\' else "?" for sign in str(self).replace('"', "'"))
        return "".join(shown)


class WalletError(JikinError):
    """The holder's wallet cannot do what was asked."""

    code = "wallet"


class DeskError(JikinError):
    """The verifier's desk cannot do what was asked."""

    code = "desk"
