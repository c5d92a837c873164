"""Holders, and the ways into their vaults: passphrase, recovery code, passkeys, API tokens.

The server keeps no secret of a holder. A login name is stored as a keyed hash, the display name inside the vault. Every
way wraps the same vault key; whoever knows one can open the vault, and the server alone cannot.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from jikin.credentials.text import invisible_characters
from jikin.errors import ProtocolError, WalletError
from jikin.values import JsonObject
from jikin.web import passkeys, tokens
from jikin.web.passkeys import NewPasskey
from wallet import records, unlocking, vault
from wallet.app import Wallet
from wallet.members import b64, objects, unb64
from wallet.sessions import OpenVault, SessionToken
from wallet.store import vaults
from wallet.unlocking import PROFILE, PROFILE_SCHEMA, Way, WayKind
from wallet.vault import Key

__all__ = ["Account", "OpenVault", "PasskeyRequest", "SessionToken", "Way", "WayKind"]

MIN_PASSPHRASE = 8
_MAX_PASSPHRASE = 200
_MAX_NAME = 60
_MAX_PASSKEYS = 10
# The same for everybody: a passkey's PRF gives every passkey and every site another output for it.
_PRF_SALT = hashlib.sha256(b"jikin/wallet/prf").digest()
_PRF_BYTES = 32


@dataclass(frozen=True, slots=True)
class Account:
    """A holder, known by the vault's id."""

    id: str


@dataclass(frozen=True, slots=True)
class PasskeyRequest:
    """Options for ``navigator.credentials.get``, and the id under which the challenge waits (single use)."""

    options: JsonObject = field(repr=False)
    challenge_id: str


# --- signing up ---


def create(wallet: Wallet, name: str, passphrase: str) -> tuple[Account, str]:
    """Make a holder called *name* and return the account with its recovery code, which is shown once.

    The vault accepts no certificate before the code is confirmed or a passkey added. Raises WalletError:
    ``wallet.name``, ``wallet.name-taken``, ``wallet.passphrase``.
    """
    shown = _checked_name(name)
    _check_passphrase(passphrase, shown)
    code = vault.new_recovery_code()
    with OpenVault(records.new_id(), Key.generate()) as fresh:
        made = (
            unlocking.by_secret(wallet, fresh, WayKind.PASSPHRASE, vault.normal_passphrase(passphrase), confirmed=True),
            unlocking.by_secret(wallet, fresh, WayKind.RECOVERY, vault.normal_recovery_code(code), confirmed=False),
        )
        now = wallet.clock()
        profile: JsonObject = {"name": shown, "ways": {way.id: {"added_at": now} for way in made}}
        try:
            with wallet.database.write() as connection:
                records.begin(connection, fresh, _login_tag(wallet, shown))
                for way in made:
                    vaults.add_way(connection, way)
                records.changed_in(connection, fresh, lambda change: change.add(PROFILE_SCHEMA, profile, PROFILE))
        except IntegrityError as error:
            raise WalletError(
                "somebody here has this name already", code="wallet.name-taken", hint="choose another name"
            ) from error
        return Account(fresh.id), code


# --- signing in ---


def open_by_passphrase(wallet: Wallet, name: str, passphrase: str) -> SessionToken:
    """Return a session of the vault of *name*.

    Raises WalletError: ``wallet.sign-in`` (one answer for a name that nobody has and a wrong passphrase, for the same
    work), ``wallet.sign-in.throttled`` after too many attempts for one name.
    """
    return _open_by_secret(wallet, name, WayKind.PASSPHRASE, vault.normal_passphrase(passphrase))


def open_by_recovery(wallet: Wallet, name: str, code: str) -> SessionToken:
    """Return a session opened by the recovery code; raises as ``open_by_passphrase``."""
    return _open_by_secret(wallet, name, WayKind.RECOVERY, vault.normal_recovery_code(code))


def open_by_token(wallet: Wallet, token: SessionToken | str) -> OpenVault:
    """Return the vault of a session cookie or an API token, to be closed after use (it is a context manager).

    Raises WalletError ``wallet.signed-out``.
    """
    text = token.text if isinstance(token, SessionToken) else token
    try:
        return wallet.sessions.open(text)
    except WalletError:
        opened = _open_by_api_token(wallet, text)
        if opened is None:
            raise
        return opened


def close(wallet: Wallet, token: SessionToken | str) -> None:
    """Sign out: the server's half of the key is forgotten."""
    wallet.sessions.end(token.text if isinstance(token, SessionToken) else token)


# --- the holder ---


def display_name(wallet: Wallet, open: OpenVault) -> str:
    """Return the name the holder goes by here."""
    return str(unlocking.profile(wallet, open).value["name"])


