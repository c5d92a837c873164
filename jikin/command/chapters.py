"""The demonstration chapter by chapter: each does something a person does, and checks what a stranger would see.

Nothing is taken on trust between chapters: what one leaves behind lies in files and on the chain, and the next begins
there. So a link that is broken in between makes the story stop, with the code of the finding that names it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jikin.badges import pdf, qr
from jikin.badges.confined import Confinement, borrowed
from jikin.badges.qr import CheckUrl
from jikin.codec import multikey
from jikin.codec.contexts import Contexts
from jikin.command.stage import Said, Stage
from jikin.proofs import securing
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.standard import standard_suites
from jikin.proofs.suite import ProofOptions
from jikin.values import DidUrl, Json, JsonObject

QUALIFICATION = "national-technical-qualification"
MACHINE = "machine-safety-certification"
BAD_ROWS = 8
_SOME_ROWS_FAILED, _FAILED, _UNKNOWN = 3, 1, 2
_DPI = 150


@dataclass(frozen=True, slots=True)
class Office:
    """An institution of the story and the folder of what it has issued."""

    domain: str
    name: str
    folder: Path
    numbers: tuple[str, ...]

    def files(self, number: str) -> Path:
        """Return the path of a certificate's credential."""
        return self.folder / f"{number}.json"


@dataclass(frozen=True, slots=True)
class Officers:
    """Two persons with a key each; the passphrases are made for this run."""

    requester: str
    requester_secret: str
    approver: str
    approver_secret: str


def chain(stage: Stage) -> None:
    """A registry on a chain of one's own, pinned by chain, address, code and first block."""
    stage.story.chapter("A registry on a local chain")
    stage.story.say(f"Hardhat node at {stage.node.url}")
    pins = stage.jikin("admin", "deploy").document
    stage.story.check("the registry is deployed and pinned", str(pins["chain"]).startswith("eip155:"), pins)
    again = stage.jikin("admin", "deploy", tell=False).document
    stage.story.check("deploying again finds the same registry", again["registry"] == pins["registry"], again)


def institutions(stage: Stage) -> Officers:
    """Two institutions are accredited; the examiner's two officers get keys of their own."""
    stage.story.chapter("Two institutions are accredited")
    stated = (
        ("hrdk.example", "한국산업인력공단", "Human Resources Development Service of Korea", "HRDK", QUALIFICATION),
        ("kosha.example", "산업안전보건공단", "Korea Occupational Safety and Health Agency", "KSHA", MACHINE),
    )
    for domain, name_ko, name_en, code, type_id in stated:
        named = ("--domain", domain, "--name-ko", name_ko, "--name-en", name_en, "--code", code)
        made = stage.jikin(
            *("admin", "institution", "create"), *named, "--type", type_id, "--seal", "견본직인"
        ).document
        stage.story.check(f"{name_ko} is accredited as {made['did']}", made["did"] == f"did:web:{domain}", made)
        stage.mirrors[str(made["baseUrl"])] = Path(str(made["public"]))
    officers = Officers("hong", secrets.token_urlsafe(12), "park", secrets.token_urlsafe(12))
    people = (
        (officers.requester, "request", officers.requester_secret),
        (officers.approver, "approve", officers.approver_secret),
    )
    for domain, *_ in stated:
        for name, role, secret in people:
            whose = ("--institution", domain, "--key", str(_key(stage, domain, name)))
            told = domain == "hrdk.example"
            stage.jikin("admin", "officer", "add", name, "--role", role, *whose, secret=secret, tell=told)
    doctor = stage.jikin("doctor")
    stage.story.check("the office finds nothing wrong with itself", doctor.document["ok"] is True, doctor.document)
    return officers


