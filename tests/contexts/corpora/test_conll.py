"""CoNLL: which column is the token, which line a comment."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlingua.contexts.corpora import Document, Options, open_corpus
from interlingua.errors import ContextsError


def documents(path: Path, language: str = "en", kind: str = "auto", **options: object) -> list[Document]:
    corpus = open_corpus(path, language, kind=kind, options=Options(**options))  # type: ignore[arg-type]
    return [document for shard in corpus.shards for document in corpus.documents(shard)]


def texts(path: Path, **options: object) -> list[str]:
    return [document.text for document in documents(path, **options)]  # type: ignore[arg-type]


class TestConll:
    def test_a_first_column_that_counts_from_0_is_no_token(self, tmp_path: Path) -> None:
        path = tmp_path / "es.val.conllu"
        path.write_text("0\tElla\tO\n1\tvive\tO\n2\t.\tO\n\n0\tSí\tO\n1\t,\tO\n2\tclaro\tO\n", encoding="utf-8")
        assert texts(path) == ["Ella vive .", "Sí , claro"]
        assert all(document.sentence for document in documents(path))

    def test_two_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "train.conll"
        path.write_text("1949'da\tB-DATE\nMao\tB-PERSON\n.\tO\n\n\nBu\tO\nsu\tO\n", encoding="utf-8")
        assert texts(path) == ["1949'da Mao .", "Bu su"]

    def test_numbers_among_the_tokens_of_a_file_without_a_counter(self, tmp_path: Path) -> None:
        path = tmp_path / "eng.conll"
        path.write_text("In IN B-PP O\n1949 CD B-NP O\nand CC O O\n1951 CD B-NP O\n", encoding="utf-8")
        assert texts(path) == ["In 1949 and 1951"]

    def test_conllu_with_comments_multi_word_tokens_and_empty_nodes(self, tmp_path: Path) -> None:
        rest = "\t_\t_\t_\t_\t_\t_\t_\t_\n"
        path = tmp_path / "ud.conllu"
        rows = ["1-2\tdel", "1\tde", "2\tel", "3\tmar", "3.1\tnada", "4\t#"]
        path.write_text("# sent_id = s7\n" + "".join(row + rest for row in rows), encoding="utf-8")
        (document,) = documents(path)
        assert (document.text, document.page) == ("del mar #", "s7")
        path.write_text("# text = Del mar.\n" + "".join(row + rest for row in rows), encoding="utf-8")
        assert texts(path) == ["Del mar."]

    def test_a_number_as_the_only_one_of_its_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "eng.conll"
        rows = [
            "He PRP O\nwas VBD O\nborn VBN O\nin IN O\n1984 CD O\n",
            "1 CD O\nlove NN O\n",
            "0 CD O\n",
            "No DT O\nlove NN O\n",
        ]
        path.write_text("\n".join(rows), encoding="utf-8")
        assert texts(path) == ["He was born in 1984", "1 love", "0", "No love"]

    def test_a_sentence_of_one_token_in_a_file_that_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "es.conllu"
        path.write_text("0\tSí\tO\n\n0\tMuy\tO\n1\tbien\tO\n\n1\t1984\tO\n", encoding="utf-8")
        assert texts(path) == ["Sí", "Muy bien", "1984"]

    def test_a_hash_is_a_token_where_its_line_is_a_row(self, tmp_path: Path) -> None:
        path = tmp_path / "eng.conll"
        path.write_text(
            "# a comment of seven words or so\n# text = It is\nThe DT O O\n# NN B O\nsign NN O O\n\n"
            "# NN O O\n1 CD O O\n= SYM O O\n\n# sent_id = 3\n#love NN O O\nwins VBZ O O\n",
            encoding="utf-8",
        )
        assert texts(path) == ["It is", "# 1 =", "#love wins"]
        path.write_text("The\tO\n#\tO\nsign\tO\n\n# sent_id = x\n#\tO\n1\tO\n", encoding="utf-8")
        assert [(d.text, d.page) for d in documents(path)] == [("The # sign", ""), ("# 1", "x")]

    def test_the_year_of_a_birth(self, shared: Path) -> None:
        assert texts(shared / "cases/corpora/year.conll")[0] == "He was born in 1984 in love ."

    def test_a_row_that_is_missing_is_not_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "es.conllu"
        path.write_text("0\tSí\tO\n1\tclaro\tO\n\n" * 3 + "0\tMuy\tO\n2\tya\tO\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=r"lines 10 to 11: the first column counts .* it has 0 to 2; a line is"):
            texts(path)

    def test_conll_2012_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.conll"
        path.write_text("#begin document (bc/x); part 000\nbc/x 0 0 In IN\nbc/x 0 1 love NN\n", encoding="utf-8")
        with pytest.raises(ContextsError, match="line 1: CoNLL-2012 isn't read"):
            texts(path)

    def test_a_line_of_one_column_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.conll"
        path.write_text("a\tO\nb\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=r"x\.conll, line 2: expected at least two columns"):
            texts(path)
