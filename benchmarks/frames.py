"""What the number of sentences a word, and the dtype, change in what the built-in study finds.

    python benchmarks/frames.py
    python benchmarks/frames.py --frames 8 --dtypes float32 --folder results/frames

One run of the built-in study each, without its controls and with two rankings; a row for each, with the figures of
README's table. Runs share the cache, so a second time only the rows that are new cost anything.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from interlingua.run.run import run
from interlingua.run.study import load_study

FRAMES = (1, 2, 3, 4, 8)
DTYPES = ("float32", "bfloat16")
#: What README's table does not need.
FEWER = {
    "scrutiny.controls": [],
    "scrutiny.stability": 2,
    "probes.methods": ["ridge", "elastic-net"],
    "units.methods": ["correlation", "elastic-net"],
}


def figures(folder: Path) -> dict[str, str]:
    """Return the figures of README's table from a result folder."""

    def table(name: str, **where: object) -> pd.DataFrame:
        found = pd.read_csv(folder / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])
        for column, value in where.items():
            found = found[found[column] == value]
        return found

    probe = table("performance_of_layer").iloc[0]
    much, unlinked = (table("similarity", chosen=True, words=words).iloc[0] for words in ("all", "unlinked"))
    shown = {"layer": str(much["layer"]), "r": f"{probe['mean_r']:.3f}"}
    shown["rho-bar"] = f"{much['rho']:.3f} ({much['rho_low']:.3f}-{much['rho_high']:.3f})"
    shown["unlinked"] = f"{unlinked['rho']:.3f}"
    null = table("null")
    for method, label in (("correlation", "FE"), ("elastic-net", "Eq. 1 FE")):
        rows = null[null["method"] == method].set_index("null")
        fe = [f"{rows.iloc[0]['mean_fe']:.2f}"]
        fe += [
            f"{rows.loc[name, 'null_fe']:.2f} (p {rows.loc[name, 'p_fe']:.3f})" for name in ("permuted", "own codes")
        ]
        shown[label] = ", ".join(fe)
    shown["same sign"] = f"{null.loc[null['method'] == 'correlation', 'same_sign'].iloc[0]:.2f}"
    degrees = table("degrees", method="correlation")
    shown["in all"] = str(int(degrees.loc[degrees["n_languages"].idxmax(), "observed"]))
    grid = table("conjunction")
    grid = grid[(grid["least"] == 0.2) & grid["chosen"]].set_index("at_least")["n_units"]
    shown["|r| > .2 in 2, 4, 6, 8"] = "/".join(str(int(grid[u])) for u in (2, 4, 6, 8) if u in grid)
    zero = table("zero_shot_summary").set_index("n_units")
    shown["zero-shot by 1, 5, 71 (random)"] = ", ".join(
        f"{zero.loc[n, 'mean_r']:.2f} ({zero.loc[n, 'random_r']:.2f})" for n in (1, 5, 71) if n in zero.index
    )
    unseen = table("transfer_summary", method="correlation")
    shown["unseen"] = "; ".join(
        f"{row['language']}: {row['n_replicated']} of {row['n_units']}, p {row['p_replicated']:.3f}"
        for _, row in unseen.iterrows()
    )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=FRAMES)
    parser.add_argument("--dtypes", nargs="+", default=DTYPES)
    parser.add_argument("--folder", type=Path, help="where to leave the result folders (default: nowhere)")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as spare:
        for dtype in arguments.dtypes:
            for frames in arguments.frames:
                folder = (arguments.folder or Path(spare)) / f"{dtype}-{frames}"
                settings = {"sampling.sentences": frames, "extraction.dtype": dtype, **FEWER}
                begun = time.monotonic()
                run(load_study("demo", overrides=settings), output=folder, show_progress=False)
                rows.append({"dtype": dtype, "frames": frames, **figures(folder)})
                print(f"{rows[-1]}, {time.monotonic() - begun:.0f} s", flush=True)
    print(pd.DataFrame(rows).set_index(["dtype", "frames"]).T.to_markdown())


if __name__ == "__main__":
    main()
