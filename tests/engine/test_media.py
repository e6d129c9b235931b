"""Taking media: fetched from the public internet alone, checked by their bytes, saved beside what is there already."""

from __future__ import annotations

import base64
import os
import resource
import shutil
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui import formats
from poe_tui.api.public_web import PublicWeb, WebRefused, is_public
from poe_tui.engine import media as taking
from poe_tui.engine import pictures
from poe_tui.engine.media import MediaRefused
from poe_tui.media import Media, find_media
from poe_tui.picture import fitted
from tests import files
from tests.fault_server import FaultServer, Peer, Step


def sends(body: bytes, status: int = 200, **headers: str) -> Step:
    async def step(peer: Peer) -> None:
        await peer.head(status, content_length=str(len(body)), **headers)
        await peer.send(body)

    return step


def leads_to(url: str) -> Step:
    return sends(b"", 302, location=url)


def web_of(server: FaultServer, **more: object) -> PublicWeb:
    """The downloader, with the test's server as the one place on this machine that it reads."""
    return PublicWeb(own=origin(server), what="file", **more)  # type: ignore[arg-type]


def origin(server: FaultServer) -> str:
    return server.url.removesuffix("/v1")


def at(server: FaultServer, kind: str = "image") -> Media:
    return Media(kind, f"{origin(server)}/base/{kind}/x")  # type: ignore[arg-type]


def resolving(*addresses: str) -> Callable[[str, int], object]:
    """A resolver that gives one answer after the other, the last for ever."""
    left = list(addresses)

    def lookup(host: str, port: int) -> object:
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return lookup


class TestFetching:
    @pytest.mark.parametrize(
        ("data", "found"),
        [(files.image("PNG"), formats.PNG), (files.image("WEBP"), formats.WEBP), (files.MP4, formats.MP4),
         (files.WEBM, formats.WEBM), (files.MP3, formats.MP3), (files.WAV, formats.WAV), (files.OGG, formats.OGG)],
    )  # fmt: skip
    async def test_the_bytes_decide_what_it_is(self, data: bytes, found: formats.Format) -> None:
        async with FaultServer(sends(data, content_type="application/octet-stream")) as server:
            taken = await taking.take(at(server), web_of(server))
        assert taken.data == data and taken.format is found
        assert taken.media.size == len(data)

    @pytest.mark.parametrize(
        ("data", "words"),
        [(b"<html>log in</html>", "a text"), (files.ZIP, "ZIP"), (files.HEIC, "HEIC"), (files.PDF, "a PDF"),
         (b"<svg xmlns='x'/>", "a text"), (b"", "sent nothing"),
         (files.noise(99), "of no known kind"), (files.bomb(), "30000 × 30000")],
    )  # fmt: skip
    async def test_what_is_no_media_is_refused(self, data: bytes, words: str) -> None:
        async with FaultServer(sends(data, content_type="image/png")) as server:
            with pytest.raises(MediaRefused, match=words):
                await taking.take(at(server), web_of(server))

    async def test_an_expired_address_says_so(self) -> None:
        async with FaultServer(sends(b"no", 403)) as server:
            with pytest.raises(MediaRefused, match="signed and has expired"):
                await taking.take(Media("image", f"{origin(server)}/x.png?sig=1", expires=True), web_of(server))

    async def test_an_error_of_the_server(self) -> None:
        async with FaultServer(sends(b"no", 500)) as server:
            with pytest.raises(MediaRefused, match="answered 500"):
                await taking.take(at(server), web_of(server))

    async def test_too_much_is_cut_and_refused(self) -> None:
        async def flood(peer: Peer) -> None:
            await peer.stream("image/png")
            while True:
                await peer.chunk(files.image() * 200)

        async with FaultServer(flood) as server:
            with pytest.raises(MediaRefused, match="larger than"):
                await taking.take(at(server), web_of(server, most_bytes=1_000_000))

    async def test_too_slow(self) -> None:
        async def stall(peer: Peer) -> None:
            await peer.head(200, content_length="100")
            await peer.request.gone.wait()

        async with FaultServer(stall) as server:
            with pytest.raises(MediaRefused, match=r"did not come within 0\.2 s"):
                await taking.take(at(server), web_of(server, seconds=0.2))

    async def test_nothing_of_ours_goes_along(self) -> None:
        async with FaultServer(sends(files.image())) as server:
            await taking.take(at(server), web_of(server))
        (request,) = server.requests
        assert not {"authorization", "cookie", "referer"} & set(request.headers)

    async def test_base64_of_the_answer_needs_no_web(self) -> None:
        encoded = base64.b64encode(files.image()).decode()
        (found,) = find_media([{"type": "image_generation_call", "result": encoded}])
        taken = await taking.take(found, PublicWeb(lookup=resolving("127.0.0.1")))
        assert taken.data == files.image() and taken.format is formats.PNG
        (broken,) = find_media([{"type": "image_generation_call", "result": "!!"}])
        with pytest.raises(MediaRefused, match="no base64"):
            await taking.take(broken, PublicWeb())