def exam_results(stage: Stage) -> Office:
    """A list of results becomes certificates; bad rows are named and hold up nobody."""
    stage.story.chapter("A list of exam results becomes certificates")
    rows = stage.examples / "exam-results.csv"
    words = ("issue", "--type", QUALIFICATION, str(rows), "--institution", "hrdk.example")
    preview = stage.jikin(*words, "--dry-run", expect=_SOME_ROWS_FAILED).document
    stage.story.check(f"the preview names {BAD_ROWS} bad rows", preview["bad"] == BAD_ROWS, preview["bad"])
    issued = stage.jikin(*words, expect=_SOME_ROWS_FAILED).document
    office = _office("hrdk.example", "한국산업인력공단", issued)
    good = preview["good"]
    stage.story.check(f"{good} certificates are issued, every good row one", len(office.numbers) == good, issued)
    faults = {str(fault["code"]) for fault in _objects(issued["rows"])}
    stage.story.check(
        f"the bad rows went to failures.csv: {', '.join(sorted(faults))}",
        issued["bad"] == BAD_ROWS and Path(str(issued["failures"])).is_file(),
        issued["bad"],
    )
    anchored = f"block {issued['block']}, a tree of {issued['treeSize']} leaves"
    stage.story.check(f"all of them hang on one root: {anchored}", int(str(issued["treeSize"])) >= len(office.numbers))
    again = stage.jikin(*words, "--no-pdf", expect=_SOME_ROWS_FAILED, tell=False).document
    same = again["batch"] == issued["batch"] and again["root"] == issued["root"]
    stage.story.check("issuing the same list again issues nothing twice", same, again["batch"])
    return office


def machines(stage: Stage) -> Office:
    """Three machines are certified by the other institution."""
    stage.story.chapter("Three machines are certified")
    rows = stage.examples / "machines.csv"
    issued = stage.jikin("issue", "--type", MACHINE, str(rows), "--institution", "kosha.example").document
    office = _office("kosha.example", "산업안전보건공단", issued)
    stage.story.check("three machine certificates are issued", len(office.numbers) == 3, issued["issued"])
    return office


