"""References to keys in a token: PKCS#11 URIs (RFC 7512).

    pkcs11:token=office;object=signing-2026;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin

A reference is stored and shown, so a PIN never stands in it: ``pin-value`` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from jikin.errors import SettingsError

SCHEME = "pkcs11:"
_MAX_TEXT = 1024
_PATH = frozenset({"token", "serial", "object", "id", "type"})
_QUERY = frozenset({"module-path", "pin-source"})
# What a path attribute may hold unescaped beside letters and digits (RFC 7512, 2.3): no ; ? and %.
_PLAIN = "-._~:[]@!$'()*+,=&"


def _refuse(why: str) -> SettingsError:
    return SettingsError(
        f"a reference to a key in a token cannot be read: {why}",
        code="signer.reference",
        hint="right would be pkcs11:token=LABEL;object=LABEL (RFC 7512)",
    )


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """Which key in which token: the token by label or serial, the key by label or id.

    *module* is the token's library, *pin_file* the file with its PIN; None where the settings say it.
    """

    token: str | None
    serial: str | None
    object: str | None
    id: bytes | None
    module: Path | None = None
    pin_file: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """Return what *text* refers to; raises SettingsError (``signer.reference``), which repeats no value."""
        if not text.startswith(SCHEME) or len(text) > _MAX_TEXT or not text.isascii():
            raise _refuse(f"it begins with {SCHEME}, in at most {_MAX_TEXT} ASCII characters")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        where, how = _attributes(path, ";", _PATH), _attributes(query, "&", _QUERY)
        if where.get("type", b"private") != b"private":
            raise _refuse("it is of type private")
        if ("token" in where) == ("serial" in where):
            raise _refuse("it names the token, by token or by serial")
        if "object" not in where and "id" not in where:
            raise _refuse("it names the key, by object, id or both")
        return cls(
            token=_text(where.get("token")),
            serial=_text(where.get("serial")),
            object=_text(where.get("object")),
            id=where.get("id"),
            module=_file(how.get("module-path"), "module-path"),
            pin_file=_file(how.get("pin-source"), "pin-source"),
        )

    def __str__(self) -> str:
        """Return the one spelling of it: attributes in a fixed order, escaped where they have to be."""
        named = (("token", self.token), ("serial", self.serial), ("object", self.object))
        parts = [f"{name}={quote(value, safe=_PLAIN)}" for name, value in named if value is not None]
        if self.id is not None:
            parts.append("id=" + "".join(f"%{byte:02X}" for byte in self.id))
        queries = [
            f"{name}={prefix}{quote(str(value), safe='/' + _PLAIN.replace('&', ''))}"
            for name, prefix, value in (("module-path", "", self.module), ("pin-source", "file:", self.pin_file))
            if value is not None
        ]
        return SCHEME + ";".join(parts) + ("?" + "&".join(queries) if queries else "")


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise _refuse("a PIN stands in no reference, for references are stored and shown; use pin-source")
        if not equals or name not in known:
            raise _refuse(f"{name[:40]!r} is none of {', '.join(sorted(known))}")
        if name in found:
            raise _refuse(f"{name} stands there twice")
        if any(len(cut) < 2 or not set(cut[:2]) <= set("0123456789abcdefABCDEF") for cut in value.split("%")[1:]):
            raise _refuse(f"{name} has a % that is no %XX")
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse("a label is no UTF-8") from error
    if not text or not text.isprintable():
        raise _refuse("a label is empty or has characters that cannot be shown")
    return text


def _file(value: bytes | None, name: str) -> Path | None:
    text = _text(value)
    if text is None:
        return None
    path = Path(text.removeprefix("file:") if name == "pin-source" else text)
    if not path.is_absolute():
        raise _refuse(f"{name} is an absolute path" + (", written file:/…" if name == "pin-source" else ""))
    return path
