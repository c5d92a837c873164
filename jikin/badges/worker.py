"""The helper process of :class:`jikin.badges.confined.Confinement`: one forked, limited child per job.

The helper reads requests from its standard input and passes them to children unread; it ends when that closes. Only
standard library here until a job asks for more, and nothing of the caller's environment.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Mapping, Sequence

from jikin.badges.confined import pack
from jikin.errors import DocumentError
from jikin.values import Json

_JOBS = "jikin.badges.jobs"
_MAX_FILES = 64


def main() -> None:
    """Serve requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked; it closes our standard input
    while True:
        head = _read_exactly(0, 4)
        if head is None:
            return
        request = json.loads(_read_exactly(0, int.from_bytes(head, "big")) or b"{}")
        data = _read_exactly(0, int(request["size"]))
        if data is None:
            return
        _write_all(1, _serve(request, data))


def _serve(request: Mapping[str, Json], data: bytes) -> bytes:
    """Return the answer of a child that does the job, or what ended it."""
    limits = _object(request["limits"])
    wall, most = float(str(limits["wall_seconds"])), int(str(limits["max_output_bytes"]))
    # Loaded once, here, before the fork: the libraries, never the file.
    jobs = importlib.import_module(_JOBS)
    jobs.preload(str(request["job"]))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_child(request, data, limits, writer)
    os.close(writer)
    try:
        answer, trouble = _collect(reader, time.monotonic() + wall, most + (1 << 20))
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if trouble is not None:
        return _error(*trouble)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) and not answer:
        return _error("document.time-limit", "reading this file takes more computing time than it may")
    if not answer:
        return _error("document.crashed", "the reader of this file crashed: the file is damaged or hostile")
    return answer


def _collect(reader: int, deadline: float, most: int) -> tuple[bytes, tuple[str, str] | None]:
    """Return what the child writes, whole or not at all, and what was wrong with waiting for it."""
    parts: list[bytes] = []
    total = 0
    while True:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return b"", ("document.time-limit", "reading this file takes longer than it may")
        part = os.read(reader, 1 << 20)
        if not part:
            break
        total += len(part)
        if total > most:
            return b"", ("document.too-large", "this file unpacks to more than is read")
        parts.append(part)
    answer = b"".join(parts)
    return (answer if _whole(answer) else b""), None


def _whole(answer: bytes) -> bool:
    """Say whether *answer* is a complete message: a child that died while writing leaves a part of one."""
    size = int.from_bytes(answer[:4], "big")
    if len(answer) < 4 + size or len(answer) < 4:
        return False
    try:
        sizes = json.loads(answer[4 : 4 + size])["sizes"]
        return len(answer) == 4 + size + sum(int(length) for length in sizes)
    except (ValueError, KeyError, TypeError):
        return False


def _be_child(request: Mapping[str, Json], data: bytes, limits: Mapping[str, Json], writer: int) -> None:
    """Do the job, write the answer, and end this process without running anything of the parent's."""
    code = 1
    try:
        _limit(int(str(limits["memory_bytes"])), int(str(limits["cpu_seconds"])))
        _write_all(writer, _work(request, data))
        code = 0
    finally:
        # Also after an error that nobody foresaw: the parent sees an empty answer and says "crashed".
        os._exit(code)


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # writes no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_FILES, _MAX_FILES))
    os.close(0)


def _work(request: Mapping[str, Json], data: bytes) -> bytes:
    jobs = importlib.import_module(_JOBS)
    try:
        meta, blobs = jobs.JOBS[str(request["job"])](data, _object(request["arguments"]))
    except DocumentError as error:
        return _error(error.code, str(error), error.hint)
    except MemoryError:
        return _error("document.memory-limit", "reading this file takes more memory than it may")
    return pack({"meta": meta, "sizes": [len(blob) for blob in blobs]}) + b"".join(blobs)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError("a request holds objects")
    return value


def _error(code: str, message: str, hint: str | None = None) -> bytes:
    return pack({"meta": {"code": code, "message": message, "hint": hint}, "sizes": []})


def _read_exactly(descriptor: int, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes | Sequence[int]) -> None:
    view = memoryview(bytes(data))
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]
