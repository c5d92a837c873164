"""A door that answers from memory: what the other side serves, and what was posted to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jikin.errors import FetchError
from jikin.openid4vc.door import MAX_ANSWER_BYTES, Answer
from jikin.values import JsonObject

Posted: TypeAlias = Callable[[Mapping[str, str]], Answer]


@dataclass
class SmallDoor:
    """Answers by URL: 404 where nothing lies, nobody where it is not reachable."""

    answers: dict[str, Answer] = field(default_factory=dict)
    forms: dict[str, Posted] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    reachable: bool = True

    def put(self, url: str, value: object, *, status: int = 200, media: str = "application/json") -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answers[url] = Answer(status, {"content-type": media}, body)

    def get(self, url: str, accept: str = "application/json", max_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        return self._answer("GET", url)

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        form = self.forms.get(url)
        answer = self._answer("POST", url)
        return answer if form is None else form(fields)

    def post_json(self, url: str, body: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
        return self._answer("POST", url)

    def _answer(self, method: str, url: str) -> Answer:
        self.asked.append((method, url))
        if not self.reachable:
            raise FetchError(f"{url!r} cannot be read: no answer", code="fetch.unreachable")
        return self.answers.get(url, Answer(404, {}, b""))
