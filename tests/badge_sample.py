"""One realistic Open Badges 3.0 credential (invented person and institution) that codec and proof tests share."""

from __future__ import annotations

import copy
from typing import Any

_BADGE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    ],
    "id": "urn:uuid:0b8e4c1e-6a3f-4c55-9d8e-2f6f1f0f7a11",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "지게차운전기능사",
    "description": "3톤 이상 지게차를 운전하는 자격",
    "issuer": {
        "id": "did:web:exam.example",
        "type": ["Profile"],
        "name": "한국시험원",
        "url": "https://exam.example/",
        "email": "help@exam.example",
    },
    "validFrom": "2026-03-02T00:00:00Z",
    "validUntil": "2031-03-01T23:59:59Z",
    "awardedDate": "2026-02-27T09:00:00Z",
    "credentialSubject": {
        "id": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399",
                "identityType": "emailAddress",
                "salt": "돌소금-7f3q",
            }
        ],
        "achievement": {
            "id": "https://exam.example/types/forklift",
            "type": ["Achievement"],
            "achievementType": "License",
            "name": "지게차운전기능사",
            "description": "지게차를 안전하게 운전하고 점검할 수 있다.",
            "criteria": {"narrative": "필기 60점, 실기 60점 이상을 받은 사람에게 준다."},
            "inLanguage": "ko",
            "tag": ["지게차", "건설기계", "운전"],
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetCode": "0902010101_16v1",
                    "targetName": "지게차 운전",
                    "targetFramework": "NCS",
                    "targetUrl": "https://ncs.example/0902010101_16v1",
                }
            ],
            "resultDescription": [
                {
                    "id": "urn:uuid:2a1d2a34-2b64-4f0e-b3a2-8c9a2f6d9e01",
                    "type": ["ResultDescription"],
                    "name": "필기",
                    "resultType": "RawScore",
                    "valueMin": "0",
                    "valueMax": "100",
                },
                {
                    "id": "urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-1f2e3d4c5b02",
                    "type": ["ResultDescription"],
                    "name": "실기",
                    "resultType": "RawScore",
                    "valueMin": "0",
                    "valueMax": "100",
                },
            ],
        },
        "result": [
            {
                "type": ["Result"],
                "resultDescription": "urn:uuid:2a1d2a34-2b64-4f0e-b3a2-8c9a2f6d9e01",
                "value": "85",
            },
            {
                "type": ["Result"],
                "resultDescription": "urn:uuid:7b1f0c62-0d0f-4a6b-8d5c-1f2e3d4c5b02",
                "value": "92",
            },
        ],
    },
    "credentialStatus": {
        "id": "https://exam.example/status/7/revocation#12345",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "12345",
        "statusListCredential": "https://exam.example/status/7/revocation",
    },
}


def badge() -> dict[str, Any]:
    """Return a fresh copy of the unsecured badge (about 2.7 KB of JSON, 69 quads, 4 blank nodes)."""
    return copy.deepcopy(_BADGE)
