"""What `norms look` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlingua.norms.look import Look

#: Columns of a table that are shown, and characters of a cell.
_COLUMNS = 60
_CELL = 24
_ENDS = 5


def described(look: Look) -> str:
    """Return what a table holds, how it is read, its first and extreme words, and the study's line."""
    lines = [f"{look.path}: {look.kind}, {look.rows:,} rows, {len(look.columns)} columns"]
    lines += [f"tables in it: {', '.join(look.members)}"] if len(look.members) > 1 else []
    lines += [f"sheets: {', '.join(look.sheets)}"] if len(look.sheets) > 1 else []
    lines += [f"guessed: {note}" for note in look.notes]
    used = {look.word: "word", **{_place(look, name): name for name in look.variables}}
    lines += ["", f"{'':>4} {'column':<32} {'holds':<24} first cells"]
    for column in look.columns[:_COLUMNS]:
        what = "text" if column.low is None else f"{column.low:g} to {column.high:g}"
        mark = f"  <- {used[column.place]}" if column.place in used else ""
        first = ", ".join(cell[:_CELL] for cell in column.first[:3])
        lines.append(f"{column.place:>4} {column.name or '(no name)':<32} {what:<24} {first}{mark}")
    if len(look.columns) > _COLUMNS:
        lines.append(f"     and {len(look.columns) - _COLUMNS} more")
    lines += [
        "",
        *_read(look),
        *(f'a copy of {name}? then norms = "{name}", file = "{look.path}"' for name in look.cards),
    ]
    lines += [
        "",
        "under [languages] of the study:"
        if look.language
        else "under [languages] of the study (LANGUAGE is its code):",
    ]
    return "\n".join([*lines, look.line()])


def _place(look: Look, variable: str) -> int:
    column = look.variables[variable]
    return next(seen.place for seen in look.columns if column in (seen.place, seen.name))


def _read(look: Look) -> list[str]:
    """Return what the line reads: how many words, the first, and those at either end of each variable."""
    if look.norms is None:
        return [f"not read yet: {look.problem}", ""]
    table = look.norms.table
    lines = [f"the line below reads {len(table):,} words: {', '.join(table['word'].head(_ENDS))}, ..."]
    for name in look.norms.variables:
        rated = table.dropna(subset=name).sort_values(name, kind="stable")
        scale = look.scale(name)
        ends = f"{rated[name].iloc[0]:g} to {rated[name].iloc[-1]:g}{f', on a scale of {scale}?' if scale else ''}"
        lines.append(f"  {name}: {len(rated):,} rated, {ends}")
        for which, words in (("lowest", rated.head(_ENDS)), ("highest", rated.iloc[::-1].head(_ENDS))):
            shown = ", ".join(
                f"{row.word} {row.rating:g}" for row in words.rename(columns={name: "rating"}).itertuples()
            )
            lines.append(f"    {which:<8} {shown}")
    lines += [f"  {issue.kind}: {issue.count:,} ({issue.detail})" for issue in look.norms.issues.itertuples()]
    return [*lines, ""]