def paper(stage: Stage, offices: Sequence[Office], *, each: int) -> None:
    """Certificates are printed, looked at as pictures, and their codes read back."""
    stage.story.chapter("On paper: the code leads back to the certificate")
    pictures = stage.folder / "pictures"
    pictures.mkdir(exist_ok=True)
    with borrowed(None) as confined:
        for office in offices:
            numbers = office.numbers[:: max(1, len(office.numbers) // each)][:each]
            right = [number for number in numbers if _page_shows(office, number, pictures, confined)]
            stage.story.check(
                f"{office.name}: {len(right)} pages printed, rasterised at {_DPI} dpi, each code is its number",
                len(right) == len(numbers),
                sorted(set(numbers) - set(right)),
            )
    for office in offices:
        picture = pictures / f"{office.numbers[0]}.png"
        said = stage.jikin("verify", str(picture))
        subject = said.document["subject"]
        shown = isinstance(subject, Mapping) and subject.get("number") == office.numbers[0]
        stage.story.check(f"a picture of the paper is enough: {said.sentence('ko')}", shown, subject)
    whole = stage.jikin("verify", str(offices[-1].folder / f"{offices[-1].numbers[0]}.pdf"))
    stage.story.check(f"the PDF carries its own proof: {whole.sentence('ko')}", not whole.codes, whole.codes)


def everybody(stage: Stage, offices: Sequence[Office]) -> None:
    """Every certificate is verified as a stranger would, on the chain."""
    stage.story.chapter("Every certificate is verified, as a stranger would")
    for office in offices:
        said = stage.jikin("verify", str(_credentials_only(stage, office)), expect=None)
        counts = said.document["counts"]
        wrong = {code for entry in _objects(said.document["documents"]) for code in Said(0, entry).codes}
        stage.story.check(
            f"{office.name}: {len(office.numbers)} of {len(office.numbers)} genuine",
            counts == {"failed": 0, "unknown": 0, "passed": len(office.numbers)},
            f"{counts} {', '.join(sorted(wrong))}",
        )


def revocation(stage: Stage, office: Office, officers: Officers) -> None:
    """One certificate is revoked by two persons; from then on everybody sees it, with date and reason."""
    stage.story.chapter("Two officers revoke a certificate")
    number = office.numbers[1]
    asks, approves = (
        ("--officer", name, "--institution", office.domain, "--key", str(_key(stage, office.domain, name)))
        for name in (officers.requester, officers.approver)
    )
    words = ("revoke", number, "--reason", "issued-in-error")
    asked = stage.jikin(*words, *asks, secret=officers.requester_secret)
    (waiting,) = _objects(asked.document["tasks"])
    task = str(waiting["task"])
    stage.story.check("the request waits for a second person", waiting["state"] == "open", waiting)
    alone = stage.jikin("approve", task, *asks, secret=officers.requester_secret, expect=1)
    stage.story.check("who asked cannot approve", "code" in alone.document, alone.document)
    before = stage.jikin("verify", str(office.files(number)), tell=False)
    stage.story.check("until then nothing has changed", not before.codes, before.codes)
    done = stage.jikin("approve", task, *approves, secret=officers.approver_secret)
    (published,) = _objects(done.document["tasks"])
    stage.story.check("the second officer approves, and it is published", published["state"] == "done", published)
    said = stage.jikin("verify", str(office.files(number)), expect=_FAILED)
    stage.story.check(f"the verifier says: {said.sentence('ko')}", said.codes == ("status.revoked",), said.codes)
    sentences = said.document["sentences"]
    reasons = [text for text in _texts(sentences, "ko") if "사유" in text]
    stage.story.check(f"the holder's own file tells why: {' '.join(reasons)}", bool(reasons), sentences)
    by_number = stage.jikin("verify", number, expect=_FAILED)
    stage.story.check("so does the number alone", by_number.codes == ("status.revoked",), by_number.codes)
    other = stage.jikin("verify", str(office.files(office.numbers[2])))
    stage.story.check("its neighbour is still genuine", not other.codes, other.codes)


def forgeries(stage: Stage, office: Office) -> None:
    """What forgers try, and the code each of them meets."""
    stage.story.chapter("Forgeries")
    mine, other = office.numbers[0], office.numbers[3]
    credential = _read(office.files(mine))
    receipt = _read(office.folder / f"{mine}.receipt.json")
    foreign = _read(office.folder / f"{other}.receipt.json")
    attempts: dict[str, tuple[JsonObject, JsonObject, tuple[str, ...]]] = {
        "another name": (_renamed(credential), receipt, ("proof.mismatch", "anchor.foreign")),
        "a receipt borrowed from a genuine certificate": (credential, foreign, ("anchor.foreign",)),
        "a signature by a key of the forger's own": (
            _signed_by_somebody(credential, str(_member(credential, "issuer", "id"))),
            receipt,
            ("key.unregistered", "anchor.foreign"),
        ),
        "an institution nobody accredited": (
            _signed_by_somebody(credential, "did:web:hrdk-korea.example"),
            receipt,
            ("issuer.unregistered", "anchor.foreign"),
        ),
    }
    folder = stage.folder / "forgeries"
    folder.mkdir(exist_ok=True)
    for what, (document, beside, expected) in attempts.items():
        path = folder / f"{what.replace(' ', '-')}.json"
        path.write_text(json.dumps({"credential": document, "receipt": beside}, ensure_ascii=False), "utf-8")
        said = stage.jikin("verify", str(path), expect=_FAILED, tell=False)
        right = set(expected) <= set(said.codes)
        stage.story.check(f"{what}: {', '.join(said.codes)}", right, said.codes)
    genuine = stage.jikin("verify", str(office.files(mine)), tell=False)
    stage.story.check("and the certificate they copied is genuine still", not genuine.codes, genuine.codes)


def outage(stage: Stage, office: Office, *, stop: bool) -> None:
    """The chain is gone: nobody says genuine, nobody says forged."""
    stage.story.chapter("The chain is gone")
    words = ["verify", str(office.files(office.numbers[0]))]
    if stop:
        stage.node.stop()
        stage.story.say("the node is stopped")
    else:
        words += ["--rpc-url", "http://127.0.0.1:9"]  # the discard port: nobody answers there
    said = stage.jikin(*words, expect=_UNKNOWN)
    stage.story.check(f"the verifier says: {said.sentence('ko')}", said.document["outcome"] == "unknown", said.document)
    offline = stage.jikin("verify", str(office.files(office.numbers[0])), "--offline")
    careful = not offline.codes and "지금" not in offline.sentence("ko")
    stage.story.check(f"and offline: {offline.sentence('ko')}", careful, offline.document)


# ------------------------------------------------------------------------------------------------------------ helpers


def _key(stage: Stage, domain: str, officer: str) -> Path:
    """Return where an officer's key lies: in the story everybody shares one machine."""
    return stage.folder / "officers" / domain / f"{officer}.pem"


def _office(domain: str, name: str, issued: Mapping[str, Json]) -> Office:
    numbers = tuple(str(entry["number"]) for entry in _objects(issued["certificates"]))
    return Office(domain, name, Path(str(issued["folder"])), numbers)


def _objects(value: Json) -> list[Mapping[str, Json]]:
    found = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [entry for entry in found if isinstance(entry, Mapping)]


def _texts(value: Json, language: str) -> list[str]:
    texts = value.get(language) if isinstance(value, Mapping) else None
    return [str(text) for text in texts] if isinstance(texts, Sequence) and not isinstance(texts, str) else []


def _read(path: Path) -> JsonObject:
    document: JsonObject = json.loads(path.read_bytes())
    return document


def _page_shows(office: Office, number: str, pictures: Path, confined: Confinement) -> bool:
    """Print page one as a picture and say whether its one code is *number*."""
    picture = pdf.rasterise((office.folder / f"{number}.pdf").read_bytes(), dpi=_DPI, confinement=confined)
    (pictures / f"{number}.png").write_bytes(picture)
    codes = qr.read(picture)
    return [str(CheckUrl.parse(code).number) for code in codes] == [number]


def _credentials_only(stage: Stage, office: Office) -> Path:
    """Return a folder with the credentials and receipts alone: the PDFs hold the same ones."""
    folder = stage.folder / "handed-in" / office.domain
    folder.mkdir(parents=True, exist_ok=True)
    for number in office.numbers:
        for name in (f"{number}.json", f"{number}.receipt.json"):
            target = folder / name
            target.unlink(missing_ok=True)
            target.hardlink_to(office.folder / name)
    return folder


def _member(value: Json, *names: str) -> Json:
    """Return a member of a member; None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _renamed(credential: JsonObject) -> JsonObject:
    text = json.dumps(credential, ensure_ascii=False)
    identity = _objects(_member(credential, "credentialSubject", "identifier"))[0]
    forged: JsonObject = json.loads(text.replace(str(identity["identityHash"]), "이도둑"))
    return forged


def _signed_by_somebody(credential: JsonObject, issuer: str) -> JsonObject:
    """Return the credential signed anew with a key that nobody registered, in the name of *issuer*."""
    forger = Ed25519Signer.generate()
    unsecured = {name: value for name, value in credential.items() if name != "proof"}
    stated = unsecured["issuer"]
    unsecured["issuer"] = {**stated, "id": issuer} if isinstance(stated, Mapping) else issuer
    method = DidUrl(f"{issuer}#{multikey.encode(forger.public_key)}")
    suite = standard_suites(Contexts.packaged()).named("eddsa-rdfc-2022")
    return securing.secure(unsecured, suite, ProofOptions(method, None), forger)
