"""A pytest plugin that writes down which published file each test has read, and what came out.

Use: pytest -p tests.standards_report --standards-report FILE … ; ``tools/build_conformance.py`` makes
``docs/conformance.md`` of it. Reading is seen from below (an audit hook on ``open``), so no test has to tell.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.shared_standards import folder


class StandardsReport:
    """Published file → tests that read it; test → outcome."""

    def __init__(self, path: Path, standards: Path) -> None:
        self.path = path
        self.prefix = f"{standards.resolve()}{os.sep}"
        self.now = ""
        self.reads: defaultdict[str, set[str]] = defaultdict(set)
        self.outcomes: dict[str, str] = {}
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.path.realpath(os.fspath(arguments[0]))
        if path.startswith(self.prefix):
            self.reads[path[len(self.prefix) :]].add(self.now)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector):  # type: ignore[no-untyped-def]
        self.now = collector.nodeid
        result = yield
        self.now = ""
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):  # type: ignore[no-untyped-def]
        self.now = item.nodeid
        result = yield
        self.now = ""
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        reads = {name: sorted(tests) for name, tests in sorted(self.reads.items())}
        self.path.write_text(json.dumps({"reads": reads, "outcomes": self.outcomes}, indent=1) + "\n", "utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--standards-report", metavar="FILE", help="write which published files were read to FILE")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--standards-report")
    # Run on several processes, each writes a file of its own: FILE.gw0, FILE.gw1 …
    worker = getattr(config, "workerinput", {}).get("workerid")
    if path and (standards := folder()) is not None:
        config.pluginmanager.register(StandardsReport(Path(f"{path}.{worker}" if worker else path), standards))
