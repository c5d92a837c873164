"""Contexts are pinned by digest, and nothing else answers."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

import schemas
from jikin.codec import contexts as module
from jikin.codec.contexts import Contexts
from jikin.errors import CanonicalizationError
from tests.shared_standards import standards

V2 = "https://www.w3.org/ns/credentials/v2"
CATALOGUE = json.loads(schemas.read("contexts/catalogue.json"))


def builder() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "build_contexts.py"
    spec = importlib.util.spec_from_file_location("build_contexts", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_every_context_of_the_catalogue_is_there_and_is_the_pinned_one() -> None:
    packaged = Contexts.packaged()
    assert packaged.urls == tuple(sorted(CATALOGUE))
    for url, entry in CATALOGUE.items():
        text = json.dumps(packaged.document(url), sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == entry["sha256"]


def test_the_packaged_contexts_say_what_their_owners_published() -> None:
    packaged = Contexts.packaged()
    published = {
        entry["url"]: entry["file"] for entry in json.loads((standards() / "contexts/INDEX.json").read_bytes())
    }
    for url in packaged.urls:
        assert packaged.document(url) == json.loads((standards() / published[url]).read_bytes())


WALLETS = {
    *(
        f"https://purl.imsglobal.org/spec/ob/v3p0/context{edition}.json"
        for edition in ("", "-3.0.1", "-3.0.2", "-3.0.3")
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
    "https://w3id.org/dcc/v1",
    "https://w3id.org/security/suites/ed25519-2020/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/vc/status-list/2021/v1",
    "https://www.w3.org/ns/credentials/status/v1",
    "https://www.w3.org/ns/did/v1",
}


def test_what_wallets_and_job_platforms_bring_is_in_the_catalogue() -> None:
    assert set(CATALOGUE) >= WALLETS


def test_every_context_of_the_catalogue_is_known_by_the_digests_of_its_published_bytes() -> None:
    editions = json.loads(schemas.read("contexts/editions.json"))
    assert set(editions) >= set(CATALOGUE)
    for url, entry in {
        one["url"]: one["file"] for one in json.loads((standards() / "contexts/INDEX.json").read_bytes())
    }.items():
        if url in CATALOGUE:
            data = (standards() / entry).read_bytes()
            published = {name: hashlib.new(name, data).hexdigest() for name in ("sha256", "sha384", "sha512")}
            assert published in editions[url]


def test_an_unknown_context_is_an_error_and_never_a_download() -> None:
    with pytest.raises(CanonicalizationError, match="not in the catalogue") as refused:
        Contexts.packaged().document("https://www.w3.org/ns/credentials/v3")
    assert refused.value.code == "codec.unknown-context"


def test_nobody_can_change_a_context_by_changing_what_was_handed_out() -> None:
    packaged = Contexts.packaged()
    document = packaged.document(V2)
    assert isinstance(document, dict)
    document.clear()
    assert packaged.document(V2)


def test_a_packaged_file_that_was_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "_generated" / "contexts"
    folder.mkdir(parents=True)
    for url, entry in CATALOGUE.items():
        value = dict(Contexts.packaged().document(url))
        (folder / entry["file"]).write_text(json.dumps(value, indent=1))
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    assert V2 in module._packaged.__wrapped__()  # other white space, the same value
    changed = folder / CATALOGUE[V2]["file"]
    changed.write_text(changed.read_text().replace("validFrom", "validfrom"))
    with pytest.raises(CanonicalizationError) as refused:
        module._packaged.__wrapped__()
    assert refused.value.code == "codec.context-changed"
    changed.write_text("{")
    with pytest.raises(CanonicalizationError) as refused:
        module._packaged.__wrapped__()
    assert refused.value.code == "codec.context-changed"
    changed.unlink()
    with pytest.raises(CanonicalizationError) as refused:
        module._packaged.__wrapped__()
    assert refused.value.code == "codec.context-missing"


def folder_with(tmp_path: Path, **changes: str) -> Path:
    text = b'{"@context": {"term": "urn:term"}}'
    (tmp_path / "own.json").write_bytes(text)
    entry = {"url": "https://own.example/v1", "file": "contexts/own.json", "sha256": hashlib.sha256(text).hexdigest()}
    (tmp_path / "INDEX.json").write_text(json.dumps([entry | changes]))
    return tmp_path


def test_a_folder_adds_pinned_contexts(tmp_path: Path) -> None:
    added = Contexts.packaged().with_folder(folder_with(tmp_path))
    assert added.document("https://own.example/v1") == {"@context": {"term": "urn:term"}}
    assert "https://own.example/v1" not in Contexts.packaged()
    assert set(added.urls) == {*Contexts.packaged().urls, "https://own.example/v1"}


def test_a_folder_cannot_replace_a_packaged_context(tmp_path: Path) -> None:
    added = Contexts.packaged().with_folder(folder_with(tmp_path, url=V2))
    assert added.document(V2) == Contexts.packaged().document(V2)


WRONG_FOLDERS = {
    "another digest": ({"sha256": "0" * 64}, "codec.context-changed"),
    "a file that is not there": ({"file": "contexts/other.json"}, "codec.context-missing"),
    "a file outside": ({"file": "../../../etc/hostname"}, "codec.context-missing"),
    "a digest that is no text": ({"sha256": 5}, "codec.context-missing"),
}


@pytest.mark.parametrize(("changes", "code"), WRONG_FOLDERS.values(), ids=WRONG_FOLDERS.keys())
def test_a_folder_that_is_not_as_pinned_is_refused(tmp_path: Path, changes: dict[str, str], code: str) -> None:
    with pytest.raises(CanonicalizationError) as refused:
        Contexts.packaged().with_folder(folder_with(tmp_path, **changes))
    assert refused.value.code == code


@pytest.mark.parametrize("index", ["", "{}", "[5]", '[{"url": "x"}]', '[{"url": "x", "url": "y"}]'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, index: str) -> None:
    (tmp_path / "INDEX.json").write_text(index)
    with pytest.raises(CanonicalizationError):
        Contexts.packaged().with_folder(tmp_path)


def test_the_folder_of_published_contexts_is_read() -> None:
    added = Contexts.packaged().with_folder(standards() / "contexts")
    assert "https://www.w3.org/ns/credentials/examples/v2" in added
    assert len(added.urls) > 60


def test_the_set_up_step_copies_the_installed_packages(tmp_path: Path) -> None:
    build = builder()
    assert build.build(CATALOGUE, tmp_path) == len(CATALOGUE)
    assert {file.name for file in tmp_path.iterdir()} == {entry["file"] for entry in CATALOGUE.values()}


def test_the_set_up_step_names_a_package_that_carries_another_context(tmp_path: Path) -> None:
    build = builder()
    (tmp_path / "old.json").write_text("{}")
    with pytest.raises(build.BuildError, match="is not the pinned context") as refused:
        build.build({V2: CATALOGUE[V2] | {"sha256": "0" * 64}}, tmp_path)
    assert CATALOGUE[V2]["sha256"] in str(refused.value)
    assert [file.name for file in tmp_path.iterdir()] == ["old.json"]
    with pytest.raises(build.BuildError, match="is not installed"):
        build.build({V2: CATALOGUE[V2] | {"package": "npm no-such-package 1.0.0"}}, None)
    with pytest.raises(build.BuildError, match="has no file"):
        build.build({V2: CATALOGUE[V2] | {"path": "elsewhere.json"}}, None)


MODULES = {
    "as JSON": ('module.exports = {"a": ["b", true, null]};', {"a": ["b", True, None]}),
    "as JavaScript": (
        "'use strict'; /* c */\nmodule.exports = {\n  a: 'it\\'s', // one\n  'b': {c: [\"d\",],},\n};\nmodule.x = 1;",
        {"a": "it's", "b": {"c": ["d"]}},
    ),
}


@pytest.mark.parametrize(("source", "value"), MODULES.values(), ids=MODULES.keys())
def test_the_set_up_step_reads_a_context_out_of_a_module(source: str, value: object) -> None:
    assert json.loads(builder().module_value(source)) == value


@pytest.mark.parametrize(
    "source", ["export default {}", "module.exports = {a: b()}", "module.exports = {a: `x`}", "module.exports = {"]
)
def test_the_set_up_step_runs_no_module(source: str) -> None:
    build = builder()
    with pytest.raises(build.BuildError):
        build.module_value(source)


def test_the_schemas_package_reads_its_own_files_only() -> None:
    assert "catalogue.json" in schemas.names("contexts")
    for path in ("../pyproject.toml", "/etc/hostname", "contexts/../../pyproject.toml", "nothing.json", ""):
        with pytest.raises(FileNotFoundError):
            schemas.read(path)
