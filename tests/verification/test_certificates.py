"""Whose key certificates in an envelope (``x5c``) tell: a path to a root trusted here, and the issuer's name in it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring.chain import AnchorSlot
from jikin.conformance.trusting import TrustFolder
from jikin.errors import SettingsError
from jikin.proofs import certificates
from jikin.proofs.envelopes import jws, sd_jwt, sd_jwt_vc, vc_jwt
from jikin.proofs.p256 import P256Signer
from jikin.status import token_list
from jikin.status.array import State, StatusArray
from jikin.values import JsonObject, KeyType
from jikin.verification.assembly import assemble
from jikin.verification.checks.case import Anchored, Anchoring, Case
from jikin.verification.checks.key import check as key_check
from jikin.verification.document import Document
from jikin.verification.findings import FINDINGS, Code
from jikin.verification.gathering import gather
from jikin.verification.plan import SourcePlan
from jikin.verification.policy import packaged
from jikin.verification.reading import read
from jikin.verification.report import Outcome, Report
from jikin.verification.verifying import verify
from tests.codes import code_of
from tests.conformance.sample_desk import verdicts
from tests.shared_standards import standards
from tests.small_world import CONTEXTS, DAY, SUITES, SmallWorld

NOW = 1_790_000_000
HOST = "issuer.example"
ISSUER = f"https://{HOST}"
LIST_URL = f"{ISSUER}/statuslists/1"
SIGN = "digital_signature"
_USES = (
    SIGN,
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**dict.fromkeys(_USES, False) | dict.fromkeys(names, True))


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """An authority: a root, or one that another has signed."""

    called: str
    above: Authority | None = None
    days: tuple[int, int] = (-400, 400)
    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        above = self.above or self
        self.certificate = above.sign(
            self.called,
            self.key,
            [(x509.BasicConstraints(True, None), True), (usage("key_cert_sign", "crl_sign"), True)],
            self.days,
        )

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def sign(
        self, called: str, key: PrivateKey, extensions: Sequence[tuple[Any, bool]], days: tuple[int, int]
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(called))
            .issuer_name(name(self.called))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.fromtimestamp(NOW + days[0] * DAY, UTC))
            .not_valid_after(datetime.fromtimestamp(NOW + days[1] * DAY, UTC))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def leaf(
        self,
        *names: x509.GeneralName,
        days: tuple[int, int] = (-30, 30),
        key: PrivateKey | None = None,
        use: x509.KeyUsage | None = None,
    ) -> bytes:
        """Return the certificate (DER) of *key*, else of KEY, for *names*, else for HOST."""
        named = (x509.SubjectAlternativeName(names or [x509.DNSName(HOST)]), False)
        used = [] if use is None else [(use, True)]
        return self.sign("leaf", key or KEY, [named, *used], days).public_bytes(Encoding.DER)


KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = P256Signer.of(KEY)
ROOT = Authority("Root of Examples")
MIDDLE = Authority("Middle", ROOT)
OTHER = Authority("Root of Others")
# An authority of the same name, with a key of its own: what somebody makes who wants to be taken for it.
NAMESAKE = Authority("Root of Examples")
LEAF = ROOT.leaf()


def claims(**changes: Any) -> JsonObject:
    return {"iss": ISSUER, "vct": "https://types.example/card", "iat": NOW - DAY, "name": "김하늘", **changes}


def card(chain: Sequence[bytes], signer: P256Signer = SIGNER, key_id: str | None = None, **changes: Any) -> Document:
    token = sd_jwt_vc.issue(claims(**changes), [], signer, key_id=key_id, certificates=chain)
    return Document.of(token)


def judged(
    document: Document, *roots: Authority, now: int = NOW, world: SmallWorld | None = None, **sources: Any
) -> Report:
    here = world or WORLD
    given = {"registry": None, "roots": tuple(root.certificate for root in roots)} | sources
    return verify(document, here.sources(**given), packaged("proof"), now)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.code.partition(".")[0] in ("key", "proof")}


WORLD = SmallWorld()

# --- what is believed ---

SOUND: dict[str, tuple[Sequence[bytes], str]] = {
    "directly under the root": ([LEAF], ISSUER),
    "with the root in the chain": ([LEAF, ROOT.der], ISSUER),
    "through a middle": ([MIDDLE.leaf(), MIDDLE.der], ISSUER),
    "through a middle, with the root": ([MIDDLE.leaf(), MIDDLE.der, ROOT.der], ISSUER),
    "with a path and a port in the issuer's URL": ([LEAF], f"{ISSUER}:8443/tenants/1"),
    "with other letters in the name": ([ROOT.leaf(x509.DNSName("Issuer.Example"))], ISSUER),
    "by the issuer's whole URL": ([ROOT.leaf(x509.UniformResourceIdentifier(f"{ISSUER}/a"))], f"{ISSUER}/a"),
    "for a did:web": ([LEAF], f"did:web:{HOST}"),
    "for a did:web with port and path": ([LEAF], f"did:web:{HOST}%3A8443:tenants:1"),
    "with a key usage to sign": ([ROOT.leaf(use=usage(SIGN))], ISSUER),
    "with a key usage of seals": ([ROOT.leaf(use=usage("content_commitment"))], ISSUER),
}


@pytest.mark.parametrize(("chain", "issuer"), SOUND.values(), ids=SOUND.keys())
def test_a_certificate_of_a_root_here_tells_the_key_of_whom_it_names(chain: Sequence[bytes], issuer: str) -> None:
    report = judged(card(chain, iss=issuer), ROOT)
    assert report.outcome is Outcome.PASSED
    assert codes(report) == {"proof.valid", "key.valid"}
    (said,) = (finding for finding in report.findings if finding.code == "key.valid")
    assert said.facts == {"authority": "Root of Examples"}
    assert said.source == "certificate"


def test_a_w3c_credential_in_a_jwt_is_judged_alike() -> None:
    credential: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER,
        "credentialSubject": {"id": "did:example:holder"},
    }
    document = Document.of(vc_jwt.issue(credential, SIGNER, certificates=[LEAF]))
    assert codes(judged(document, ROOT)) == {"proof.valid", "key.valid"}
    assert codes(judged(document)) == {"proof.unchecked", "key.certificate-untrusted"}


def test_a_leaf_that_an_authority_signed_can_be_trusted_itself() -> None:
    pinned = x509.load_der_x509_certificate(LEAF)
    assert codes(judged(card([LEAF]), roots=(pinned,))) == {"proof.valid", "key.valid"}


def test_what_was_changed_is_forged_whoever_vouches_for_the_key() -> None:
    token = sd_jwt_vc.issue(claims(), [("name",)], SIGNER, certificates=[LEAF])
    head, payload, signature = token.partition("~")[0].split(".")
    other = sd_jwt_vc.issue(claims(iat=NOW - 2 * DAY), [("name",)], SIGNER, certificates=[LEAF]).split(".")[1]
    assert codes(judged(Document.of(token), ROOT)) == {"proof.valid", "key.valid"}
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    for changed in (f"{head}.{other}.{signature}", f"{head}.{payload}.{flipped}"):
        report = judged(Document.of(f"{changed}~"), ROOT)
        assert report.outcome is Outcome.FAILED
        assert codes(report) == {"proof.mismatch", "key.valid"}


# --- what is not ---

UNDER = Authority("leaf")  # as the leaves are called
UNTRUSTED: dict[str, tuple[Sequence[bytes], Sequence[Authority]]] = {
    "no root here": ([LEAF], []),
    "another root here": ([LEAF], [OTHER]),
    "another root here, its own in the chain": ([LEAF, ROOT.der], [OTHER]),
    "a root of the same name": ([NAMESAKE.leaf()], [ROOT]),
    "without the middle": ([MIDDLE.leaf()], [ROOT]),
    "under another's middle": ([MIDDLE.leaf(), Authority("Middle", OTHER).der], [ROOT]),
    "a leaf that vouches for itself": ([Authority("leaf", key=KEY).leaf()], [ROOT]),
    "under a certificate that is no authority": ([UNDER.leaf(), ROOT.leaf(key=UNDER.key)], [ROOT]),
    "an authority's that vouches for itself": ([Authority("Own", key=KEY).der], [ROOT]),
}


@pytest.mark.parametrize(("chain", "roots"), UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_what_leads_to_no_root_here_is_neither_genuine_nor_forged(
    chain: Sequence[bytes], roots: Sequence[Authority]
) -> None:
    report = judged(card(chain), *roots)
    assert report.outcome is Outcome.UNKNOWN
    assert codes(report) == {"proof.unchecked", "key.certificate-untrusted"}


def test_a_certificate_that_vouches_for_itself_is_not_believed_among_the_roots_either() -> None:
    own = Authority("leaf", key=KEY)
    chain = [own.leaf()]
    roots = (x509.load_der_x509_certificate(chain[0]),)
    assert codes(judged(card(chain), roots=roots)) == {"proof.unchecked", "key.certificate-untrusted"}


WRONG: dict[str, tuple[Sequence[bytes], str]] = {
    "for another host": ([ROOT.leaf(x509.DNSName("other.example"))], ISSUER),
    "for a host below": ([ROOT.leaf(x509.DNSName(f"www.{HOST}"))], ISSUER),
    "for every host below": ([ROOT.leaf(x509.DNSName("*.example"))], ISSUER),
    "for the URL of another tenant": ([ROOT.leaf(x509.UniformResourceIdentifier(f"{ISSUER}/b"))], f"{ISSUER}/a"),
    "for nobody": ([ROOT.leaf(x509.RFC822Name("a@issuer.example"))], ISSUER),
    "for the host of another did:web": ([LEAF], "did:web:other.example"),
    "for a host before an @": ([LEAF], f"https://{HOST}@evil.example"),
    "for the user of another host": ([LEAF], f"https://evil.example@{HOST}"),
    "for an issuer without TLS": ([LEAF], f"http://{HOST}"),
    "an authority's own": ([Authority("leaf", ROOT, key=KEY).der], ISSUER),
    "of a key that agrees on keys": ([ROOT.leaf(use=usage("key_agreement"))], ISSUER),
    "garbage": ([b"no certificate"], ISSUER),
    "cut off": ([LEAF[:-1]], ISSUER),
    "garbage above the leaf": ([LEAF, b"\x30\x00"], ISSUER),
}


@pytest.mark.parametrize(("chain", "issuer"), WRONG.values(), ids=WRONG.keys())
def test_a_certificate_of_somebody_else_or_of_no_signing_key_is_refused(chain: Sequence[bytes], issuer: str) -> None:
    report = judged(card(chain, iss=issuer), ROOT)
    assert report.outcome is Outcome.FAILED
    assert codes(report) == {"proof.unchecked", "key.certificate"}


def test_a_certificate_that_was_swapped_does_not_fit_the_signature() -> None:
    stranger = P256Signer.generate()
    report = judged(card([LEAF], stranger), ROOT)
    assert report.outcome is Outcome.FAILED
    assert "proof.mismatch" in codes(report)


def test_a_chain_of_nine_is_not_read() -> None:
    report = judged(card([LEAF] * 9), ROOT)
    assert report.outcome is Outcome.FAILED
    assert codes(report) == {"proof.malformed"}
    assert code_of(certificates.certified, [LEAF] * 9, [ROOT.certificate]) == "certificate.too-long"
    assert code_of(certificates.certified, [LEAF] * 8, [ROOT.certificate]) is None
    assert code_of(certificates.certified, [b"0" * ((1 << 14) + 1)], [ROOT.certificate]) == "certificate.too-long"


# --- when ---


@pytest.mark.parametrize(("days", "within"), [(-31, False), (-30, True), (0, True), (30, True), (31, False)], ids=str)
def test_outside_the_time_of_its_certificate_nothing_can_be_said_of_a_key(days: int, within: bool) -> None:
    report = judged(card([LEAF], iat=NOW - 40 * DAY), ROOT, now=NOW + days * DAY)
    assert codes(report) == {"proof.valid", "key.valid" if within else "key.certificate-period"}
    assert report.outcome is (Outcome.PASSED if within else Outcome.UNKNOWN)
    if not within:
        (said,) = (finding for finding in report.findings if finding.code == "key.certificate-period")
        assert said.facts == {"from": NOW - 30 * DAY, "until": NOW + 30 * DAY}


def test_the_shortest_certificate_of_the_path_counts() -> None:
    middle = Authority("Short", ROOT, days=(-10, 10))
    chain = [middle.leaf(), middle.der]
    found = certificates.certified(chain, [ROOT.certificate])
    assert (found.since, found.until) == (NOW - 10 * DAY, NOW + 10 * DAY)
    assert codes(judged(card(chain), ROOT, now=NOW + 11 * DAY)) == {"proof.valid", "key.certificate-period"}
    assert code_of(certificates.certified_key, chain, [ROOT.certificate], NOW + 11 * DAY) == "certificate.untrusted"
    assert code_of(certificates.certified_key, chain, [ROOT.certificate], NOW + 31 * DAY) == "certificate.expired"
    assert certificates.certified_key(chain, [ROOT.certificate], NOW) == SIGNER.public_key


def test_a_root_that_was_renewed_after_the_leaf_is_found() -> None:
    renewed = Authority(ROOT.called, key=ROOT.key, days=(-5, 900))
    found = certificates.certified([LEAF], [renewed.certificate])
    assert (found.since, found.until) == (NOW - 5 * DAY, NOW + 30 * DAY)


def test_certificates_of_times_that_never_met_lead_nowhere() -> None:
    past = Authority("Past", ROOT, days=(-400, -300))
    assert code_of(certificates.certified, [past.leaf(), past.der], [ROOT.certificate]) == "certificate.untrusted"


def test_an_anchored_credential_is_judged_by_the_certificates_of_that_time() -> None:
    document = card([LEAF], iat=NOW - DAY)
    evidence = gather(document, WORLD.sources(registry=None, roots=(ROOT.certificate,)))
    case = Case(read(document, SUITES), evidence, packaged("proof"), SUITES, NOW + 40 * DAY)

    def said(time: int) -> list[str]:
        slot = AnchorSlot(time=time, block=1, tree_size=2, sequence=0, kind=0)
        return [one.code.value for one in key_check(case, Anchoring(Anchored.YES, slot, ()))]

    assert said(NOW) == ["key.valid"]
    assert said(NOW + 31 * DAY) == said(NOW - 31 * DAY) == ["key.certificate-period"]


# --- what goes before ---


def test_a_key_that_is_named_by_its_did_goes_before_certificates() -> None:
    document = card([LEAF], iss="did:web:certs.example", key_id="did:web:certs.example#other")
    report = judged(document, ROOT)
    assert codes(report) == {"proof.unchecked", "key.unbound"}


def test_keys_that_are_configured_for_an_issuer_go_before_certificates() -> None:
    report = judged(card([LEAF]), ROOT, trust={ISSUER: ("did:key:zDnaeSomebody",)})
    assert codes(report) == {"proof.unchecked", "key.unbound"}


def test_no_authority_speaks_for_an_issuer_of_the_registry() -> None:
    document = card([ROOT.leaf(x509.DNSName("certs.example"))], iss="did:web:certs.example")
    assert codes(judged(document, ROOT)) == {"proof.valid", "key.valid"}
    for world in (WORLD, SmallWorld()):
        assert codes(judged(document, ROOT, world=world, registry=world.chain)) == {"proof.unchecked", "key.unknown"}


def test_an_issuer_that_the_registry_does_not_know_may_have_certificates() -> None:
    assert codes(judged(card([LEAF]), ROOT, registry=WORLD.chain)) == {"proof.valid", "key.valid"}


def test_a_signature_without_any_name_of_a_key_is_nobodys() -> None:
    assert codes(judged(card([]), ROOT)) == {"proof.unchecked", "key.unbound"}


# --- status lists ---


def listed(
    chain: Sequence[bytes],
    state: State = State.VALID,
    *,
    signer: P256Signer = SIGNER,
    key_id: str | None = None,
) -> bytes:
    array = StatusArray.all_valid(1 << 17).with_states({5: state})
    header: dict[str, Any] = {"typ": token_list.TYPE, "x5c": jws.x5c(chain)}
    if key_id is not None:
        header["kid"] = key_id
    return jws.sign(
        json.dumps(token_list.list_claims(array, url=LIST_URL, issued_at=NOW)).encode(), signer, header
    ).encode()


OTHERS_LEAF = ROOT.leaf(x509.DNSName("other.example"))
LISTS: dict[str, tuple[bytes, str, int]] = {
    "by the same certificate": (listed([LEAF]), "status.valid", 0),
    "by another certificate of the issuer": (listed([MIDDLE.leaf(), MIDDLE.der]), "status.valid", 0),
    "with a name of the key that is no DID": (listed([LEAF], key_id="key-1"), "status.valid", 0),
    "that says revoked": (listed([LEAF], State.REVOKED), "status.revoked", 0),
    "by a certificate of somebody else": (listed([OTHERS_LEAF]), "status.unreadable", 0),
    "by another key than the certificate's": (listed([LEAF], signer=P256Signer.generate()), "status.unreadable", 0),
    "by a certificate of another root": (listed([OTHER.leaf()]), "status.unreadable", 0),
    "by a certificate that has ended": (listed([ROOT.leaf(days=(-30, 3))]), "status.unreadable", 4),
    "with a DID that is not the issuer's": (listed([LEAF], key_id="did:web:other.example#a"), "status.unreadable", 0),
}


@pytest.mark.parametrize(("token", "expected", "days"), LISTS.values(), ids=LISTS.keys())
def test_a_status_list_counts_by_a_certificate_of_the_same_issuer(token: bytes, expected: str, days: int) -> None:
    world = SmallWorld()
    world.web.files[LIST_URL] = token
    document = card([LEAF], status=token_list.status_claim(LIST_URL, 5))
    report = judged(document, ROOT, world=world, now=NOW + days * DAY)
    assert {finding.code for finding in report.findings if finding.code.startswith("status.")} == {expected}


# --- the roots ---


@pytest.mark.usefixtures("logs_of_its_own")
def test_roots_lie_in_the_trust_folder_and_are_read_again(tmp_path: Path) -> None:
    base = assemble(SourcePlan(offline=True, trust=tmp_path))
    assert base.roots == ()
    folder = TrustFolder(tmp_path)
    pem = ROOT.certificate.public_bytes(Encoding.PEM) + OTHER.certificate.public_bytes(Encoding.PEM)
    (tmp_path / "roots.pem").write_bytes(pem)
    both = (ROOT.certificate, OTHER.certificate)
    assert folder.newest(base).roots == assemble(SourcePlan(offline=True, trust=tmp_path)).roots == both
    (tmp_path / "broken.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"broken\.pem"):
        assemble(SourcePlan(offline=True, trust=tmp_path))
    assert folder.newest(base).roots == both  # what was read last stands


# --- keys and bytes of any kind ---

KEYS: dict[str, tuple[PrivateKey, KeyType | None]] = {
    "P-384": (ec.generate_private_key(ec.SECP384R1()), KeyType.P384),
    "P-521": (ec.generate_private_key(ec.SECP521R1()), KeyType.P521),
    "RSA": (rsa.generate_private_key(65_537, 2048), KeyType.RSA),
    "a curve of nobody here": (ec.generate_private_key(ec.BrainpoolP256R1()), None),
}


@pytest.mark.parametrize(("key", "kind"), KEYS.values(), ids=KEYS.keys())
def test_the_key_of_a_certificate_is_one_that_signs_here(key: PrivateKey, kind: KeyType | None) -> None:
    chain = [ROOT.leaf(key=key)]
    if kind is None:
        assert code_of(certificates.certified, chain, [ROOT.certificate]) == "certificate.key"
        assert "key.unknown" in codes(judged(card(chain), ROOT))
    else:
        assert certificates.certified(chain, [ROOT.certificate]).key.type is kind


@given(st.integers(0, len(LEAF) - 1), st.binary(max_size=3))
def test_bytes_that_are_nearly_a_certificate_raise_nothing_but_what_is_meant(place: int, instead: bytes) -> None:
    data = LEAF[:place] + instead + LEAF[place + len(instead) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of what it reads and does not like
        code = code_of(certificates.certified, [data], [ROOT.certificate])
    assert (code is None) is (data == LEAF)
    assert code is None or code.startswith("certificate.")


@given(st.text(max_size=40) | st.from_regex(r"(https://|did:web:)[a-z@:%\[\]./\\]{0,20}", fullmatch=True))
def test_any_text_has_a_host_or_none(text: str) -> None:
    host = certificates.host_of(text)
    assert host is None or host == host.lower() != ""


def test_only_a_certificate_that_is_known_to_be_wrong_makes_a_credential_fail() -> None:
    found = {code.value: FINDINGS[code].outcome for code in Code if code.value.startswith("key.certificate")}
    assert found == {
        "key.certificate": Outcome.FAILED,
        "key.certificate-period": Outcome.UNKNOWN,
        "key.certificate-untrusted": Outcome.UNKNOWN,
    }


# --- a published credential ---


def test_the_pid_of_a_german_pilot_is_unknown_while_its_authority_is_not_trusted() -> None:
    path = standards() / "real-samples/plugfest-and-eudi/animo-pid.sd.jwt"
    (verdict,) = verdicts(path, "proof")
    assert verdict.outcome == "unknown"
    assert verdict.codes == ("key.certificate-untrusted", "proof.unchecked")
    data = path.read_bytes().strip()
    chain = sd_jwt.read(data, "it").jwt.certificates
    assert code_of(certificates.certified, chain, [ROOT.certificate]) in (
        "certificate.untrusted",
        "certificate.self-signed",
    )
    sources = replace(WORLD.sources(registry=None), suites=SUITES, contexts=CONTEXTS)
    assert verify(Document.of(data), sources, packaged("proof"), NOW).outcome is Outcome.UNKNOWN