def confirm_recovery(wallet: Wallet, open: OpenVault, code: str) -> None:
    """Note that the holder has written the recovery code down: *code* is what was typed back.

    Raises WalletError ``wallet.recovery-mistyped``, and ``wallet.sign-in.throttled`` after many attempts.
    """
    _take_attempt(wallet, f"confirm {open.id}")
    with wallet.database.read() as connection:
        found = vaults.ways_of(connection, open.id, WayKind.RECOVERY)
    opened = unlocking.try_secret(found[0], vault.normal_recovery_code(code)) if found else None
    if opened is None:
        raise WalletError(
            "this is not the recovery code", code="wallet.recovery-mistyped", hint="compare it with what was shown"
        )
    opened.wipe()
    with wallet.database.write() as connection:
        vaults.confirm_way(connection, found[0].id)


def new_recovery(wallet: Wallet, open: OpenVault) -> str:
    """Return a fresh recovery code, to be confirmed; the one before is void."""
    code = vault.new_recovery_code()
    way = unlocking.by_secret(wallet, open, WayKind.RECOVERY, vault.normal_recovery_code(code), confirmed=False)
    unlocking.put_in_place(wallet, open, way)
    return code


def change_passphrase(wallet: Wallet, open: OpenVault, passphrase: str) -> None:
    """Set another passphrase and end every other session; raises WalletError ``wallet.passphrase``."""
    _check_passphrase(passphrase, display_name(wallet, open))
    way = unlocking.by_secret(wallet, open, WayKind.PASSPHRASE, vault.normal_passphrase(passphrase), confirmed=True)
    unlocking.put_in_place(wallet, open, way)
    wallet.sessions.end_all_of(open.id, but=open.session)


def ways(wallet: Wallet, open: OpenVault) -> tuple[Way, ...]:
    """Return the ways into this vault, the oldest first."""
    return unlocking.listed(wallet, open)


def remove_way(wallet: Wallet, open: OpenVault, way_id: str) -> None:
    """Remove a passkey or an API token; sessions opened by it end too.

    Raises WalletError: ``wallet.way.not-found``, ``wallet.one-way`` when the holder could lock themselves out.
    """
    known = {way.id: way for way in ways(wallet, open)}
    way = known.get(way_id)
    if way is None or way.kind not in (WayKind.PASSKEY, WayKind.TOKEN):
        raise WalletError("there is no passkey or token of this id", code="wallet.way.not-found")
    if way.kind is WayKind.PASSKEY and not unlocking.enough(tuple(known.values()), without=way):
        raise unlocking.one_way("remove this passkey")
    unlocking.remove(wallet, open, way)
    wallet.sessions.end_all_of(open.id, but=open.session)


def may_receive(wallet: Wallet, open: OpenVault) -> bool:
    """Say whether the vault accepts certificates: there are two ways to unlock it."""
    return unlocking.enough(ways(wallet, open))


def check_two_ways(wallet: Wallet, open: OpenVault) -> None:
    """Raise WalletError ``wallet.one-way`` unless there are two ways to unlock: what is put in must come out again."""
    if not may_receive(wallet, open):
        raise unlocking.one_way("receive a certificate")


# --- passkeys ---


def passkey_creation(wallet: Wallet, open: OpenVault) -> JsonObject:
    """Return options for ``navigator.credentials.create``; the challenge waits here for ``add_passkey``."""
    profile = unlocking.profile(wallet, open).value
    known = [unb64(text) for text in _passkey_ids(profile)]
    if len(known) >= _MAX_PASSKEYS:
        raise WalletError(f"a vault has at most {_MAX_PASSKEYS} passkeys", code="wallet.passkey-limit")
    options, challenge = wallet.passkeys.creation_options(
        bytes.fromhex(open.id), str(profile["name"]), known, prf_salt=_PRF_SALT
    )
    wallet.waiting.keep(f"create {open.id}", challenge)
    return options


def add_passkey(wallet: Wallet, open: OpenVault, response: JsonObject | str, prf: str | None) -> Way:
    """Add the passkey that *response* (RegistrationResponseJSON) made; *prf* is its PRF output in base64url.

    Raises WalletError: ``wallet.passkey-no-prf`` for a passkey that can give no key and so could never open the vault;
    ``wallet.passkey-once-more`` for one that gives its PRF only when it is used: then go on with
    ``passkey_second_step`` and ``finish_passkey``. Raises ProtocolError (``passkey.refused``).
    """
    challenge = _waited(wallet, f"create {open.id}")
    passkey = wallet.passkeys.verify_creation(response, challenge)
    if prf:
        return _keep_passkey(wallet, open, passkey, prf)
    if not _prf_enabled(response):
        raise _no_prf()
    kept: JsonObject = {
        "id": b64(passkey.credential_id),
        "key": b64(passkey.public_key_cose),
        "count": passkey.sign_count,
    }
    wallet.waiting.keep(f"new {open.id}", records.to_bytes(kept))
    raise WalletError(
        "the passkey is made; it has to be used once before it can open the vault",
        code="wallet.passkey-once-more",
        hint="confirm once more with the same passkey",
    )


