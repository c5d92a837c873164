"""Where settings come from, what is refused, and that secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from issuer.settings import Settings, listing, load
from jikin.errors import SettingsError
from jikin.values.settings import Secret, declared


def test_command_line_wins_over_environment_over_file_over_default(tmp_path: Path) -> None:
    (tmp_path / "issuer.toml").write_text('confirmations = 5\nsign_chunk = 7\nrpc_url = "http://from.file"\n')
    environment = {"JIKIN_DATA": str(tmp_path), "JIKIN_SIGN_CHUNK": "8", "JIKIN_RPC_URL": "http://from.environment"}
    settings = load(environment, given={"rpc_url": "http://from.command.line", "suite": None})
    assert (settings.confirmations, settings.sign_chunk, settings.suite) == (5, 8, "eddsa-rdfc-2022")
    assert settings.rpc_url == "http://from.command.line"
    sources = {line.name: line.source for line in listing(settings)}
    assert sources["confirmations"] == "issuer.toml"
    assert sources["sign_chunk"] == "environment JIKIN_SIGN_CHUNK"
    assert sources["rpc_url"] == "command line"
    assert sources["suite"] == "default"


def test_every_setting_says_what_it_means() -> None:
    for name, (_, about) in declared(Settings).items():
        assert about.meaning, name
        assert len(about.meaning) < 90, name


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "a word for a number": ({"JIKIN_CONFIRMATIONS": "two"}, "settings.value", "whole number"),
    "a number out of range": ({"JIKIN_CONFIRMATIONS": "0"}, "settings.range", "1 to"),
    "approvals for a week": ({"JIKIN_APPROVAL_HOURS": "168"}, "settings.range", "24"),
    "an unknown language": ({"JIKIN_LANG": "fr"}, "settings.value", "ko, en"),
    "an unknown log level": ({"JIKIN_LOG_LEVEL": "loud"}, "settings.value", "DEBUG"),
    "an unknown timezone": ({"JIKIN_TIMEZONE": "Mars/Olympus"}, "settings.value", "Asia/Seoul"),
    "another kind of database": ({"JIKIN_DATABASE": "mysql://x"}, "settings.value", "postgresql+psycopg"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_answered_with_the_right_ones(tmp_path: Path, case: tuple[dict[str, str], str, str]) -> None:
    environment, code, said = case
    with pytest.raises(SettingsError) as caught:
        load(environment | {"JIKIN_DATA": str(tmp_path)})
    assert caught.value.code == code
    assert said in str(caught.value)


FILES: dict[str, tuple[str, str]] = {
    "no TOML": ("confirmations = = 2", "settings.file"),
    "a setting that does not exist": ("confirmation = 2", "settings.unknown"),
    "a secret": ('passphrase = "geheim"', "settings.secret-in-file"),
}


@pytest.mark.parametrize("case", FILES.values(), ids=FILES.keys())
def test_a_wrong_file_is_refused_and_shows_no_secret(tmp_path: Path, case: tuple[str, str]) -> None:
    content, code = case
    (tmp_path / "issuer.toml").write_text(content)
    with pytest.raises(SettingsError) as caught:
        load({"JIKIN_DATA": str(tmp_path)})
    assert caught.value.code == code
    assert "geheim" not in str(caught.value)


def test_secrets_and_passwords_are_never_shown(tmp_path: Path) -> None:
    environment = {
        "JIKIN_DATA": str(tmp_path),
        "JIKIN_PASSPHRASE": "geheim",
        "JIKIN_OFFICER_PASSPHRASE": "geheim",
        "JIKIN_DATABASE": "postgresql+psycopg://office:geheim@db.example/office",
    }
    settings = load(environment)
    assert "geheim" not in repr(settings.passphrase)
    assert "geheim" not in str(listing(settings))
    assert "db.example" in str(listing(settings))
    assert settings.key_passphrase() == "geheim"


def test_the_passphrase_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("맞는 말\n다른 말\n", "utf-8")
    assert load({"JIKIN_DATA": str(tmp_path)}).key_passphrase() == "맞는 말"
    (tmp_path / "passphrase").write_text("\n")
    with pytest.raises(SettingsError, match="empty first line"):
        load({"JIKIN_DATA": str(tmp_path)}).key_passphrase()
    (tmp_path / "passphrase").unlink()
    with pytest.raises(SettingsError) as caught:
        load({"JIKIN_DATA": str(tmp_path)}).key_passphrase()
    assert (caught.value.code, "JIKIN_PASSPHRASE" in str(caught.value)) == ("settings.no-passphrase", True)


def test_paths_lie_in_the_data_folder_and_jobs_beside_the_office(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, passphrase=Secret("x"))
    assert settings.path(settings.public) == tmp_path / "public"
    assert settings.path(Path("/elsewhere")) == Path("/elsewhere")
    assert settings.database_url == f"sqlite:///{tmp_path / 'office.db'}"
    assert settings.jobs_database_url == f"sqlite:///{tmp_path / 'jobs.db'}"
    url = "postgresql+psycopg://db.example/office"
    assert Settings(data=tmp_path, database=url).jobs_database_url == url
    assert Settings(data=tmp_path, database="sqlite:///x.db").jobs_database_url.endswith("jobs.db")


def test_the_language_follows_the_system_unless_it_is_set(tmp_path: Path) -> None:
    data = {"JIKIN_DATA": str(tmp_path)}
    assert load(data | {"LANG": "ko_KR.UTF-8"}).lang == "ko"
    assert load(data | {"LANG": "de_DE.UTF-8"}).lang == "en"
    assert load(data | {"LANG": "ko_KR.UTF-8", "JIKIN_LANG": "en"}).lang == "en"
