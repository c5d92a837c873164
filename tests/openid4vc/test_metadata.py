"""Metadata is built as third-party wallets want it and read as third-party issuers write it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ProtocolError
from jikin.openid4vc import key_proof
from jikin.openid4vc import metadata as metadatas
from jikin.openid4vc.metadata import (
    Claim,
    Configuration,
    Display,
    IssuerMetadata,
    ServerMetadata,
    fetch_issuer,
    fetch_server,
    well_known_url,
)
from jikin.openid4vc.offer import PRE_AUTHORIZED
from tests.openid4vc.small_door import SmallDoor

ISSUER = "https://certs.example/hrdk"
COURSE = Configuration(
    id="course-completion",
    scope="course-completion",
    contexts=("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"),
    types=("VerifiableCredential", "OpenBadgeCredential"),
    signing=("eddsa-rdfc-2022",),
    binding=key_proof.BINDING_METHODS,
    proof_algorithms=("ES256", "EdDSA"),
    display=(Display("수료증", "ko", "설명", "https://certs.example/logo.svg"), Display("Course completion", "en")),
    claims=(Claim(("credentialSubject", "licenseNumber"), (Display("번호", "ko"),), True), Claim(("a", None, 0))),
)
METADATA = IssuerMetadata(
    credential_issuer=ISSUER,
    credential_endpoint=ISSUER + "/credential",
    nonce_endpoint=ISSUER + "/nonce",
    deferred_credential_endpoint=ISSUER + "/deferred",
    notification_endpoint=ISSUER + "/notification",
    batch_size=2,
    display=(Display("한빛직업능력원", "ko"),),
    configurations={COURSE.id: COURSE},
)
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=ISSUER + "/token")


def test_metadata_comes_back_from_its_json() -> None:
    assert IssuerMetadata.parse(METADATA.to_json(), ISSUER) == METADATA
    assert ServerMetadata.parse(SERVER.to_json(), ISSUER) == SERVER


def test_display_and_claims_stand_in_credential_metadata_alone() -> None:
    """Without it the engine inside Credo takes the issuer for an older draft."""
    entry: Any = METADATA.to_json()["credential_configurations_supported"]
    course = entry["course-completion"]
    assert set(course) == {
        *("format", "scope", "credential_definition", "credential_signing_alg_values_supported"),
        *("cryptographic_binding_methods_supported", "proof_types_supported", "credential_metadata"),
    }
    assert course["format"] == "ldp_vc"
    assert course["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256", "EdDSA"]}}
    empty: Any = Configuration(id="a").to_json()
    assert empty["credential_metadata"] == {"display": [], "claims": []}
    assert "proof_types_supported" not in empty
    assert "cryptographic_binding_methods_supported" not in empty


def test_an_issuer_without_batches_says_nothing_of_them() -> None:
    single = IssuerMetadata(credential_issuer=ISSUER, credential_endpoint=ISSUER + "/c", configurations={})
    assert "batch_credential_issuance" not in single.to_json()
    assert single.server == ISSUER


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("https://h.example", "https://h.example/.well-known/x"),
        ("https://h.example/", "https://h.example/.well-known/x"),
        ("https://h.example:8443/tenant", "https://h.example:8443/.well-known/x/tenant"),
        ("http://localhost:8101/hrdk/a", "http://localhost:8101/.well-known/x/hrdk/a"),
    ],
)
def test_well_known_addresses_have_the_path_behind(identifier: str, url: str) -> None:
    assert well_known_url(identifier, "x") == url


@pytest.mark.parametrize("identifier", ["h.example", "ftp://h.example", "https://h?x", "https://h#x", "https://", ""])
def test_what_is_no_identifier_has_no_address(identifier: str) -> None:
    with pytest.raises(ProtocolError):
        well_known_url(identifier, "x")


def test_metadata_of_another_issuer_is_refused_to_the_letter() -> None:
    for other in (ISSUER + "/", "https://certs.example", "https://CERTS.example/hrdk"):
        with pytest.raises(ProtocolError) as caught:
            IssuerMetadata.parse(METADATA.to_json(), other)
        assert caught.value.code == "openid.metadata.issuer"
        with pytest.raises(ProtocolError):
            ServerMetadata.parse(SERVER.to_json(), other)


def test_what_a_stranger_leaves_out_or_writes_the_old_way_is_read() -> None:
    found = IssuerMetadata.parse(
        {
            "credential_issuer": ISSUER,
            "credential_endpoint": ISSUER + "/c",
            "batch_credential_issuance": {"batch_size": 10},
            "display": [{"name": "A"}, {"locale": "ko"}, 7],
            "credential_configurations_supported": {
                "sd": {"format": "dc+sd-jwt", "vct": "x"},
                "old": {
                    "format": "ldp_vc",
                    "credential_definition": {"type": ["A", 7]},
                    "display": [{"name": "Old"}],
                    "claims": [{"path": ["a", -1]}, {"path": ["b"]}],
                },
                "none": {},
                "text": "x",
            },
        },
        ISSUER,
    )
    assert set(found.configurations) == {"sd", "old"}
    assert found.configurations["old"].display == (Display("Old"),)
    assert found.configurations["old"].claims == (Claim(("b",)),)
    assert found.configurations["old"].types == ("A",)
    assert found.batch_size == 10
    assert (found.nonce_endpoint, found.display) == (None, (Display("A"),))
    server = ServerMetadata.parse({"issuer": ISSUER, "token_endpoint": ISSUER + "/t"}, ISSUER)
    assert (server.grant_types, server.anonymous_pre_authorized) == (("authorization_code", "implicit"), False)


BROKEN: dict[str, dict[str, Any]] = {
    "no endpoint": {"credential_endpoint": None},
    "an endpoint of another scheme": {"credential_endpoint": "file:///etc/passwd"},
    "an endpoint that is a list": {"nonce_endpoint": []},
    "no configurations": {"credential_configurations_supported": None},
    "configurations that are a list": {"credential_configurations_supported": []},
    "servers that are a text": {"authorization_servers": "https://a.example"},
    "a batch of words": {"batch_credential_issuance": {"batch_size": "two"}},
    "configurations without end": {
        "credential_configurations_supported": {f"c{n}": {"format": "ldp_vc"} for n in range(501)}
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_metadata_is_refused(what: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        IssuerMetadata.parse({**METADATA.to_json(), **BROKEN[what]}, ISSUER)
    assert caught.value.code == "openid.metadata"


def test_metadata_is_fetched_where_it_lies() -> None:
    door = SmallDoor()
    door.put("https://certs.example/.well-known/openid-credential-issuer/hrdk", METADATA.to_json())
    door.put("https://certs.example/.well-known/oauth-authorization-server/hrdk", SERVER.to_json())
    found = fetch_issuer(door, ISSUER)
    assert found == METADATA
    assert fetch_server(door, found) == SERVER
    assert fetch_server(door, found, ISSUER).grant_types == (PRE_AUTHORIZED,)
    with pytest.raises(ProtocolError):
        fetch_server(door, found, "https://evil.example")
    with pytest.raises(ProtocolError) as caught:
        fetch_issuer(SmallDoor(), ISSUER)
    assert caught.value.code == "openid.metadata.absent"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ENTRY = st.dictionaries(
    st.sampled_from(
        [
            "format",
            "credential_definition",
            "credential_metadata",
            "display",
            "claims",
            "proof_types_supported",
            "scope",
        ]
    ),
    JSON | st.just("ldp_vc") | st.dictionaries(st.sampled_from(["display", "claims", "type", "jwt", "path"]), JSON),
)


@given(st.sampled_from(sorted(METADATA.to_json())), JSON, ENTRY)
def test_no_metadata_raises_anything_but_a_refusal(member: str, value: Any, entry: Any) -> None:
    with suppress(ProtocolError):
        IssuerMetadata.parse({**METADATA.to_json(), member: value}, ISSUER)
    listed = {"credential_configurations_supported": {"a": entry}}
    assert IssuerMetadata.parse({**METADATA.to_json(), **listed}, ISSUER)
    with suppress(ProtocolError):
        ServerMetadata.parse({**SERVER.to_json(), member: value}, ISSUER)


def test_the_names_are_those_of_the_standard() -> None:
    assert metadatas.LDP_VC == "ldp_vc"
