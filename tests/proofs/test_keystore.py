"""Key files: encrypted, private to their owner, never written over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jikin.errors import SettingsError
from jikin.proofs import keystore
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.keystore import StoredSigner
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from tests.codes import code_of

PASSPHRASE = "지게차 운전 열쇠 42"
QUICK = 10  # scrypt cost for tests


def saved(tmp_path: Path, signer: StoredSigner | None = None) -> Path:
    path = tmp_path / "signing.pem"
    keystore.save(path, signer or Ed25519Signer.generate(), PASSPHRASE, log2_cost=QUICK)
    return path


def test_a_key_comes_back_with_the_default_cost(tmp_path: Path) -> None:
    signer = Ed25519Signer.generate()
    keystore.save(tmp_path / "key.pem", signer, PASSPHRASE)
    loaded = keystore.load(tmp_path / "key.pem", PASSPHRASE)
    assert loaded.public_key == signer.public_key
    assert loaded.sign(b"x") == signer.sign(b"x")


KINDS: dict[str, StoredSigner] = {
    "Ed25519": Ed25519Signer.generate(),
    "P-256": P256Signer.generate(),
    "P-384": P384Signer.generate(),
    "ML-DSA-44": Mldsa44Signer.generate(),
}
each_kind = pytest.mark.parametrize("signer", KINDS.values(), ids=KINDS.keys())


@each_kind
def test_every_kind_of_key_comes_back_as_itself(tmp_path: Path, signer: StoredSigner) -> None:
    path = saved(tmp_path, signer)
    loaded = keystore.load(path, PASSPHRASE)
    assert type(loaded) is type(signer)
    assert loaded.public_key == signer.public_key
    secret = signer.export_secret() if isinstance(signer, P256Signer | P384Signer) else signer.export_seed()
    assert secret not in path.read_bytes()


@each_kind
def test_a_file_of_every_kind_is_opened_by_other_readers_and_the_reverse(tmp_path: Path, signer: StoredSigner) -> None:
    key = load_pem_private_key(saved(tmp_path, signer).read_bytes(), PASSPHRASE.encode())
    other = tmp_path / "other.pem"
    encryption = BestAvailableEncryption(PASSPHRASE.encode())
    other.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    assert keystore.load(other, PASSPHRASE).public_key == signer.public_key


def test_the_file_is_for_its_owner_alone_and_shows_nothing(tmp_path: Path) -> None:
    signer = Ed25519Signer.generate()
    path = saved(tmp_path, signer)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = path.read_bytes()
    assert data.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert signer.export_seed() not in data
    (tmp_path / "again").mkdir()
    assert saved(tmp_path / "again", signer).read_bytes() != data  # salt and vector are fresh each time


def test_other_readers_of_pkcs8_open_the_file(tmp_path: Path) -> None:
    signer = Ed25519Signer.generate()
    key = load_pem_private_key(saved(tmp_path, signer).read_bytes(), PASSPHRASE.encode())
    assert isinstance(key, Ed25519PrivateKey)
    assert key.private_bytes_raw() == signer.export_seed()


def test_files_of_other_writers_are_opened(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path = tmp_path / "other.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())))
    assert keystore.load(path, PASSPHRASE).public_key.raw == key.public_key().public_bytes_raw()


def test_a_wrong_passphrase_is_a_clear_error_that_repeats_none(tmp_path: Path) -> None:
    path = saved(tmp_path)
    for wrong in ("secret-wrong", PASSPHRASE + " ", PASSPHRASE[:-1]):
        with pytest.raises(SettingsError, match="passphrase does not open") as refused:
            keystore.load(path, wrong)
        assert refused.value.code == "keystore.wrong-passphrase"
        assert wrong.strip() not in str(refused.value)


def test_many_wrong_passphrases_are_all_refused(tmp_path: Path) -> None:
    """One in 256 leaves a padding that happens to be right; what is under it is no key."""
    path = saved(tmp_path)
    for number in range(600):
        assert code_of(keystore.load, path, f"wrong {number}") == "keystore.wrong-passphrase"


def test_a_passphrase_is_required(tmp_path: Path) -> None:
    path = saved(tmp_path)
    for call in (lambda: keystore.load(path, ""), lambda: keystore.save(tmp_path / "x", Ed25519Signer.generate(), "")):
        assert code_of(call) == "keystore.passphrase-missing"
    assert not (tmp_path / "x").exists()


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    with pytest.raises(SettingsError) as refused:
        saved(tmp_path)
    assert refused.value.code == "keystore.exists"
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_or_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert code_of(keystore.load, tmp_path / "none.pem", PASSPHRASE) == "keystore.missing"
    assert code_of(keystore.load, tmp_path, PASSPHRASE) == "keystore.missing"
    missing = tmp_path / "none" / "key.pem"
    signer = Ed25519Signer.generate()
    assert code_of(lambda: keystore.save(missing, signer, PASSPHRASE, log2_cost=QUICK)) == "keystore.unwritable"


def test_an_unencrypted_key_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "bare.pem"
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert code_of(keystore.load, path, PASSPHRASE) == "keystore.unencrypted"


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP521R1()), x25519.X25519PrivateKey.generate()])
def test_another_kind_of_key_is_not_taken(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey
) -> None:
    path = tmp_path / "other.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())))
    assert code_of(keystore.load, path, PASSPHRASE) == "keystore.kind"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.integers(0, 300).map(lambda cut: b"cut" + bytes([cut % 256])))
def test_arbitrary_files_are_errors_of_ours(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "arbitrary.pem"
    if data.startswith(b"cut"):
        whole = tmp_path / "signing.pem"
        data = (whole if whole.exists() else saved(tmp_path)).read_bytes()[: data[-1]]
    path.write_bytes(data)
    assert (code_of(keystore.load, path, PASSPHRASE) or "").startswith("keystore.")
