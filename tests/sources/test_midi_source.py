import functools
import gzip
import http.server
import pickle
import socket
import threading

import fsspec
import pytest
from tests.sources.archive_bytes import noise, tar_bytes, zip_bytes

from scogen_pipeline.errors import DataError, MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar
from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.sources import midi_source as sources
from scogen_pipeline.sources import stored_files, tar_archives
from scogen_pipeline.sources.midi_source import MidiSource

FILES = [(f"{index}.mid", noise(index, 3_000)) for index in range(20)]
#: More than is read ahead.
MANY_BYTES = [(f"{index}.mid", noise(index, 90_000)) for index in range(20)]


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


def outcome(file):
    try:
        return file.load()
    except (MidiError, OSError) as error:
        return str(getattr(error, "reason", type(error).__name__))


def outcomes(address, **options):
    return [(file.path, outcome(file)) for file in MidiSource(str(address), options).files() if isinstance(file, MidiFile)]


def fill(folder):
    """A bit of everything."""
    (folder / "b").mkdir()
    (folder / "b" / "x.mid").write_bytes(b"x")
    (folder / "b" / "metadata.json").write_bytes(b"{}")
    (folder / "a.zip").write_bytes(zip_bytes([("in/y.mid", b"y"), ("labels.csv", b"file")]))
    (folder / "c.tar.gz").write_bytes(tar_bytes([("z.mid", b"z")], "w:gz"))
    (folder / "d.zip").write_bytes(b"no archive")
    (folder / "e.tar").mkdir()
    (folder / "e.tar" / "in.mid").write_bytes(b"in")


EVERYTHING = [
    ("a.zip/in/y.mid", b"y"),
    ("b/x.mid", b"x"),
    ("c.tar.gz/z.mid", b"z"),
    ("d.zip", "bad_archive"),
    ("e.tar/in.mid", b"in"),
]


# On this machine.


def test_a_folder_is_walked_with_the_archives_in_it(tmp_path):
    fill(tmp_path)
    assert outcomes(tmp_path) == outcomes(f"file://{tmp_path}") == EVERYTHING
    labels = {}
    for file in MidiSource(str(tmp_path)).files():
        if isinstance(file, Sidecar):
            with file.open() as opened:
                labels[file.path] = opened.read()
    assert labels == {"a.zip/labels.csv": b"file", "b/metadata.json": b"{}"}


def test_a_file_is_a_source_whatever_its_name(tmp_path):
    (tmp_path / "song.bin").write_bytes(b"x")
    assert outcomes(tmp_path / "song.bin") == [("song.bin", b"x")]


def test_members_of_a_source_that_is_an_archive_are_named_below_it(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_bytes([("in/y.mid", b"y")]))
    assert outcomes(tmp_path / "a.zip") == [("in/y.mid", b"y")]


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path, monkeypatch):
    (tmp_path / "s3::raw").mkdir()
    (tmp_path / "s3::raw" / "a.mid").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert outcomes("s3::raw") == [("a.mid", b"x")]


def test_gzip_around_midi_needs_no_care(tmp_path, small_midi):
    (tmp_path / "x.mid.gz").write_bytes(gzip.compress(small_midi()))
    (file,) = MidiSource(str(tmp_path)).files()
    assert read_midi(file.load(), file.path).notes.num_rows == 8


def test_sidecars_that_cannot_be_opened_are_refused(tmp_path):
    (tmp_path / "metadata.json").symlink_to("nowhere")
    assert outcomes(tmp_path) == [("metadata.json", "FileNotFoundError")]


@pytest.mark.parametrize("address", ["nowhere", "memory://nowhere", "file:///nowhere/at/all"])
def test_a_source_that_does_not_exist_is_said_to(address):
    with pytest.raises(DataError, match=r"nowhere.* must be a folder, a file or an archive that exists"):
        list(MidiSource(address).files())


def test_two_walks_are_the_same_in_any_process(tmp_path):
    fill(tmp_path)
    source = MidiSource(str(tmp_path), {"key": "value"})
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301
    assert [(file.path, file.stamp) for file in source.files()] == [(file.path, file.stamp) for file in copy.files()]


def test_credentials_are_not_printed():
    assert "secret" not in repr(MidiSource("s3://bucket", {"secret": "secret"}))


# Anywhere.


