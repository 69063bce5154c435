"""Make the pictures of the report and the atlas in docs/images from a run of the built-in study.

python docs/make_pictures.py RESULTS    RESULTS: what `interlingua demo --output RESULTS` wrote

Needs Chromium and its driver (Debian: chromium, chromium-driver), selenium and Pillow, and fonts for Chinese,
Korean and Arabic where these are to be seen.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

IMAGES = Path(__file__).parent / "images"
#: Done once the view is drawn, and its charts too.
DRAWN = """
const [view, selector, done] = arguments;
const look = () => {
  const main = document.getElementById("main");
  const ready = main && main.dataset.view === view && !main.ariaBusy && document.querySelector(selector);
  setTimeout(ready ? done : look, ready ? 400 : 10);
};
look();
"""


def make(results: Path) -> None:
    """Photograph the first screen of the report, and every view of the atlas."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(argument)
        options.binary_location = "/usr/bin/chromium"
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            _photograph_report(driver, (results / "report.html").resolve().as_uri())
            _photograph_all(driver, (results / "atlas" / "index.html").resolve().as_uri())
        finally:
            driver.quit()


def _photograph_report(driver: Any, url: str) -> None:
    size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(url)
    _save(driver.get_screenshot_as_base64(), "report-first")


def _photograph_all(driver: Any, url: str) -> None:
    photograph(driver, url, "#overview", "overview", "#figure-pairs svg", "atlas-overview", height=1940)
    cell = driver.execute_script("return Atlas.index.cells[0]")
    unit = cell["first_unit"]
    photograph(driver, url, "#units", "units", ".tabulator-row", "atlas-units", height=1000)
    photograph(driver, url, f"#unit/{unit}", "unit", "section.language svg circle", "atlas-unit", height=1500)
    photograph(
        driver, url, f"#unit/{unit}", "unit", "section.language svg circle", "atlas-phone", width=390, height=1400
    )
    other = driver.execute_script("return document.querySelector('.neighbours a').textContent")
    photograph(
        driver, url, f"#unit/{unit}?with={other}", "unit", "section.language svg circle", "atlas-compare", height=1250,
        dark=True,
    )  # fmt: skip
    rtl = driver.execute_script("return Atlas.index.languages.find((language) => language.rtl)?.code")
    code = rtl or cell["languages"][-1]
    links = f"section[data-language={code}] .words a"
    word = driver.execute_script("return document.querySelector(arguments[0]).getAttribute('href')", links)
    photograph(driver, url, word, "word", "#figure-word svg", "atlas-word", height=1240)


def photograph(
    driver: Any,
    url: str,
    address: str,
    view: str,
    selector: str,
    name: str,
    *,
    width: int = 1280,
    height: int,
    dark: bool = False,
) -> None:
    """Save what a window of this size shows."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    driver.get("about:blank")
    driver.get(url + address)
    driver.execute_async_script(DRAWN, view, selector)
    _save(driver.get_screenshot_as_base64(), name)


def _save(screenshot: str, name: str) -> None:
    picture = Image.open(io.BytesIO(base64.b64decode(screenshot))).convert("RGB")
    IMAGES.mkdir(exist_ok=True)
    picture.quantize(128).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
