"""Study files, and studies that lack an optional part."""

from __future__ import annotations

from typing import Any

from fault_cases.case import fault
from fault_cases.material import ratings, study, write
from fault_cases.tool import Tool


def whole(tool: Tool, said: str, *arguments: Any, **options: Any) -> str:
    """Return what is wrong unless a study ends in a whole result folder whose report says something."""
    study(tool.folder, *arguments, **options)
    outcome = tool.cli("run", "study.toml", "--output", "results", "--workers", "1")
    if wrong := outcome.failed():
        return wrong
    report = tool.folder / "results" / "report.html"
    missing = [
        name for name in ("run.json", "study.toml", "tables", "atlas/index.html") if not (report.parent / name).exists()
    ]
    if missing or not report.is_file():
        return f"exit 0 without {(missing or ['report.html'])[0]}"
    return (
        "" if said in " ".join(report.read_text(encoding="utf-8").split()) else "the report does not say what is absent"
    )


@fault(
    "A1 no unseen language",
    "A study without `unseen`, as by default, computes everything and then ends without results.",
)
def no_unseen(tool: Tool) -> str:
    """Two languages."""
    return whole(tool, "names no unseen language", ("en", "es"), ())


@fault("A1 nothing shared", "A study in which no unit is shared ends without results.")
def nothing_shared(tool: Tool) -> str:
    """One unit a language, of random ratings."""
    return whole(tool, "No unit is shared by two languages", changes={"k": 1})


@fault("A1 unseen without ratings", "A study whose unseen language has no ratings ends without results.")
def unrated(tool: Tool) -> str:
    """German sentences whose column of ratings is empty."""
    rows = [f"this is {word} {number},{word}," for number, word in enumerate(["sun", "moon", "star"] * 3)]
    write(tool.folder / "sentences.csv", "text,word,valence", *rows)
    entries = {"de": '{ contexts = "sentences.csv" }'}
    return whole(tool, "German has no ratings of valence", entries=entries)


@fault("B17 brackets", "A study file with 3,000 brackets is a traceback.")
def brackets(tool: Tool) -> str:
    """More than Python's TOML follows."""
    file = study(tool.folder)
    file.write_text(file.read_text(encoding="utf-8").replace("words = 35", "words = " + "[" * 3000), encoding="utf-8")
    return tool.cli("plan", "study.toml").refused(r"study\.toml")


@fault("C22 pydantic", "Words of Pydantic reach the user: `should have at least 2 items after validation`.")
def pydantic(tool: Tool) -> str:
    """A study of one language."""
    study(tool.folder, ("en",), ())
    outcome = tool.cli("plan", "study.toml")
    if "after validation" in outcome.err:
        return f"it says: {outcome.err.strip().splitlines()[-1]}"
    return outcome.refused("language")


@fault("C22 smallest", 'A small norm with `words = "smallest"` is answered with blame for another language.')
def smallest(tool: Tool) -> str:
    """French has four words."""
    study(tool.folder, ("en", "de", "fr"), (), changes={"words": '"smallest"'})
    ratings(tool.folder / "fr.csv", 4)
    return tool.cli("plan", "study.toml").refused(r"\bfr\b")


@fault("C22 variable", "A variable that one language lacks is answered with the wrong key.")
def variable(tool: Tool) -> str:
    """Spanish has no arousal."""
    study(tool.folder, ("en", "es"), ())
    ratings(tool.folder / "en.csv", variables=("valence", "arousal"))
    file = tool.folder / "study.toml"
    text = file.read_text(encoding="utf-8").replace('variables = ["valence"]', 'variables = ["valence", "arousal"]')
    file.write_text(text, encoding="utf-8")
    return tool.cli("plan", "study.toml").refused(r"languages\.es\.variables")
