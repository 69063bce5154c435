"""Downloading from a server on the loopback interface that breaks off when it is told to."""

from __future__ import annotations

import hashlib
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from interlingua.errors import NormsError, StoreError
from interlingua.norms import Layout, NormCard, Variable, card_folder, fetch, licence_notice, load_norms

CONTENT = ("word,valence\n" + "".join(f"word{i},{i % 9 + 1}\n" for i in range(4_000))).encode()
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Script:
    """What the server has, how it behaves, and what it was asked."""

    content: bytes = CONTENT
    etag: str | None = '"one"'
    ranges: bool = True
    chunked: bool = False
    status: int = 200
    break_after: list[int] = field(default_factory=list)  # bytes sent before each broken response
    asked: list[str | None] = field(default_factory=list)  # the Range header of each request


class _Server(HTTPServer):
    script: Script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        script = self.server.script
        wanted = self.headers.get("Range")
        script.asked.append(wanted)
        self.close_connection = True
        if script.status != 200:
            self.send_error(script.status)
            return
        start = 0
        if wanted and script.ranges and self.headers.get("If-Range") in {None, script.etag}:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(script.content):
                self.send_error(416)
                return
        body = script.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(script.content) - 1}/{len(script.content)}")
        if script.etag:
            self.send_header("ETag", script.etag)
        if script.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        broken = bool(script.break_after)
        if broken:
            body = body[: script.break_after.pop(0)]
        if script.chunked:
            body = b"%x\r\n%s\r\n%s" % (len(body), body, b"" if broken else b"0\r\n\r\n")
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[Script, str]]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.script = Script()
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running.script, f"http://127.0.0.1:{running.server_port}/ratings.csv"
        running.shutdown()
        thread.join(timeout=5)


def _card(url: str, **changes: object) -> NormCard:
    layout = {"format": "csv", "filename": "ratings.csv", "url": url, "expected_rows": 4_000, **changes}
    return NormCard(
        name="en-test-2030",
        title="A test",
        language="en",
        access="download",
        licence="CC BY 4.0",
        doi="10.1/2",
        variables={"valence": Variable(column="valence", low=1, high=9)},
        file=Layout.model_validate(layout),
    )


def test_a_file_is_downloaded_once_and_read(
    server: tuple[Script, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, url = server
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))
    card = _card(url, sha256=hashlib.sha256(CONTENT).hexdigest())
    seen: list[tuple[int, int | None]] = []
    path = fetch(card, opener=OPENER, progress=lambda here, total: seen.append((here, total)))
    assert path == tmp_path / "norms" / "en-test-2030" / "ratings.csv"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(card, opener=OPENER) == path
    assert script.asked == [None]
    assert [entry.name for entry in path.parent.iterdir()] == ["ratings.csv"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_broken_connection_is_taken_up_where_it_ended(
    server: tuple[Script, str], tmp_path: Path, chunked: bool
) -> None:
    script, url = server
    script.chunked = chunked
    half = len(CONTENT) // 2
    script.break_after = [half, 1000]
    path = fetch(_card(url), tmp_path, opener=OPENER)
    assert path.read_bytes() == CONTENT
    assert script.asked == [None, f"bytes={half}-", f"bytes={half + 1000}-"]


def test_a_download_given_up_is_resumed_by_the_next_call(server: tuple[Script, str], tmp_path: Path) -> None:
    script, url = server
    card = _card(url)
    script.break_after = [1000, 0]  # the second answer brings nothing: the server is down
    with pytest.raises(NormsError, match=r"broke off after 1000 bytes .*type the same again"):
        fetch(card, tmp_path, opener=OPENER)
    folder = card_folder(card, tmp_path)
    assert not (folder / "ratings.csv").exists()
    assert (folder / "ratings.csv.part").stat().st_size == 1000
    assert fetch(card, tmp_path, opener=OPENER).read_bytes() == CONTENT
    assert script.asked[-1] == "bytes=1000-"


def test_a_file_that_changed_meanwhile_is_not_pieced_together(server: tuple[Script, str], tmp_path: Path) -> None:
    script, url = server
    script.break_after = [1000, 0]
    with pytest.raises(NormsError, match="broke off"):
        fetch(_card(url), tmp_path, opener=OPENER)
    script.content, script.etag = CONTENT.replace(b"word1,", b"mot1,"), '"two"'
    assert fetch(_card(url), tmp_path, opener=OPENER).read_bytes() == script.content


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": None}, {"etag": 'W/"weak"'}])
def test_a_server_that_can_t_resume_starts_again(
    change: dict[str, object], server: tuple[Script, str], tmp_path: Path
) -> None:
    script, url = server
    for name, value in change.items():
        setattr(script, name, value)
    script.break_after = [20_000]
    assert fetch(_card(url), tmp_path, opener=OPENER).read_bytes() == CONTENT
    assert len(script.asked) == 2


def test_a_part_longer_than_the_file_is_thrown_away(server: tuple[Script, str], tmp_path: Path) -> None:
    script, url = server
    card = _card(url)
    folder = card_folder(card, tmp_path)
    folder.mkdir(parents=True)
    (folder / "ratings.csv.part").write_bytes(CONTENT + b"more")
    (folder / "ratings.csv.etag").write_text('"one"', encoding="utf-8")
    assert fetch(card, tmp_path, opener=OPENER).read_bytes() == CONTENT
    assert script.asked == [f"bytes={len(CONTENT) + 4}-", None]


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (CONTENT, {"sha256": "0" * 64}, "its sha256 is "),
        (CONTENT, {"expected_rows": 4_200}, "it has 4000 rows, not 4200"),
        (CONTENT.replace(b"valence", b"happiness"), {}, "no column 'valence'"),
        (b"<html><body>Please log in</body></html>", {}, "is a web page"),
    ],
)
def test_another_file_than_expected_is_not_kept(
    content: bytes, changes: dict[str, object], words: str, server: tuple[Script, str], tmp_path: Path
) -> None:
    script, url = server
    script.content = content
    card = _card(url, **changes)
    with pytest.raises(NormsError, match=words) as caught:
        fetch(card, tmp_path, opener=OPENER)
    assert "is not the table of en-test-2030 that is expected" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [path for path in card_folder(card, tmp_path).iterdir() if path.suffix != ".etag"]