def test_a_missing_driver_is_named_with_the_package(monkeypatch):
    def refuse(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(sources.fsspec.core, "url_to_fs", refuse)
    with pytest.raises(DataError, match="pip install s3fs"):
        list(MidiSource("s3://bucket/raw").files())


def test_an_unknown_kind_of_address_is_an_error_with_a_hint():
    with pytest.raises(DataError, match="Did you mean `memory`"):
        list(MidiSource("memry://raw").files())


def test_a_server_is_walked_as_this_machine_is(tmp_path, memory):
    fill(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            memory.pipe(f"/raw/{path.relative_to(tmp_path)}", path.read_bytes())
    assert outcomes("memory://raw") == EVERYTHING
    assert outcomes("memory://raw/b/x.mid") == [("x.mid", b"x")]
    assert outcomes("memory://raw/c.tar.gz") == [("z.mid", b"z")]
    assert outcomes("memory://raw/e.tar") == [("in.mid", b"in")]
    assert [file.path for file in MidiSource("memory://raw/b").files()] == ["metadata.json", "x.mid"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_members_on_a_server_can_be_held(memory, name):
    memory.pipe(f"/{name}", {"a.zip": zip_bytes, "a.tar": tar_bytes, "a.tar.gz": lambda f: tar_bytes(f, "w:gz")}[name](FILES))
    held = [file.held() for file in MidiSource(f"memory://{name}").files()]
    assert [(file.path, pickle.loads(pickle.dumps(file)).load()) for file in held] == FILES  # noqa: S301


# Over HTTP.


class WholeFiles(http.server.SimpleHTTPRequestHandler):
    """A server that knows no range requests, as Python's."""

    def log_message(self, *_):
        pass


class Ranges(WholeFiles):
    """A server that sends parts of files, and may break off in the middle of each answer."""

    n_to_break = 0
    n_sent = 0

    def do_GET(self):
        path = self.translate_path(self.path)
        asked = self.headers.get("Range")
        if not asked:
            super().do_GET()
            return
        with open(path, "rb") as file:
            data = file.read()
        first, last = asked.removeprefix("bytes=").split("-")
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if type(self).n_to_break:
            type(self).n_to_break -= 1
            part = part[: len(part) // 2]
            self.close_connection = True
        type(self).n_sent += len(part)
        self.wfile.write(part)


class BreakingOff(WholeFiles):
    """A server that sends whole files, the second time not to the end."""

    n_answers = 0

    def copyfile(self, source, outputfile):
        type(self).n_answers += 1
        data = source.read()
        outputfile.write(data if type(self).n_answers == 1 else data[: len(data) // 2])


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """A function that serves tmp_path/www on loopback and returns its address."""
    (tmp_path / "www").mkdir()
    monkeypatch.setattr(stored_files, "_WAITS", [0.0, 0.0])
    monkeypatch.setattr(stored_files, "_BLOCK_BYTES", 10_000)
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(tmp_path / "www")))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("handler", [WholeFiles, Ranges])
def test_an_archive_is_streamed_from_a_web_server(serve, tmp_path, handler):
    (tmp_path / "www" / "a.tar.gz").write_bytes(tar_bytes(MANY_BYTES, "w:gz"))
    (tmp_path / "www" / "b.tar").write_bytes(tar_bytes(MANY_BYTES))
    address = serve(handler)
    assert outcomes(f"{address}/a.tar.gz?download=1") == MANY_BYTES
    assert outcomes(f"{address}/b.tar") == MANY_BYTES


def test_a_stream_that_breaks_off_is_no_end(serve, tmp_path, monkeypatch):
    (tmp_path / "www" / "a.tar.gz").write_bytes(tar_bytes(MANY_BYTES, "w:gz"))
    monkeypatch.setattr(BreakingOff, "n_answers", 0)
    with pytest.raises((OSError, DataError), match=r"Error|Run again"):
        outcomes(f"{serve(BreakingOff)}/a.tar.gz")


def test_what_is_far_ahead_in_a_plain_archive_is_not_fetched(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(tar_archives, "_FEWEST_TO_JUMP", 500_000)
    (tmp_path / "www" / "a.tar").write_bytes(tar_bytes([("a.mid", b"x"), ("a.wav", bytes(5 * 10**6)), ("b.mid", b"y")]))
    monkeypatch.setattr(Ranges, "n_sent", 0)
    assert outcomes(f"{serve(Ranges)}/a.tar") == [("a.mid", b"x"), ("b.mid", b"y")]
    assert Ranges.n_sent < 10**6


@pytest.mark.parametrize("handler", [WholeFiles, Ranges])
def test_a_page_of_links_is_a_folder(serve, tmp_path, handler):
    fill(tmp_path / "www")
    (tmp_path / "www" / "a.zip").unlink()
    (tmp_path / "www" / "b" / "Größe.mid").write_bytes(b"g")
    expected = [*EVERYTHING[1:]]
    expected.insert(0, ("b/Größe.mid", b"g"))
    assert outcomes(f"{serve(handler)}/") == expected


def test_a_zip_needs_a_server_that_sends_parts(serve, tmp_path):
    (tmp_path / "www" / "a.zip").write_bytes(zip_bytes(FILES))
    assert outcomes(f"{serve(Ranges)}/a.zip") == FILES
    with pytest.raises(DataError, match="range requests"):
        outcomes(f"{serve(WholeFiles)}/a.zip")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_a_connection_that_breaks_is_taken_up(serve, tmp_path, monkeypatch, name):
    (tmp_path / "www" / "a.tar.gz").write_bytes(tar_bytes(FILES, "w:gz"))
    (tmp_path / "www" / "a.zip").write_bytes(zip_bytes(FILES))
    monkeypatch.setattr(Ranges, "n_to_break", 2)
    assert outcomes(f"{serve(Ranges)}/{name}") == FILES
    assert Ranges.n_to_break == 0


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip", "a.mid"])
def test_a_connection_that_stays_broken_is_the_fault_of_no_file(serve, tmp_path, monkeypatch, name):
    files = {"a.tar.gz": tar_bytes(MANY_BYTES, "w:gz"), "a.zip": zip_bytes(MANY_BYTES), "a.mid": b"MThd"}
    (tmp_path / "www" / name).write_bytes(files[name])
    address = f"{serve(Ranges)}/{name}"
    stored_files._open_archives.clear()
    seen = []

    def walk():
        for file in MidiSource(address).files():
            monkeypatch.setattr(Ranges, "n_to_break", 99)
            monkeypatch.setattr(WholeFiles, "do_GET", lambda self: self.send_error(503))
            seen.append(outcome(file.held()))

    with pytest.raises((DataError, OSError), match=r"Run again|Error"):
        walk()
    assert all(isinstance(content, bytes) for content in seen)


def test_a_server_that_is_down_is_no_empty_source(monkeypatch):
    monkeypatch.setattr(stored_files, "_WAITS", [0.0])
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(OSError, match="Error"):
        outcomes(f"http://127.0.0.1:{port}/a.tar.gz")


def test_a_file_that_is_not_on_the_server_is_said_to_be_absent(serve):
    with pytest.raises(DataError, match="that exists"):
        outcomes(f"{serve(Ranges)}/a.tar.gz")