def passkey_second_step(wallet: Wallet, open: OpenVault) -> JsonObject:
    """Return options for using a passkey that was just made; raises ProtocolError when none was."""
    kept = _waited(wallet, f"new {open.id}")
    made = records.from_bytes(kept)
    options, challenge = wallet.passkeys.request_options(None, [unb64(str(made["id"]))], prf_salt=_PRF_SALT)
    wallet.waiting.keep(f"new {open.id}", kept)
    wallet.waiting.keep(f"use {open.id}", challenge)
    return options


def finish_passkey(wallet: Wallet, open: OpenVault, response: JsonObject | str, prf: str | None) -> Way:
    """Add the passkey after its second step; raises as ``add_passkey``."""
    challenge, made = _waited(wallet, f"use {open.id}"), records.from_bytes(_waited(wallet, f"new {open.id}"))
    passkey = NewPasskey(unb64(str(made["id"])), unb64(str(made["key"])), int(str(made["count"])), ())
    assertion = wallet.passkeys.verify_assertion(response, challenge, passkey)
    if not prf:
        raise _no_prf()
    used = NewPasskey(passkey.credential_id, passkey.public_key_cose, assertion.sign_count, ())
    return _keep_passkey(wallet, open, used, prf)


def passkey_request(wallet: Wallet) -> PasskeyRequest:
    """Return options for ``navigator.credentials.get``: any passkey that the browser has for this wallet."""
    options, challenge = wallet.passkeys.request_options(prf_salt=_PRF_SALT)
    name = records.new_id()
    wallet.waiting.keep(f"sign-in {name}", challenge)
    return PasskeyRequest(options, name)


def open_by_passkey(wallet: Wallet, challenge_id: str, response: JsonObject | str, prf: str | None) -> SessionToken:
    """Return a session opened by a passkey: its signature says who it is, its PRF output opens the vault.

    Raises WalletError: ``wallet.sign-in`` for a passkey that opens nothing here, ``wallet.passkey-no-prf``;
    ProtocolError (``passkey.refused``) for an answer that does not fit the challenge.
    """
    challenge = _waited(wallet, f"sign-in {challenge_id}")
    credential_id = passkeys.credential_id(response)
    with wallet.database.read() as connection:
        way = vaults.way_by_tag(connection, _passkey_tag(wallet, credential_id))
    if way is None or way.public_key is None:
        raise _sign_in_refused()
    known = NewPasskey(credential_id, way.public_key, way.sign_count or 0, ())
    assertion = wallet.passkeys.verify_assertion(response, challenge, known)
    if not prf:
        raise _no_prf()
    key = unlocking.try_random(way, _prf_output(prf))
    if key is None:
        raise _sign_in_refused()
    with key:
        with wallet.database.write() as connection:
            vaults.set_sign_count(connection, way.id, assertion.sign_count)
        return wallet.sessions.begin(way.holder, key)


# --- API tokens ---


def new_token(wallet: Wallet, open: OpenVault, token: str | None = None) -> str:
    """Return an API token that opens this vault for programs: a fresh one, or *token* itself where one is given."""
    text = tokens.new_token() if token is None else token
    secret = text.encode("utf-8")
    unlocking.add(wallet, open, unlocking.by_random(open, WayKind.TOKEN, secret, wallet.key.tag("token", secret)), {})
    return text


# --- against old copies ---


def watermark(wallet: Wallet, open: OpenVault) -> str:
    """Return a mark for a long-lived cookie on the holder's device: how new the vault is (see ``check_watermark``)."""
    return vault.watermark(open.key, open.id, records.counter(wallet.database, open))


def check_watermark(wallet: Wallet, open: OpenVault, mark: str) -> None:
    """Raise WalletError ``wallet.rolled-back`` when the stored vault is older than the device's *mark* of it.

    A mark of another vault, or no mark at all, says nothing.
    """
    seen = vault.read_watermark(open.key, open.id, mark)
    if seen is not None and records.counter(wallet.database, open) < seen:
        raise WalletError(
            "the vault that is stored here is older than the one this device has seen",
            code="wallet.rolled-back",
            hint="ask whoever runs this wallet to restore the newest copy; nothing is received or shown until then",
        )


# --- inside ---


