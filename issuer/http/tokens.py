"""Which bearer token a program shows, and whether it may do what it asks for."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from issuer import tokens
from issuer.http.common import OfficeHere
from issuer.tokens import Access, Scope
from jikin.web.problems import Problem
from jikin.web.tokens import bearer


def access_to(scope: Scope) -> Callable[[Request, OfficeHere], Access]:
    """Return the dependency that gives what a request may do; it raises Problem 401 or 403 without *scope*."""

    def check(request: Request, office: OfficeHere) -> Access:
        found = tokens.access(office, bearer(request))
        if found is None:
            raise Problem(
                401,
                "access.token",
                "this address wants a bearer token that is in use",
                f"`jikin admin token add NAME --scope {scope.value}` makes one",
                {"www-authenticate": 'Bearer realm="jikin"'},
            )
        if not found.scopes.allow(scope):
            raise Problem(
                403,
                "access.scope",
                f"this token is not for {scope.value}",
                headers={
                    "www-authenticate": f'Bearer realm="jikin", error="insufficient_scope", scope="{scope.value}"'
                },
            )
        return found

    return check
