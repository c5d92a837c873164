"""Empty databases with the newest schema, laid down where a service would make one: migrating takes a while each time.

That migrations lead there is tested where databases are; services that tests start as processes migrate by themselves.
"""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from jikin.errors import JikinError
from jikin.web.database import Database


def lay(file: Path, migrations: ModuleType) -> None:
    """Put an empty SQLite database at *file* unless there is one; *migrations* is a service's package of that name."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(_blank(migrations))


@functools.cache
def _blank(migrations: ModuleType) -> bytes:
    assert migrations.__file__ is not None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "blank.db"
        database = Database(f"sqlite:///{file}", Path(migrations.__file__).parent, migrations.NEWEST, JikinError)
        database.migrate()
        database.close()
        assert [path.name for path in Path(folder).iterdir()] == [file.name], "all of it is in one file"
        return file.read_bytes()
