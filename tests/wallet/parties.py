"""Whom a wallet speaks to, over real HTTP on this machine: an institution that issues, and somebody who asks.

Both are written with the library alone. Nothing is mocked: certificates are signed, anchored on a chain in memory and
published; what they get wrong, they get wrong because a test made them.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from jikin.codec import jcs
from jikin.credentials.profile import Names
from jikin.dids import key as did_key
from jikin.errors import ProtocolError
from jikin.openid4vc import key_proof, response
from jikin.openid4vc import request as requesting
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.errors import OAuthError, error_json, refusal
from jikin.openid4vc.issuance import CredentialRequest, CredentialResponse, TokenRequest
from jikin.openid4vc.metadata import Configuration, Display, IssuerMetadata, ServerMetadata
from jikin.openid4vc.offer import CredentialOffer, TxCode, uri_by_reference
from jikin.openid4vc.request import RequestObject
from jikin.proofs.envelopes import sd_jwt_vc
from jikin.proofs.envelopes.disclosures import Path
from jikin.proofs.p256 import P256Signer
from jikin.status.bitstring import token_list_url
from jikin.status.token_list import status_claim
from jikin.testing.world import Institution, Issued, World
from jikin.values import CertificateNumber, Did, DidUrl, Json, JsonObject, PublicKey, Signer
from jikin.verification import policy as policies
from jikin.verification.document import Document
from jikin.verification.presentations import PresentationReport, verify_presentation

RECORD = {
    "exam_number": "26020417-0013",
    "name_ko": "김하늘",
    "name_en": "Kim Ha-neul",
    "birth_date": "2003-04-17",
    "qualification_code": "7875",
    "qualification_name": "",
    "exam_round": "2026년 상시 기능사 12회",
    "score": "82",
    "passed_on": "2026-05-29",
}
TYPE = "national-technical-qualification"
SELECTIVE = f"{TYPE}.sd-jwt"
VCT = "https://jikin.example/credentials/national-technical-qualification"


@contextmanager
def served(make: Callable[[str], FastAPI]) -> Iterator[tuple[FastAPI, str]]:
    """Serve the application that *make* returns for its own address, on a free port; yields both."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://localhost:{listener.getsockname()[1]}"
    app = make(address)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield app, address
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass
class Office:
    """An institution that issues over OpenID4VCI what its offers promise, and publishes what verifiers read.

    The attributes say how it behaves: *deferrals* answers with 202 come before each certificate, *spoil* changes what
    is handed out, *tx_code* None asks for none, *out* True answers 503 at the endpoint named.

    A copy in SD-JWT VC has the claims after *claims* changed them, of which those at *disclosable* too can be left out;
    it is made out to the key that *cnf* returns for the holder's.
    """

    world: World
    address: str
    institution: Institution
    metadata: IssuerMetadata
    server: ServerMetadata
    record: Mapping[str, str] = field(default_factory=lambda: dict(RECORD))  # what is certified
    tx_code: str | None = "4932"
    deferrals: int = 0
    days: int | None = None
    spoil: Callable[[Any], Json] = field(default=lambda credential: credential)
    claims: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: claims)
    disclosable: tuple[Path, ...] = ()
    cnf: Callable[[PublicKey], PublicKey | None] = field(default=lambda key: key)
    out: set[str] = field(default_factory=set)
    anchored: bool = True
    named_identifier: str | None = None  # who the metadata says it is, if not the truth
    hold: str | None = None  # the endpoint that has done its work and does not answer, until it is let go
    reached: threading.Event = field(default_factory=threading.Event)
    # What happened, for tests to look at.
    calls: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    issued: dict[str, Issued] = field(default_factory=dict)  # by holder
    selective: dict[str, PublicKey] = field(default_factory=dict)  # holders who asked for SD-JWT VC, and their keys
    codes: dict[str, str] = field(default_factory=dict)  # live code → configuration
    tokens: set[str] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)
    deferred: dict[str, tuple[str, int]] = field(default_factory=dict)  # transaction → holder, answers of 202 left
    offers: dict[str, CredentialOffer] = field(default_factory=dict)

    @classmethod
    def at(cls, world: World, address: str) -> Office:
        domain = address.removeprefix("http://")
        institution = world.institution(domain, Names(ko="한국산업인력공단", en="Human Resources Service"))
        configuration = Configuration(
            id=TYPE,
            types=("VerifiableCredential", "OpenBadgeCredential"),
            signing=("eddsa-rdfc-2022",),
            binding=key_proof.BINDING_METHODS,
            proof_algorithms=("ES256", "EdDSA"),
            display=(Display("국가기술자격증", "ko"), Display("National technical qualification", "en")),
        )
        selective = replace(configuration, id=SELECTIVE, format="dc+sd-jwt", types=(), vct=VCT, signing=("EdDSA",))
        metadata = IssuerMetadata(
            credential_issuer=address,
            credential_endpoint=f"{address}/credential",
            configurations={TYPE: configuration, SELECTIVE: selective},
            nonce_endpoint=f"{address}/nonce",
            deferred_credential_endpoint=f"{address}/deferred",
            notification_endpoint=f"{address}/notification",
            display=(Display("자칭 이름", "ko"), Display("Self-styled name", "en")),
        )
        return cls(
            world, address, institution, metadata, ServerMetadata(issuer=address, token_endpoint=f"{address}/token")
        )

    def offer(self, *, by_reference: bool = False, configuration: str = TYPE) -> str:
        """Return the link of a fresh offer."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = configuration
        tx_code = None if self.tx_code is None else TxCode(len(self.tx_code), description="문자로 보낸 번호")
        offer = CredentialOffer(
            issuer=self.address, configurations=(configuration,), pre_authorized_code=code, tx_code=tx_code
        )
        if not by_reference:
            return offer.to_uri()
        name = secrets.token_hex(8)
        self.offers[name] = offer
        return uri_by_reference(f"{self.address}/offers/{name}")

    def issue(self, holder: Did) -> Issued:
        """Return the copy made out to *holder*: one, however often it is asked for."""
        if str(holder) not in self.issued:
            self.issued[str(holder)] = self._made(holder)
        return self.issued[str(holder)]

    def _made(self, holder: Did) -> Issued:
        institution = self.institution
        index = institution.permutation.entry(len(self.issued))
        number = CertificateNumber.random(2026, institution.profile.number_code)
        until = None if self.days is None else self.world.clock() + self.days * 86_400
        if str(holder) in self.selective:
            text = self._selective(self.selective[str(holder)], number, index, until)
            receipt = institution.anchor([text])[0]
            if self.anchored:
                self.publish_receipt(text, receipt.to_json())
            return Issued(Document.of(text, receipt), number, index, receipt.salt)
        unsecured = institution.unsecured(TYPE, self.record, number=number, index=index, valid_until=until)
        subject = unsecured["credentialSubject"]
        assert isinstance(subject, Mapping)
        credential = institution.sign({**unsecured, "credentialSubject": {"id": str(holder), **subject}})
        receipt = institution.anchor([credential])[0]
        if self.anchored:
            self.publish_receipt(credential, receipt.to_json())
        return Issued(Document(credential, receipt), number, index, receipt.salt)

    def _selective(self, key: PublicKey, number: CertificateNumber, index: int, until: int | None) -> str:
        institution = self.institution
        kind = self.world.types.named(TYPE)
        names = institution.profile.names
        list_url = token_list_url(institution.profile.base_url, institution.list_id)
        claims = self.claims(
            {
                "iss": str(institution.did),
                "iat": self.world.clock(),
                **({} if until is None else {"exp": until}),
                "vct": VCT,
                "status": status_claim(list_url, index),
                **kind.build_claims(self.record, issuer_name={"ko": names.ko, "en": names.en}, number=number),
            }
        )
        disclosable = [(name,) for name in kind.claims.disclosable if name in claims]
        return sd_jwt_vc.issue(
            claims,
            [*disclosable, *self.disclosable],
            institution.signer,
            key_id=str(institution.method),
            holder_key=self.cnf(key),
        )

    def publish_receipt(self, credential: JsonObject | str, receipt: JsonObject) -> None:
        digest = self.institution.digest(credential)
        self.world.files.publish(f"{self.address}/receipts/{digest.raw.hex()}", receipt)

    # --- over HTTP ---

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.get("/.well-known/openid-credential-issuer")(self._issuer_metadata)
        app.get("/.well-known/oauth-authorization-server")(self._server_metadata)
        app.get("/offers/{name}")(self._offer)
        app.post("/token")(self._token)
        app.post("/nonce")(self._nonce)
        app.post("/credential")(self._credential)
        app.post("/deferred")(self._deferred)
        app.post("/notification")(self._notification)
        app.get("/{path:path}")(self._file)
        return app

    def _issuer_metadata(self) -> Any:
        named = self.named_identifier or self.address
        return {**self.metadata.to_json(), "credential_issuer": named}

    def _server_metadata(self) -> Any:
        return dict(self.server.to_json())

    def _offer(self, name: str) -> Any:
        return dict(self.offers[name].to_json()) if name in self.offers else Response(status_code=404)

    async def _token(self, request: Request) -> Any:
        self.calls.append("token")
        if "token" in self.out:
            return Response(status_code=503)
        asked = TokenRequest.parse({name: str(value) for name, value in (await request.form()).items()})
        if asked.code not in self.codes or asked.tx_code != self.tx_code:
            return _error(refusal("token", "no such grant", oauth=OAuthError.INVALID_GRANT))
        del self.codes[asked.code]
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        await self._pause("token")
        return {"access_token": token, "token_type": "Bearer", "expires_in": 600}

    async def _nonce(self) -> Any:
        self.calls.append("nonce")
        nonce = secrets.token_urlsafe(16)
        self.nonces.add(nonce)
        await self._pause("nonce")
        return {"c_nonce": nonce}

    async def _credential(self, request: Request) -> Any:
        self.calls.append("credential")
        if "credential" in self.out:
            return Response(status_code=503)
        if not self._may(request):
            return _unauthorized()
        try:
            asked = CredentialRequest.parse(await request.json())
            (proof,) = key_proof.check_all(
                asked.proofs, self.address, self.world.clock(), accept_nonce=self._accept_nonce
            )
        except ProtocolError as error:
            return _error(error)
        if asked.configuration == SELECTIVE:
            self.selective[str(proof.did)] = proof.public_key
        if self.deferrals:
            transaction = secrets.token_urlsafe(16)
            self.deferred[transaction] = (str(proof.did), self.deferrals)
            return JSONResponse(dict(CredentialResponse(transaction_id=transaction, interval=1).to_json()), 202)
        made = self._handed_out(proof.did)
        await self._pause("credential")
        return made

    async def _deferred(self, request: Request) -> Any:
        self.calls.append("deferred")
        if not self._may(request):
            return _unauthorized()
        transaction = str((await request.json())["transaction_id"])
        if transaction not in self.deferred:
            return _error(refusal("deferred", "no such transaction", oauth=OAuthError.INVALID_TRANSACTION_ID))
        holder, left = self.deferred[transaction]
        if left > 1:
            self.deferred[transaction] = (holder, left - 1)
            return JSONResponse(dict(CredentialResponse(transaction_id=transaction, interval=1).to_json()), 202)
        del self.deferred[transaction]
        self.deferrals = 0
        made = self._handed_out(Did(holder))
        await self._pause("deferred")
        return made

    def _handed_out(self, holder: Did) -> Any:
        document = self.issue(holder).document
        credential = self.spoil(document.credential if document.envelope is None else document.envelope.decode())
        return dict(CredentialResponse((credential,), notification_id=secrets.token_hex(8)).to_json())

    async def _notification(self, request: Request) -> Any:
        self.events.append(str((await request.json())["event"]))
        await self._pause("notification")
        return Response(status_code=204)

    def _file(self, path: str) -> Any:
        body = self.world.files.files.get(f"{self.address}/{path}")
        return Response(status_code=404) if body is None else Response(body, media_type="application/json")

    async def _pause(self, endpoint: str) -> None:
        if self.hold == endpoint:
            self.reached.set()
        while self.hold == endpoint:
            await asyncio.sleep(0.01)

    def _may(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def _accept_nonce(self, nonce: str) -> bool:
        known = nonce in self.nonces
        self.nonces.discard(nonce)
        return known


def _error(error: ProtocolError) -> JSONResponse:
    return JSONResponse(dict(error_json(error)), 400, {"cache-control": "no-store"})


def _unauthorized() -> JSONResponse:
    return JSONResponse({"error": "invalid_token"}, 401, {"www-authenticate": "Bearer"})


EVERYTHING: JsonObject = {"credentials": [{"id": "it", "format": "ldp_vc", "meta": {}}]}


def asking_for(*claims: str, vct: str = VCT, **more: Json) -> JsonObject:
    """Return a query for an SD-JWT VC that shows *claims*."""
    wanted: dict[str, Json] = {"id": "it", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, **more}
    if claims:
        wanted["claims"] = [{"path": [name], "id": name} for name in claims]
    return {"credentials": [wanted]}


@dataclass
class Employer:
    """Somebody who asks over OpenID4VP, with a DID of its own site, and judges what comes.

    *change* alters the parameters before they are signed; *redirect* is where it sends the browser on.
    """

    world: World
    address: str
    signer: P256Signer = field(default_factory=P256Signer.generate)
    change: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: claims)
    redirect: str | None = None
    status: int = 200
    lose_answer: bool = False
    hold: bool = False  # the answer is taken, and what is said to it does not come, until it is let go
    reached: threading.Event = field(default_factory=threading.Event)
    answers: list[dict[str, str]] = field(default_factory=list)
    objects: dict[str, str] = field(default_factory=dict)
    asked: dict[str, RequestObject] = field(default_factory=dict)
    keys: dict[str, response.ResponseKey] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @property
    def did(self) -> Did:
        return Did(f"did:web:{self.address.removeprefix('http://').replace(':', '%3A')}")

    @property
    def client_id(self) -> str:
        return f"decentralized_identifier:{self.did}"

    def ask(
        self,
        query: JsonObject = EVERYTHING,
        *,
        sealed: bool = False,
        lifetime: int = 600,
        signer: Signer | None = None,
        client_id: str | None = None,
        post: bool = False,
    ) -> str:
        """Return the link of a fresh signed request."""
        name = secrets.token_urlsafe(16)
        key = response.ResponseKey.generate() if sealed else None
        asked = RequestObject.build(
            client_id=self.client_id,
            response_uri=f"{self.address}/response",
            query=Query.parse(query),
            nonce=secrets.token_urlsafe(24),
            state=name,
            now=self.world.clock(),
            lifetime=lifetime,
            response_key=key,
            client_name="자칭 회사",
        )
        self.asked[name] = asked
        if key is not None:
            self.keys[name] = key
        changed = _Changed(asked, self.change)
        self.objects[name] = changed.sign(signer or self.signer, kid=DidUrl(f"{self.did}#key-1"))
        return requesting.link(
            client_id or self.client_id, f"{self.address}/request/{name}", method="post" if post else None
        )

    def ask_unsigned(self, query: JsonObject = EVERYTHING) -> str:
        """Return the link of a request that anybody could have written."""
        name = secrets.token_urlsafe(16)
        asked = RequestObject.build(
            client_id=f"redirect_uri:{self.address}/response",
            response_uri=f"{self.address}/response",
            query=Query.parse(query),
            nonce=secrets.token_urlsafe(24),
            state=name,
            now=self.world.clock(),
            client_name="한국산업인력공단",
        )
        self.asked[name] = asked
        return asked.to_link()

    def judged(self, number: int = -1) -> PresentationReport:
        """Return what the answer says: signature, challenge, audience, holder and certificates."""
        fields = self.answers[number]
        found = response.parse_form(fields)
        if isinstance(found, response.Sealed):
            key = next(key for key in self.keys.values() if key.kid == found.kid)
            found = response.decrypt(found, key)
        assert isinstance(found, response.Answer)
        asked = self.asked[str(found.state)]
        (shown,) = found.vp_token.values()
        return verify_presentation(
            shown[0],
            self.world.sources.at_newest(),
            policies.packaged("public"),
            self.world.clock(),
            challenge=asked.nonce,
            domain=asked.client_id,
        )

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.get("/.well-known/did.json")(self._did_document)
        app.get("/request/{name}")(self._request)
        app.post("/request/{name}")(self._posted)
        app.post("/response")(self._response)
        return app

    def _did_document(self) -> Any:
        document = did_key.DidKey().resolve(did_key.did_of(self.signer.public_key), _NoFetch()).document
        (method,) = document["verificationMethod"]  # type: ignore[misc]
        own = f"{self.did}#key-1"
        return {
            "@context": document["@context"],
            "id": str(self.did),
            "verificationMethod": [{**method, "id": own, "controller": str(self.did)}],  # type: ignore[dict-item]
            "assertionMethod": [own],
            "authentication": [own],
        }

    def _request(self, name: str) -> Any:
        if name not in self.objects:
            return Response(status_code=404)
        return Response(self.objects[name], media_type=requesting.MEDIA_TYPE)

    async def _posted(self, name: str, request: Request) -> Any:
        nonce = str((await request.form()).get("wallet_nonce"))
        changed = _Changed(self.asked[name], self.change)
        text = changed.sign(self.signer, kid=DidUrl(f"{self.did}#key-1"), wallet_nonce=nonce)
        return Response(text, media_type=requesting.MEDIA_TYPE)

    async def _response(self, request: Request) -> Any:
        fields = {name: str(value) for name, value in (await request.form()).items()}
        self.answers.append(fields)
        if self.lose_answer:
            return Response(status_code=504)
        if self.status != 200:
            return Response(status_code=self.status)
        key = jcs.canonicalize(dict(fields)).hex()
        if key in self.used:
            return JSONResponse({"error": "invalid_request"}, 400)
        self.used.add(key)
        if self.hold:
            self.reached.set()
        while self.hold:
            await asyncio.sleep(0.01)
        return {} if self.redirect is None else {"redirect_uri": self.redirect}


class _Changed:
    """A request whose parameters a test altered before signing."""

    def __init__(self, asked: RequestObject, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._asked = asked
        self._change = change

    def sign(self, signer: Signer, *, kid: DidUrl, wallet_nonce: str | None = None) -> str:
        from jikin.openid4vc import jose

        asked = self._asked
        claims: dict[str, Any] = {
            **asked.to_json(),
            "aud": requesting.AUDIENCE,
            "iat": asked.issued_at,
            "exp": asked.expires,
        }
        if wallet_nonce is not None:
            claims["wallet_nonce"] = wallet_nonce
        return jose.sign({"typ": requesting.TYPE, "kid": str(kid)}, self._change(claims), signer)


class _NoFetch:
    def get(self, url: str, *, max_bytes: int) -> bytes:
        raise AssertionError(url)


def renamed(credential: JsonObject) -> JsonObject:
    """Return the certificate with somebody else's name in it."""
    subject = credential["credentialSubject"]
    assert isinstance(subject, Mapping)
    forged = [
        {**entry, "identityHash": "이도둑"} if entry.get("identityHash") == RECORD["name_ko"] else entry
        for entry in subject["identifier"]  # type: ignore[union-attr]
        if isinstance(entry, Mapping)
    ]
    return {**credential, "credentialSubject": {**subject, "identifier": forged}}


__all__ = [
    "EVERYTHING",
    "RECORD",
    "SELECTIVE",
    "TYPE",
    "VCT",
    "Employer",
    "Office",
    "asking_for",
    "renamed",
    "replace",
    "served",
]