class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "url",
        ["https://127.0.0.1/x.png", "https://localhost/x.png", "https://[::1]/x.png", "https://169.254.169.254/x.png",
         "https://10.1.2.3/x.png", "https://192.168.0.1/x.png", "https://172.16.0.1/x.png", "https://0.0.0.0/x.png",
         "https://[fe80::1]/x.png", "https://[fc00::1]/x.png", "https://[::ffff:127.0.0.1]/x.png",
         "https://[64:ff9b::7f00:1]/x.png", "https://100.64.0.1/x.png", "https://224.0.0.1/x.png"],
    )  # fmt: skip
    async def test_by_number(self, url: str) -> None:
        with pytest.raises(WebRefused, match="not on the public internet"):
            await PublicWeb().get(url)

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
    async def test_by_a_name_that_leads_there(self, address: str) -> None:
        with pytest.raises(WebRefused, match="not on the public internet"):
            await PublicWeb(lookup=resolving(address)).get("https://pictures.example/x.png")

    async def test_one_private_address_among_public_ones_is_enough(self) -> None:
        def lookup(host: str, port: int) -> object:
            return [*resolving("93.184.216.34")(host, port), *resolving("127.0.0.1")(host, port)]  # type: ignore[misc]

        with pytest.raises(WebRefused, match="not on the public internet"):
            await PublicWeb(lookup=lookup).get("https://pictures.example/x.png")

    async def test_a_redirect_to_one(self) -> None:
        async with FaultServer(leads_to("https://127.0.0.1/x.png")) as server:
            with pytest.raises(WebRefused, match="not on the public internet"):
                await web_of(server).get(f"{origin(server)}/x.png")
        assert len(server.requests) == 1

    async def test_a_redirect_to_another_place_on_this_machine(self) -> None:
        async with FaultServer(sends(files.image())) as inner:
            async with FaultServer(leads_to(f"{origin(inner)}/x.png")) as server:
                with pytest.raises(WebRefused, match="Only https"):
                    await web_of(server).get(f"{origin(server)}/x.png")
            assert inner.requests == []

    async def test_a_name_that_answers_differently_the_second_time(self, tls: Path) -> None:
        """DNS rebinding: what was checked is what is connected to, so the second answer is checked as well."""
        async with FaultServer(leads_to("/again"), tls=server_context(tls)) as server:
            port = server.url.rpartition(":")[2].removesuffix("/v1")
            calls: list[str] = []

            def allowed(address: str) -> bool:
                calls.append(address)
                return address == "127.0.0.1"

            web = PublicWeb(lookup=resolving("127.0.0.1", "::1"), allowed=allowed, context=trusting(tls))
            with pytest.raises(WebRefused, match="not on the public internet"):
                await web.get(f"https://api.example.test:{port}/x.png")
        assert calls == ["127.0.0.1", "::1"]
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "url", ["http://a.example/x.png", "file:///etc/passwd", "ftp://a.example/x", "https://u:p@a.example/"]
    )
    async def test_https_alone(self, url: str) -> None:
        with pytest.raises(WebRefused, match="Only https"):
            await PublicWeb(lookup=resolving("93.184.216.34")).get(url)

    def test_what_is_public(self) -> None:
        assert is_public("93.184.216.34") and is_public("2606:2800:220:1::1")
        assert not is_public("nonsense")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for api.example.test."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    names = ("-subj", "/CN=x", "-addext", "subjectAltName=DNS:api.example.test")
    output = ("-keyout", str(folder / "key"), "-out", str(folder / "pem"))
    command = (openssl, "req", "-newkey", "rsa:2048", "-nodes", "-x509", "-days", "2", *names, *output)
    subprocess.run(command, check=True, capture_output=True)
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "pem", folder / "key")
    return context


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "pem"))


class TestTls:
    async def test_over_https(self, tls: Path) -> None:
        async with FaultServer(sends(files.image()), tls=server_context(tls)) as server:
            port = server.url.rpartition(":")[2].removesuffix("/v1")
            web = PublicWeb(lookup=resolving("127.0.0.1"), allowed=lambda _: True, context=trusting(tls))
            taken = await taking.take(Media("image", f"https://api.example.test:{port}/x.png"), web)
        assert taken.data == files.image()

    async def test_a_certificate_of_nobody_is_refused(self, tls: Path) -> None:
        async with FaultServer(sends(files.image()), tls=server_context(tls)) as server:
            port = server.url.rpartition(":")[2].removesuffix("/v1")
            web = PublicWeb(lookup=resolving("127.0.0.1"), allowed=lambda _: True)
            with pytest.raises(WebRefused, match="certificate is not valid"):
                await web.get(f"https://api.example.test:{port}/x.png")