def _checked_name(name: str) -> str:
    shown = unicodedata.normalize("NFKC", name).strip()
    if not shown or len(shown) > _MAX_NAME or invisible_characters(shown):
        raise WalletError(
            f"a name has 1 to {_MAX_NAME} characters that can be seen, got {len(shown)}", code="wallet.name"
        )
    return shown


def _check_passphrase(passphrase: str, name: str) -> None:
    text = vault.normal_passphrase(passphrase)
    if not MIN_PASSPHRASE <= len(text) <= _MAX_PASSPHRASE:
        raise WalletError(
            f"a passphrase has {MIN_PASSPHRASE} to {_MAX_PASSPHRASE} characters, got {len(text)}",
            code="wallet.passphrase",
            hint="a few words that only you would put together",
        )
    if len(set(text)) < 4 or text.casefold() == name.casefold():
        raise WalletError(
            "this passphrase is guessed at once",
            code="wallet.passphrase",
            hint="a few words that only you would put together",
        )


def _login_tag(wallet: Wallet, name: str) -> bytes:
    folded = unicodedata.normalize("NFKC", name).strip().casefold()
    return wallet.key.tag("login", folded.encode("utf-8"))


def _passkey_tag(wallet: Wallet, credential_id: bytes) -> bytes:
    return wallet.key.tag("passkey", credential_id)


def _open_by_secret(wallet: Wallet, name: str, kind: WayKind, secret: str) -> SessionToken:
    tag = _login_tag(wallet, name)
    _take_attempt(wallet, tag.hex())
    with wallet.database.read() as connection:
        holder = vaults.holder_by_tag(connection, tag)
        found = vaults.ways_of(connection, holder or "", kind)
    # A name that nobody has costs the same work: how long the answer takes says nothing about who has a vault here.
    way = found[0] if found else unlocking.nobodys(wallet, kind, tag)
    key = unlocking.try_secret(way, secret)
    if key is None or holder is None:
        raise _sign_in_refused()
    with key:
        return wallet.sessions.begin(holder, key)


def _open_by_api_token(wallet: Wallet, token: str) -> OpenVault | None:
    with wallet.database.read() as connection:
        way = vaults.way_by_tag(connection, wallet.key.tag("token", token.encode("utf-8")))
    if way is None or way.kind != WayKind.TOKEN:
        return None
    key = unlocking.try_random(way, token.encode("utf-8"))
    return None if key is None else OpenVault(way.holder, key)


def _take_attempt(wallet: Wallet, key: str) -> None:
    if not wallet.attempts.take(key):
        raise WalletError(
            "there were too many attempts for this name",
            code="wallet.sign-in.throttled",
            hint="wait a quarter of an hour, or use a passkey",
        )


def _sign_in_refused() -> WalletError:
    return WalletError(
        "name and secret do not open a vault here",
        code="wallet.sign-in",
        hint="look at the spelling of both, or use the recovery code",
    )


def _no_prf() -> WalletError:
    return WalletError(
        "this passkey can say who you are, and cannot give a key: it could never open the vault",
        code="wallet.passkey-no-prf",
        hint="use a passkey of this phone or computer (with the PRF extension), or passphrase and recovery code",
    )


def _waited(wallet: Wallet, name: str) -> bytes:
    kept = wallet.waiting.take(name)
    if kept is None:
        raise ProtocolError(
            "nobody waits for this answer of a passkey, or it came too late",
            code="passkey.refused",
            hint="start again from the page that asked for the passkey",
        )
    return kept


def _keep_passkey(wallet: Wallet, open: OpenVault, passkey: NewPasskey, prf: str) -> Way:
    way = unlocking.by_random(
        open,
        WayKind.PASSKEY,
        _prf_output(prf),
        _passkey_tag(wallet, passkey.credential_id),
        public_key=passkey.public_key_cose,
        sign_count=passkey.sign_count,
    )
    try:
        return unlocking.add(wallet, open, way, {"credential_id": b64(passkey.credential_id)})
    except IntegrityError as error:
        raise WalletError("this passkey is known here already", code="wallet.passkey-known") from error


def _passkey_ids(profile: JsonObject) -> tuple[str, ...]:
    about = (objects(entry).get("credential_id") for entry in unlocking.about_ways(profile).values())
    return tuple(text for text in about if isinstance(text, str))


def _prf_enabled(response: JsonObject | str) -> bool:
    value = records.from_bytes(response.encode("utf-8")) if isinstance(response, str) else response
    return objects(objects(value.get("clientExtensionResults")).get("prf")).get("enabled") is True


def _prf_output(text: str) -> bytes:
    try:
        output = unb64(text)
    except ValueError as error:
        raise _no_prf() from error
    if len(output) != _PRF_BYTES:
        raise _no_prf()
    return output
