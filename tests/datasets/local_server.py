"""An HTTP server on loopback that can be told to misbehave, and that imitates what is needed of the Hugging Face Hub."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Served:
    """What is served, how badly, and what was asked for.

    Args:
        files: Path -> content.
        knows_ranges: Whether `Range` is honoured.
        cuts: After how many bytes each of the next answers is cut off.
        stalls: After how many bytes each of the next answers stops, until `released`.
        failures: Status codes of the next answers.
        has_length: Whether the length is stated.
        has_version: Whether an etag is given.
        requests: Method, path and `Range` of each request so far.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    knows_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    stalls: list[int] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    failures: list[int] = field(default_factory=list)
    has_length: bool = True
    has_version: bool = True
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Serve on a free port of loopback."""

    class Handler(_Handler):
        content = served

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    content: ClassVar[Served]

    def do_HEAD(self) -> None:
        path, data = self._found()
        if data is None:
            return
        self.send_response(200)
        if path.startswith("/datasets/"):
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("ETag", _etag(data))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()

    def do_GET(self) -> None:
        _, data = self._found()
        if data is None:
            return
        start = self._start(data)
        if start >= len(data) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if self.content.has_version:
            self.send_header("ETag", _etag(data))
        if self.content.has_length:
            self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        end = start + self.content.cuts.pop(0) if self.content.cuts else len(data)
        if self.content.stalls:
            stop = start + self.content.stalls.pop(0)
            self.wfile.write(data[start:stop])
            self.content.released.wait(60)
            return
        self.wfile.write(data[start:end])
        self.close_connection = True

    def _found(self) -> tuple[str, bytes | None]:
        path = self.path.partition("?")[0]
        self.content.requests.append((self.command, path, self.headers.get("Range", "")))
        status = self.content.failures.pop(0) if self.content.failures else 0
        data = self.content.files.get(path.replace(f"/resolve/{COMMIT}/", "/resolve/main/"))
        if status or data is None:
            self.send_response(status or 404)
            if path.startswith("/datasets/"):
                self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return path, None
        return path, data

    def _start(self, data: bytes) -> int:
        asked = self.headers.get("Range", "")
        is_same = self.headers.get("If-Range", _etag(data)) == _etag(data)
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked and is_same and self.content.knows_ranges else 0

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
