"""Downloading the authors' files, from a server on this machine."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from interlingua.contexts import AUTHORS_URL, authors_files, download_authors, verify_checksums
from interlingua.errors import ContextsError

FILES = {"english_words_test": b"cat\n", "english_idx_test": b"1\n", "finnish_idx": "ä\n".encode()}
SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


class Server:
    """What is asked of it, and where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                asked.append(self.path.rsplit("/", 1)[-1])

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.http.server_port}/probing"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "www" / "probing"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    server = Server(folder.parent)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def test_every_file_comes_whole_and_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    folder = download_authors(
        tmp_path / "cache",
        base_url=server.url,
        checksums=SUMS,
        progress=lambda number, total, name: seen.append((number, total, name)),
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert seen == [(number, 3, name) for number, name in enumerate(FILES, start=1)]
    server.asked.clear()
    assert download_authors(tmp_path / "cache", base_url=f"{server.url}/", checksums=SUMS) == folder
    assert server.asked == []


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    (server.folder / "probing" / "english_idx_test").unlink()
    with pytest.raises(ContextsError, match=r"english_idx_test: could not be downloaded .*404.*--data FOLDER"):
        download_authors(tmp_path, base_url=server.url, checksums=SUMS)
    folder = tmp_path / "affective-interlingua"
    assert [path.name for path in folder.iterdir()] == ["english_words_test"]
    (server.folder / "probing" / "english_idx_test").write_bytes(FILES["english_idx_test"])
    server.asked.clear()
    download_authors(tmp_path, base_url=server.url, checksums=SUMS)
    assert sorted(server.asked) == ["english_idx_test", "finnish_idx"]


def test_a_file_that_is_not_the_known_one_is_refused(server: Server, tmp_path: Path) -> None:
    (server.folder / "probing" / "finnish_idx").write_bytes(b"a login page")
    with pytest.raises(ContextsError, match=r"finnish_idx: what came is not the known file"):
        download_authors(tmp_path, base_url=server.url, checksums=SUMS)
    assert not (tmp_path / "affective-interlingua" / "finnish_idx").exists()


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    folder = download_authors(tmp_path, base_url=server.url, checksums=SUMS)
    (folder / "finnish_idx").write_bytes(b"half")
    (folder / "english_idx_test").unlink()
    assert verify_checksums(folder, SUMS) == {"english_idx_test": "missing", "finnish_idx": "differs"}
    download_authors(tmp_path, base_url=server.url, checksums=SUMS)
    assert verify_checksums(folder, SUMS) == {}


def test_no_network_says_what_to_do(server: Server, tmp_path: Path) -> None:
    # Nothing listens on port 1.
    with pytest.raises(ContextsError, match=r"could not be downloaded .*use --data FOLDER"):
        download_authors(tmp_path, base_url="http://127.0.0.1:1/probing", checksums=SUMS)


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ContextsError, match="choose another cache folder"):
        download_authors(tmp_path / "file", checksums=SUMS)


def test_the_package_knows_a_hundred_files_of_one_commit() -> None:
    files = authors_files()
    assert len(files) == 100
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in files.values())
    kinds = {name.split("_", 1)[1] for name in files}
    assert {"sentences_train", "idx_test", "words_train", "valence_test", "sentences", "idx"} <= kinds
    assert "64c4bfac3ccfd99ae38f7f0ece2dc0e1dde160ab" in AUTHORS_URL