class TestSaving:
    taken = taking.checked(Media("image", alt="Hills.png"), files.image())

    def test_beside_what_is_there_and_for_its_owner_alone(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            paths = [taking.save(self.taken, str(tmp_path), "hills") for _ in range(3)]
        finally:
            os.umask(before)
        assert [path.name for path in paths] == ["hills.png", "hills-2.png", "hills-3.png"]
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
        assert paths[0].read_bytes() == files.image()

    def test_a_link_that_lies_in_wait_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "hills.png").symlink_to(tmp_path / "elsewhere")
        assert taking.save(self.taken, str(tmp_path), "hills").name == "hills-2.png"
        assert not (tmp_path / "elsewhere").exists()

    def test_a_folder_that_is_not_there_is_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert taking.save(self.taken, "~/a/b", "x") == tmp_path / "a" / "b" / "x.png"

    def test_what_cannot_be_written_is_told_and_leaves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(MediaRefused, match="cannot be written to"):
            taking.save(self.taken, str(tmp_path / "file" / "below"), "x")
        with pytest.raises(MediaRefused, match="cannot be written to"):
            taking.save(self.taken, str(tmp_path / "file"), "x")

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path: Path) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        large = taking.Taken(self.taken.media, self.taken.data + bytes(2_000_000))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            with pytest.raises(MediaRefused, match="cannot be written to"):
                taking.save(large, str(tmp_path), "x")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("alt", "prompt", "stem"),
        [("Hills at dusk.png", "", "hills-at-dusk"), ("", "Draw a cat!", "draw-a-cat"),
         ("../../etc/passwd", "", "etc-passwd"),
         ("", "", "image"), ("..", "---", "image"), ("\x1b]0;x\x07", "", "0-x"), ("-rf", "", "rf"), ("Мир", "", "мир"),
         ("x" * 200, "", "x" * 60), (".hidden", "", "hidden"), ("a\nb", "", "a-b")],
    )  # fmt: skip
    def test_names(self, alt: str, prompt: str, stem: str) -> None:
        assert taking.stem_of(Media("image", alt=alt), prompt) == stem

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=200), st.text(max_size=200))
    def test_any_name_stays_in_its_folder(self, alt: str, prompt: str) -> None:
        stem = taking.stem_of(Media("image", alt=alt), prompt)
        assert stem and "/" not in stem and not stem.startswith((".", "-")) and len(stem) <= 180
        assert "\x00" not in stem and stem.isprintable()


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_an_image_in_half_cells(self, kind: str) -> None:
        made = pictures.picture(files.image(kind, (320, 160)), 40, 20)
        assert made is not None and (made.width, made.height) == (40, 10)
        upper, lower = made.rows[0][0]
        assert all(abs((colour >> 16) - 0xC8) < 9 for colour in (upper, lower))

    def test_shapes(self) -> None:
        assert fitted((1000, 1000), 40, 20) == (40, 20)
        assert fitted((4000, 100), 40, 20) == (40, 1)
        assert fitted((100, 4000), 40, 20) == (1, 20)
        assert fitted((10, 10), 40, 20) == (10, 5)
        assert fitted((0, 0), 40, 20) == (1, 1)

    def test_what_is_transparent_shows_the_page(self) -> None:
        import io

        from PIL import Image

        for mode in ("RGBA", "LA", "P"):
            buffer = io.BytesIO()
            image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
            image.convert(mode).save(buffer, "PNG", **({"transparency": 0} if mode == "P" else {}))
            made = pictures.picture(buffer.getvalue(), 10, 5, 0x112233)
            assert made is not None and made.rows[0][0] == (0x112233, 0x112233), mode

    @pytest.mark.parametrize(
        "data",
        [b"", b"words", files.PDF, files.bomb(), files.image("PNG")[:60], files.image("JPEG")[:200], files.HEIC,
         files.MP4, files.image("PNG")[:40] + bytes(200), b"GIF89a\x10\x00\x10\x00", b"II*\x00" + bytes(99)],
    )  # fmt: skip
    def test_what_cannot_be_drawn(self, data: bytes) -> None:
        pictures.picture(data, 40, 20)

    def test_a_bomb_costs_nothing(self) -> None:
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert pictures.picture(files.bomb(), 40, 20) is None
        assert time.perf_counter() - start < 0.2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 400), st.binary(max_size=20))
    def test_damaged_files_never_raise(self, kind: str, place: int, junk: bytes) -> None:
        data = files.image(kind)
        pictures.picture(data[:place] + junk + data[place + len(junk) :], 20, 10)
