"""Security headers: a policy without inline script, inline style or eval, and Trusted Types on every page."""

from __future__ import annotations

from collections.abc import Mapping

CSP = "content-security-policy"
TRUSTED_TYPES_POLICY = "jikin"
_DIRECTIVES: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": TRUSTED_TYPES_POLICY,
    "report-uri": "/csp-report",
}
# zxing runs in a worker, and a worker obeys the policy of its own script: no page needs this.
WORKER: Mapping[str, str] = {"script-src": "'wasm-unsafe-eval'"}
# Swagger UI writes style attributes, draws its icons from data: and sets innerHTML.
DOCS: Mapping[str, str] = {"style-src": "'unsafe-inline'", "img-src": "data:"}
DOCS_WITHOUT = frozenset({"require-trusted-types-for", "trusted-types"})
ALWAYS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), "
    "clipboard-write=(self), web-share=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
# For a picture or file that a stranger made, opened on its own.
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def policy(*extras: Mapping[str, str], without: frozenset[str] = frozenset()) -> str:
    """Return the Content-Security-Policy; *extras* add sources to directives, *without* leaves directives out."""
    merged = {name: sources for name, sources in _DIRECTIVES.items() if name not in without}
    for extra in extras:
        for name, sources in extra.items():
            merged[name] = f"{merged.get(name, '')} {sources}".strip()
    return "; ".join(f"{name} {sources}" for name, sources in merged.items())
