"""The web application in a real browser, end to end in both languages; skipped where there is no Chromium.

`LIVERBOARD_CHROMIUM` names the browser (by default Debian's), `LIVERBOARD_SHOTS` a folder for the screenshots.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liverboard.corpus.knowledge import Knowledge
from liverboard.indexer.build import build_index
from liverboard.ui.session import phrases

CHROMIUM = Path(os.environ.get("LIVERBOARD_CHROMIUM", "/usr/bin/chromium"))
if not CHROMIUM.exists():
    pytest.skip(f"no Chromium at {CHROMIUM}; LIVERBOARD_CHROMIUM names another", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WAIT = 120_000  # milliseconds
REFERRALS = {
    "en": "58-year-old man, HBV cirrhosis, HCC 4.2 cm in S6. <script>document.title = 'executed'</script>",
    "zh": "男性，58岁，乙肝肝硬化，肝细胞癌，S6单发4.2cm。<script>document.title = 'executed'</script>",
}
EMBEDDER = '''
import numpy as np

class Letters:
    name, fingerprint, dimension, english_only = "letters", "0" * 64, 26, True

    def encode(self, texts):
        letters = "abcdefghijklmnopqrstuvwxyz"
        counts = np.array([[t.lower().count(a) + 0.01 for a in letters] for t in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    encode_queries = encode
'''
PAGE = '''
import runpy, sys
sys.path.insert(0, {folder!r})
from letters import Letters
from liverboard.indexer.search import Index
import liverboard.ui.screens.common as common
common._opened = lambda generation: Index.open({index!r}, Letters())
runpy.run_path({app!r})
'''


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[str]:
    """The application, served on this machine from an index whose embedder counts letters."""
    import liverboard.ui

    folder = tmp_path_factory.mktemp("browser")
    (folder / "letters.py").write_text(EMBEDDER)
    made: dict[str, Any] = {}
    exec(EMBEDDER, made)
    build_index(
        folder / "index", knowledge.sources.values(), [], created="2026-01-02", embedder=made["Letters"](),
        knowledge_fingerprint=knowledge.fingerprint,
    )
    app = str(Path(liverboard.ui.__file__).with_name("app.py"))
    page = folder / "page.py"
    page.write_text(PAGE.format(folder=str(folder), index=str(folder / "index"), app=app))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = ["--server.address=localhost", f"--server.port={port}", "--server.headless=true"]
    options += ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    environment = {
        **os.environ, "LIVERBOARD_INDEX": str(folder / "index"), "LIVERBOARD_BOARD": str(folder / "board.sqlite"),
    }
    served = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(page), *options], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://localhost:{port}"
    finally:
        served.terminate()
        served.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as run:
        opened = run.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


def settled(page: Any) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=WAIT)


def choose(page: Any, text: str) -> None:
    page.get_by_test_id("stRadio").get_by_text(text, exact=True).first.click()
    settled(page)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_referral_is_read_answered_and_put_before_the_board(
    address: str, browser: Any, tmp_path: Path, language: Any, width: int
) -> None:
    say = phrases(language).say
    shots = Path(os.environ.get("LIVERBOARD_SHOTS", tmp_path))
    page = browser.new_page(viewport={"width": width, "height": 900})
    outside: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else outside.append(r.url))
    page.goto(address)
    page.wait_for_selector("textarea", timeout=WAIT)
    if language == "zh":
        choose(page, "中文")
    page.locator("textarea").first.fill(REFERRALS[language])
    page.locator("textarea").first.blur()
    settled(page)
    page.get_by_role("button", name=say("patient.read")).click()
    page.get_by_text(say("patient.highlighted"), exact=True).wait_for(timeout=WAIT)
    for screen in ("recommendation", "chat", "board", "audit"):
        settled(page)
        page.screenshot(path=str(shots / f"{language}-{width}-before-{screen}.png"), full_page=True)
        choose(page, say(f"screen.{screen}"))
        assert page.get_by_test_id("stException").count() == 0, screen
        assert page.get_by_text(say("app.footer")).count() == 1, screen
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{screen} is {wide} pixels wider than the window"
    assert page.title() != "executed"
    assert "?" not in page.url
    assert outside == []
    page.close()
