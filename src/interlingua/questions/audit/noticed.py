"""What the audit says as a whole: who is flagged, and from which share of its words on shuffling would be noticed.

A file of its own, so that it does not depend on the code that reads and compares norms.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from interlingua.study.cell import Cell

#: Languages that it takes for a low r on held-out words to be seen among the others. Of shuffled ratings of the
#: built-in study that is half of the time with four languages, nearly always with five, always with six.
LEAST_LANGUAGES = 4
#: Share of the draws from which on shuffling counts as noticed.
_NOTICED = 0.8


def summary(audit: pd.DataFrame, power: pd.DataFrame, cell: Cell) -> dict[str, pd.DataFrame | None]:
    """Say from which share of its words on each language's shuffling is noticed, and sum the audit up."""
    r = audit.set_index("language")["r_oof"]
    noticed = pd.DataFrame(
        {
            "language": language,
            "r_oof": float(r[str(language)]),
            "draws": int(rows["draws"].iloc[0]),
            "share_noticed": float(rows.loc[rows["detected"] >= _NOTICED, "share"].min()),
        }
        for language, rows in power.groupby("language", sort=False)
    )
    # Not even all words is more than all words.
    order = noticed.assign(share=noticed["share_noticed"].fillna(np.inf)).sort_values(["share", "r_oof"], kind="stable")
    best, worst = order.iloc[0], order.iloc[-1]
    n_other_norm = int((audit["n_shared"] > 0).sum())
    row = {
        "n_languages": len(audit),
        "n_flagged": int(audit["flag"].sum()),
        "n_other_norm": n_other_norm,
        "can_tell": len(audit) >= LEAST_LANGUAGES or n_other_norm > 0,
        "draws": int(noticed["draws"].iloc[0]),
        "best_language": str(best["language"]),
        "best_share": float(best["share_noticed"]),
        "worst_language": str(worst["language"]),
        "worst_share": float(worst["share_noticed"]),
    }
    return {"audit_noticed": cell.stamp(noticed), "audit_summary": cell.stamp(pd.DataFrame([row]))}
