"""The table of contexts: checks, counting, hash, joining, Parquet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlingua.contexts import Contexts, check_contexts, concat, contexts_hash, duplicates
from interlingua.contexts.table import COLUMNS, issue_table
from interlingua.errors import ContextsError

Make = Callable[..., Contexts]


def test_a_good_table_passes_with_its_columns_in_order(make: Make) -> None:
    table = make().table
    shuffled = table[[*reversed(table.columns)]]
    checked = check_contexts(shuffled)
    assert tuple(checked.columns) == (*COLUMNS, "valence")
    pd.testing.assert_frame_equal(checked, table)


def test_the_index_is_renumbered(make: Make) -> None:
    table = make().table
    checked = check_contexts(table[table["word"] == "word03"])
    assert list(checked.index) == [0, 1, 2]


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("text", 4, "", r"row 4 \(language en, word 'word01'\): 'text' must be a text that is not empty"),
        ("word", 2, None, "'word' must be a text"),
        ("split", 5, "dev", "'split' must be one of train, test, unseen"),
        ("context_id", 5, "en-00000-00", "row 5 .*this context_id has come before"),
        ("start", 1, -1, "row 1 .*0 <= start < end <= length"),
        ("end", 1, 99, "row 1 .*0 <= start < end <= length"),
        ("end", 1, 8, "row 1 .*0 <= start < end <= length"),
        ("split", 0, "test", "rows of one word must be in one split"),
        ("word", 4, "word00", "rows of this word must stand together"),
        ("language", 4, "es", "rows of this language must stand together"),
        ("valence", 3, np.inf, "'valence' must be finite"),
    ],
)
def test_names_the_row_that_breaks_a_rule(make: Make, column: str, row: int, value: object, message: str) -> None:
    table = make().table
    table.loc[row, column] = value
    with pytest.raises(ContextsError, match=f"(?s)mine.parquet, .*{message}"):
        check_contexts(table, where="mine.parquet")


def test_refuses_offsets_that_mark_only_blanks(make: Make) -> None:
    table = make().table.assign(start=4, end=5)
    with pytest.raises(ContextsError, match=r"text\[start:end\] is blank; 30 such row"):
        check_contexts(table)


def test_refuses_offsets_that_are_not_whole(make: Make) -> None:
    table = make().table.assign(start=8.5)
    with pytest.raises(ContextsError, match="'start' must be a whole number"):
        check_contexts(table)


def test_refuses_ratings_that_are_not_numbers(make: Make) -> None:
    table = make().table.assign(arousal="high")
    with pytest.raises(ContextsError, match="column 'arousal' must hold ratings as numbers"):
        check_contexts(table)


def test_suggests_the_column_that_is_meant(make: Make) -> None:
    table = make().table.rename(columns={"language": "langage"})
    with pytest.raises(ContextsError, match=r"no column 'language' \(did you mean 'langage'\?\)"):
        check_contexts(table)


def test_refuses_an_empty_table(make: Make) -> None:
    with pytest.raises(ContextsError, match="no sentences"):
        check_contexts(make().table.iloc[:0])


def test_a_word_may_be_in_train_in_one_language_and_in_test_in_another(make: Make) -> None:
    both = concat([make(language="en"), make(language="nl", split="test")])
    assert both.languages == ("en", "nl")


def test_duplicates_are_counted_by_language(make: Make) -> None:
    english = make(4, 3, split=["train"] * 6 + ["test"] * 6)
    table = english.table
    table.loc[1, "text"] = table.loc[0, "text"]
    table.loc[2, "text"] = table.loc[0, "text"]
    shared = "word00 and word02"
    for row, start in ((3, 0), (6, 11), (9, 0)):
        table.loc[row, ["text", "start", "end"]] = [shared, start, start + 6]
    both = concat([Contexts(table, english.issues), make(2, 2, language="nl")])
    found = duplicates(both.table).set_index(["language", "kind"])["count"].to_dict()
    # Two rows repeat row 0; one sentence stands in train (row 3) and, twice, in test.
    assert found == {("en", "duplicate sentence"): 2, ("en", "sentence in train and test"): 1}


def test_hash_depends_on_what_activations_depend_on_and_nothing_else(make: Make) -> None:
    table = make().table
    digest = contexts_hash(table)
    assert len(digest) == 64
    same = table.assign(split="unseen", valence=0.5, arousal=1.0, source="elsewhere", word="x")
    assert contexts_hash(same) == digest
    for column, value in (("context_id", "en-9"), ("text", "another word00 here"), ("start", 7), ("end", 13)):
        other = table.copy()
        other.loc[0, column] = value
        assert contexts_hash(other) != digest, column
    assert contexts_hash(table.iloc[::-1]) != digest


def test_hash_does_not_hang_on_integer_or_string_types(make: Make) -> None:
    table = make().table
    other = table.astype({"start": np.int32, "text": object})
    assert contexts_hash(other) == contexts_hash(table)


def test_concat_keeps_order_and_marks_what_is_not_rated(make: Make) -> None:
    english = make(3, 2)
    polish = make(3, 2, language="pl")
    polish = Contexts(polish.table.rename(columns={"valence": "arousal"}), issue_table([("pl", "a", 1, "b")]))
    both = concat([polish, english])
    assert both.languages == ("pl", "en")
    assert both.variables == ("arousal", "valence")
    assert both.table["valence"].isna().tolist() == [True] * 6 + [False] * 6
    assert both.table["valence"].dtype == np.float64
    assert list(both.table.index) == list(range(12))
    assert both.issues["kind"].tolist() == ["a"]


def test_concat_refuses_one_language_twice(make: Make) -> None:
    with pytest.raises(ContextsError, match="context_id has come before"):
        concat([make(), make()])
    with pytest.raises(ContextsError, match="no contexts"):
        concat([])


def test_parquet_gives_back_table_and_issues(make: Make, tmp_path: Path) -> None:
    contexts = make(arousal=np.nan)
    contexts.table.loc[0, ["text", "start", "end"]] = ["a\u2028b \U0001f600 ça\u0301 — “word00”", 11, 17]
    contexts = Contexts(contexts.table, issue_table([("en", "repaired target", 3, "détail")]))
    contexts.write(tmp_path / "contexts.parquet")
    back = Contexts.read(tmp_path / "contexts.parquet")
    pd.testing.assert_frame_equal(back.table, contexts.table)
    pd.testing.assert_frame_equal(back.issues, contexts.issues)
    assert contexts_hash(back.table) == contexts_hash(contexts.table)
    assert [path.name for path in tmp_path.iterdir()] == ["contexts.parquet"]


def test_writing_twice_gives_the_same_bytes(make: Make, tmp_path: Path) -> None:
    make().write(tmp_path / "a")
    make().write(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_reading_something_else_says_so(tmp_path: Path) -> None:
    with pytest.raises(ContextsError, match=r"nothing.parquet: can't be read as a Parquet table"):
        Contexts.read(tmp_path / "nothing.parquet")
    (tmp_path / "text.parquet").write_text("word,valence\n")
    with pytest.raises(ContextsError, match=r"text.parquet: can't be read as a Parquet table"):
        Contexts.read(tmp_path / "text.parquet")
    pd.DataFrame({"word": ["a"]}).to_parquet(tmp_path / "norms.parquet")
    with pytest.raises(ContextsError, match=r"norms.parquet: no column 'context_id'"):
        Contexts.read(tmp_path / "norms.parquet")


class TestDamage:
    """Files of contexts that were written whole and are not any more."""

    def damage(self, contexts: Contexts, path: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
        contexts.write(path)
        pq.write_table(change(pq.read_table(path)), path)
        return path

    @pytest.mark.parametrize("issues", [b"{", b"[1]", b'{"kind": []}', b'{"language": "x", "kind": 1}', b"\xff"])
    def test_issues(self, make: Make, tmp_path: Path, issues: bytes) -> None:
        def change(table: pa.Table) -> pa.Table:
            return table.replace_schema_metadata({**table.schema.metadata, b"interlingua.issues": issues})

        with pytest.raises(ContextsError, match=r"c\.parquet: the file is damaged \("):
            Contexts.read(self.damage(make(), tmp_path / "c.parquet", change))

    def test_what_pandas_says_of_the_columns(self, make: Make, tmp_path: Path) -> None:
        def change(table: pa.Table) -> pa.Table:
            return table.replace_schema_metadata({**table.schema.metadata, b"pandas": b"{"})

        with pytest.raises(ContextsError, match=r"c\.parquet: the file is damaged \("):
            Contexts.read(self.damage(make(), tmp_path / "c.parquet", change))

    @pytest.mark.parametrize("column", ["text", "source"])
    def test_cells_that_are_not_utf_8(self, make: Make, tmp_path: Path, column: str) -> None:
        def change(table: pa.Table) -> pa.Table:
            raw = pa.array([b"caf\xe9 word00 word01"] * len(table), pa.binary())
            cells = pa.Array.from_buffers(pa.string(), len(table), raw.buffers())
            return table.set_column(table.column_names.index(column), column, cells)

        with pytest.raises(
            ContextsError, match=rf"column '{column}' is damaged \(.*Invalid UTF8 sequence at string index 0"
        ):
            Contexts.read(self.damage(make(), tmp_path / "c.parquet", change))

    def test_a_flipped_bit(self, make: Make, tmp_path: Path) -> None:
        path = tmp_path / "c.parquet"
        make().write(path)
        content = path.read_bytes()
        assert content.count(b"made up") > 0
        path.write_bytes(content.replace(b"made up", b"made un", 1))
        with pytest.raises(ContextsError, match="can't be read as a Parquet table of contexts"):
            Contexts.read(path)

    @pytest.mark.parametrize("keep", [0, 3, 400, -1])
    def test_a_file_that_breaks_off(self, make: Make, tmp_path: Path, keep: int) -> None:
        path = tmp_path / "c.parquet"
        make().write(path)
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(ContextsError, match=r"c\.parquet: can't be read as a Parquet table"):
            Contexts.read(path)

    def test_a_case_of_a_hostile_week(self, shared: Path) -> None:
        with pytest.raises(ContextsError, match="the file is damaged"):
            Contexts.read(shared / "cases/broken/ctxparquet-1ecf0f19-cp.parquet")


def test_a_small_file_that_takes_very_much_memory(tmp_path: Path) -> None:
    """A text of a megabyte that stands in the file once, and is the cell of three thousand rows."""
    path = tmp_path / "a.parquet"
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 3000), ["x" * 2**20])
    pq.write_table(pa.table({"text": texts}), path, store_schema=False)
    assert path.stat().st_size < 10 * 2**20
    with pytest.raises(ContextsError, match=r"a\.parquet: more than 1,000 MB in memory.*most_megabytes=4000"):
        Contexts.read(path, most_megabytes=1000)