def test_rows_may_differ_a_little_where_no_checksum_is_known(server: tuple[Script, str], tmp_path: Path) -> None:
    _, url = server
    card = _card(url, expected_rows=4_040)
    path = fetch(card, tmp_path, opener=OPENER)
    norms = load_norms(_save_card(card, tmp_path), language="en", path=path)
    assert list(norms.issues["kind"]) == ["rows"]
    assert norms.issues["detail"].iloc[0] == "4000, not 4040"


def _save_card(card: NormCard, folder: Path) -> Path:
    path = folder / "card.toml"
    path.write_text(
        f'name = "{card.name}"\ntitle = "t"\nlanguage = "en"\n[variables]\nvalence = {{column = "valence"}}\n'
        '[file]\nformat = "csv"\nexpected_rows = 4040\n',
        encoding="utf-8",
    )
    return path


def test_errors_of_the_server_and_no_server(server: tuple[Script, str], tmp_path: Path) -> None:
    script, url = server
    script.status = 404
    with pytest.raises(NormsError, match="answers 404 Not Found"):
        fetch(_card(url), tmp_path, opener=OPENER)
    with pytest.raises(NormsError, match="can't be reached"):
        fetch(_card("http://127.0.0.1:1/ratings.csv"), tmp_path, opener=OPENER)


def test_a_cache_that_can_t_be_written(server: tuple[Script, str], tmp_path: Path) -> None:
    _, url = server
    (tmp_path / "norms").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StoreError, match="can't be written"):
        fetch(_card(url), tmp_path, opener=OPENER)


def test_what_must_be_fetched_by_hand_says_so(tmp_path: Path) -> None:
    card = NormCard(
        name="hr-x-2030",
        title="t",
        language="hr",
        access="manual",
        instructions="ask the authors",
        variables={"valence": Variable()},
    )
    with pytest.raises(NormsError, match=r"can't be downloaded: ask the authors; then put the file into .*hr-x-2030"):
        fetch(card, tmp_path)


def test_one_publication_of_several_by_name(server: tuple[Script, str], tmp_path: Path) -> None:
    _, url = server
    other = Layout(name="mirror", format="csv", filename="m.csv", url=url, columns={"valence": "valence"})
    card = _card("http://127.0.0.1:1/gone.csv").model_copy(update={"layouts": (other,)})
    assert fetch(card, tmp_path, layout="mirror", opener=OPENER).name == "m.csv"
    with pytest.raises(NormsError, match=r"no address called 'miror' .did you mean 'mirror'"):
        fetch(card, tmp_path, layout="miror", opener=OPENER)


def test_the_licence_is_said() -> None:
    notice = licence_notice(_card("https://example.org/x.csv"))
    assert notice == (
        "en-test-2030: licence CC BY 4.0: by downloading the ratings you accept it; cite https://doi.org/10.1/2"
    )
