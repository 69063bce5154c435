"""The small study's results, read anew for every test, so that each may change tables as it likes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.questions.order import tables
from interlingua.report.results import Results


@pytest.fixture
def results(small: Any) -> Results:
    return Results.read(small.results, tables())


@pytest.fixture
def flagged(results: Results) -> Results:
    """The same with Spanish flagged and unknown to the model: sharing is shown with it, and less of it without it."""
    read = results._read
    read["audit"] = results.table("audit").assign(flag=results.table("audit")["language"] == "es")
    read["audit_summary"] = results.table("audit_summary").assign(n_flagged=[1, 0])
    read["performance_of_layer"] = results.table("performance_of_layer").assign(unknown="es", n_unknown=1)
    read["null"] = results.table("null").assign(corrected_fe=1.5, p_fe=0.01, p_signed_fe=0.01, p_shared=0.01)
    overlap = results.table("pairs_summary")[list(results.tables["flagged_overlap"].names[:-1])].assign(mean_fe=2.0)
    null = results.table("null")[[name for name in results.tables["flagged_null"].names if name != "languages"]]
    models = results.table("alignment_models").assign(estimate=0.01, p_permutation=0.01)
    for name, frame, without in (
        ("flagged_overlap", overlap, {"mean_fe": 1.75}),
        (
            "flagged_null",
            null,
            {"corrected_fe": 1.25, "p_shared": null["p_shared"].where(null["null"] == "permuted", 0.04)},
        ),
        ("flagged_alignment", models, {"p_permutation": 0.3}),
    ):
        both = [frame.assign(languages="all"), frame.assign(languages="without es", **without)]
        read[name] = results.tables[name].check(pd.concat(both, ignore_index=True))
    return results


@pytest.fixture
def let_share() -> Callable[[Results], Results]:
    """Return what lets a study find what real ones do: units in all languages, and draws enough for a p."""

    def let(results: Results) -> Results:
        read = results._read
        units = results.table("conjunction_units")
        read["conjunction_units"] = units.assign(carried_by=3)
        r = units[["model", "variable", "layer", "unit"]]
        of_languages = [r.assign(language=code, r=0.1 * number) for number, code in enumerate(("en", "es", "fr"), 1)]
        read["conjunction_r"] = pd.concat(of_languages, ignore_index=True)
        for name, values in {
            "conjunction_summary": {"in_two": 300, "in_all": 21, "in_most": 40, "most": 2},
            "transfer_summary": {"own_draws": 200, "p_replicated_holm": 0.01},
            "similarity": {"rho": 0.8, "rho_low": 0.6, "rho_high": 0.9, "ceiling": 0.9, "between": 0.72},
            "similarity_null": {"p": 0.001},
        }.items():
            read[name] = results.table(name).assign(**values)
        return results

    return let


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver_path):
        pytest.skip("needs chromium and chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_path))
    driver.command_executor.client_config.timeout = 240  # scripts may take 180 s, and the connection would end before
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: Any) -> Callable[..., Any]:
    """Return a function that opens a page at a width, in a theme, at an anchor, and forgets what was logged before."""

    def open_page(page: Path, width: int = 1280, *, dark: bool = False, at: str = "") -> Any:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.get("about:blank")
        browser.get(page.as_uri() + at)
        return browser

    return open_page
