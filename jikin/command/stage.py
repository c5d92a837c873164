"""The stage of the demonstration: a trial with its three services, people who use them, what the verifier says."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jikin.command.browsing import Browser, Page, RefusedError
from jikin.command.serve import Service
from jikin.command.story import Story
from jikin.command.trial import Trial
from jikin.values import Json, JsonObject
from jikin.web.texts import Texts

_KEPT_RUNS = 3
_LOOK_SECONDS = 0.25
_WAIT_SECONDS = 300.0
_SHARED_SECONDS = 1.1
_PERCENT = re.compile(r"(\d{1,3})\s?%")


@dataclass(frozen=True, slots=True)
class Said:
    """What the verifier said of one document or number: its report."""

    document: Mapping[str, Json]

    @property
    def outcome(self) -> str:
        """Return passed, failed or unknown."""
        return str(self.document.get("outcome"))

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the findings that decide and did not pass."""
        return tuple(
            str(finding["code"])
            for finding in objects(self.document.get("findings"))
            if finding["outcome"] != "passed" and finding["weight"] == "required"
        )

    def sentence(self, language: str) -> str:
        """Return the verdict in words."""
        said = self.sentences(language)
        return said[0] if said else ""

    def sentences(self, language: str) -> list[str]:
        """Return everything it says in *language*, the verdict first."""
        sentences = self.document.get("sentences")
        texts = sentences.get(language) if isinstance(sentences, Mapping) else None
        return [str(text) for text in texts] if isinstance(texts, Sequence) and not isinstance(texts, str) else []


@dataclass(slots=True)
class Stage:
    """Where the story plays: *root* is the checkout, *trial* what runs; people get a browser of their own."""

    story: Story
    root: Path
    trial: Trial
    people: dict[str, Browser] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return the folder of this run."""
        return self.trial.plan.folder

    @property
    def examples(self) -> Path:
        """Return the folder of the lists that come with the project."""
        return self.root / "examples" / "data"

    def url(self, service: Service, path: str = "") -> str:
        """Return the address of *path* at *service*."""
        return self.trial.plan.url(service) + path

    def person(self, name: str) -> Browser:
        """Return the browser of the person called *name*."""
        if name not in self.people:
            self.people[name] = Browser(self.trial.trust)
        return self.people[name]

    def words(self, service: Service, key: str) -> str:
        """Return a text of *service* in Korean, to recognise it on a page."""
        folder = {Service.ISSUER: "issuer", Service.WALLET: "wallet", Service.VERIFIER: "verifier"}[service]
        return Texts.load(Path(__file__).resolve().parents[2] / folder / "texts").say("ko", key)

    def file(self, name: str, data: bytes) -> Said:
        """Return what the verifier says of a file that is uploaded."""
        page = self.person("stranger").post(
            self.url(Service.VERIFIER, "/check"), {}, {"file": (name, data)}, accept="application/json"
        )
        return Said(page.json())

    def number(self, number: str) -> Said:
        """Return what the verifier says of a certificate number."""
        page = self.person("stranger").get(
            self.url(Service.VERIFIER, f"/n/{number}?format=json"), accept="application/json"
        )
        return Said(page.json())

    def until(self, who: Browser, url: str, done: Callable[[Page], bool], what: str) -> Page:
        """Return the page at *url* as soon as *done* says so, showing the percentage it states meanwhile.

        Raises RefusedError after five minutes, with what the page says then.
        """
        deadline = time.monotonic() + _WAIT_SECONDS
        with self.story.progress() as progress:
            task = progress.add_task(what, total=100)
            while True:
                page = who.get(url)
                if done(page):
                    progress.update(task, completed=100)
                    return page
                if time.monotonic() > deadline:
                    raise RefusedError(f"{page.path} did not come to an end: {page.said}")
                if (stated := _PERCENT.search(page.text)) is not None:
                    progress.update(task, completed=int(stated[1]))
                time.sleep(_LOOK_SECONDS)

    def settle(self) -> None:
        """Wait until the verifier has forgotten what it learned before: it shares answers for a second."""
        time.sleep(_SHARED_SECONDS)

    def close(self) -> None:
        """Close every browser."""
        for browser in self.people.values():
            browser.close()


def refused(act: Callable[[], object]) -> RefusedError | None:
    """Return how *act* was refused, None when it was done."""
    try:
        act()
    except RefusedError as error:
        return error
    return None


def objects(value: Json) -> list[JsonObject]:
    """Return the objects of an array; nothing for what is none."""
    found = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [entry for entry in found if isinstance(entry, Mapping)]


def packed(credential: JsonObject, receipt: JsonObject) -> bytes:
    """Return a file with a credential and its receipt, as a holder may hand it in."""
    return json.dumps({"credential": credential, "receipt": receipt}, ensure_ascii=False).encode()


def new_folder(root: Path) -> Path:
    """Return a new folder for one run below ``var/demo`` of the checkout; all but the newest few are removed."""
    runs = root / "var" / "demo"
    runs.mkdir(parents=True, exist_ok=True)
    numbers = sorted(int(run.name) for run in runs.iterdir() if run.name.isdecimal())
    for number in numbers[:-_KEPT_RUNS]:
        shutil.rmtree(runs / str(number), ignore_errors=True)
    number = numbers[-1] + 1 if numbers else 1
    while True:
        folder = runs / str(number)
        try:
            folder.mkdir()  # two runs at once get two folders
        except FileExistsError:
            number += 1
        else:
            return folder
