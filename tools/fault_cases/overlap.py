"""Public functions of the statistics."""

from __future__ import annotations

from fault_cases.case import fault
from fault_cases.tool import Tool


@fault(
    "B25 mixed models",
    "The mixed models' draws take minutes on one core, though there are 24 orders of four languages.",
)
def mixed(tool: Tool) -> str:
    """Two models, two variables, four languages; the table of another question of the study names no phase."""
    outcome = tool.python(
        """
import time
import numpy as np, pandas as pd
rng = np.random.default_rng(3)
points = pd.DataFrame([
    {"model": model, "variable": variable, "language": language, "mpo": rng.uniform(1, 2), "r": rng.uniform(.3, .7)}
    for model in ("one", "two") for variable in ("valence", "arousal") for language in ("en", "es", "de", "fr")
])
il.alignment_models(points, draws=20, seed=1)
begun = time.process_time()
table = il.alignment_models(points, draws=400, seed=1)
show([time.process_time() - begun, " ".join(table["note"])])
""",
        seconds=120,
    )
    if wrong := outcome.failed():
        return wrong
    seconds, note = outcome.value
    if seconds > 2:
        return f"400 draws take {seconds:.0f} s of a processor (2,000: {5 * seconds:.0f} s), for 24 orders"
    return "" if "24" in note else f"the note does not say how few orders there are: {note}"


@fault(
    "C22 names with blanks", '`il.overlap` refuses names with blanks as those of "sets", and shows none that is right.'
)
def blanks(tool: Tool) -> str:
    """The refusal must name the language, and a name as it should be."""
    outcome = tool.python('il.overlap({"Old Norse": [1, 2], "Irish": [2, 3]}, 768, seed=1)')
    return outcome.refused("Old Norse", "language", "such as")
