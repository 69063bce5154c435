"""The main part of the report: an answer, four figures, a map of units and chapters, whatever a study lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from interlingua.questions.order import CHAPTERS, TILES, questions
from interlingua.report.results import Results
from interlingua.report.story import ANSWER_WORDS, CHAPTER_WORDS, Story, side_by_side, unit_address
from interlingua.report.style import NARROW, WIDE, darkened, house_style
from interlingua.run.report import told

Let = Callable[[Results], Results]


def words(text: str) -> int:
    return len(text.split())


def change(results: Results, table: str, **columns: object) -> None:
    results._read[table] = results.table(table).assign(**columns)


def without(results: Results, *names: str) -> None:
    for name in names:
        results._read[name] = results.tables[name].empty()


def one_variable(results: Results) -> None:
    results._read["layer_choice"] = results.of("layer_choice", variable="valence")


def nothing_more(results: Results) -> None:
    """Leave the study as it is."""


def no_unseen(results: Results) -> None:
    results.study["unseen"] = []
    results.run["not_asked"] |= {"unseen": "No unseen language."}
    without(results, "transfer", "transfer_summary", "transfer_units", "transfer_own_codes")


def no_ratings_there(results: Results) -> None:
    without(results, "transfer", "transfer_summary", "transfer_units", "transfer_own_codes")


def no_controls(results: Results) -> None:
    results.run["not_asked"] |= {"controls": "Not wanted."}
    without(results, "controls", "controls_summary")


def nothing_in_controls(results: Results) -> None:
    nan = float("nan")
    for name in ("controls", "controls_summary"):
        change(
            results, name, corrected_fe=nan, control_corrected_fe=nan, fe_ratio=nan, fe_ratio_low=nan, fe_ratio_high=nan
        )


def no_draws(results: Results) -> None:
    drawn = (
        "null",
        "null_pairs",
        "null_degrees",
        "null_encoding",
        "similarity_null",
        "pairs_judged",
        "pairs_judged_summary",
    )
    without(results, *drawn)
    no_controls(results)
    change(results, "transfer_summary", own_draws=0)


def nothing_shared(results: Results) -> None:
    change(results, "conjunction_summary", in_two=0, in_all=0, in_most=0)
    change(results, "conjunction_units", carried_by=0)
    without(results, "conjunction_r", "zero_shot", "zero_shot_summary")
    change(results, "transfer_summary", n_units=0)


def unsteady(results: Results) -> None:
    nan = float("nan")
    change(results, "similarity", rho=nan, rho_low=nan, rho_high=nan, rho_lower=nan)
    change(results, "similarity_languages", ceiling=-0.1)


def no_similarity(results: Results) -> None:
    tables = ("similarity", "similarity_null", "similarity_pairs", "similarity_languages", "conjunction_summary")
    without(results, *tables, "conjunction_units", "conjunction_r", "conjunction")
    results.run["not_asked"] |= {"similarity": "One language.", "conjunction": "One language."}


def two_languages(results: Results) -> None:
    nan = float("nan")
    change(results, "similarity", n_languages=2, rho_low=nan, rho_high=nan, rho_lower=nan)
    change(results, "conjunction_summary", n_languages=2, most=2)
    change(results, "controls_summary", fe_ratio_low=nan, fe_ratio_high=nan, n_languages=2)
    results.run["not_asked"] |= {"left_out": "Two languages."}
    without(results, "leave_one_out", "leave_one_out_summary", "zero_shot", "zero_shot_summary")


def unknown(results: Results) -> None:
    nan = float("nan")
    change(results, "performance_of_layer", mean_r=nan, mean_low=nan, mean_high=nan)


def many_unseen(results: Results) -> None:
    rows = results.table("transfer_summary").assign(own_draws=200)
    codes = ["de", "fi", "it", "nl", "pl"]
    results._read["transfer_summary"] = pd.concat([rows.assign(language=code) for code in codes], ignore_index=True)
    results.study["unseen"] = codes
    results.names.update(dict.fromkeys(codes[1:], "Another"))


LACKS = [
    nothing_more, no_unseen, no_ratings_there, no_controls, nothing_in_controls, no_draws, nothing_shared, unsteady,
    no_similarity, two_languages, unknown, many_unseen,
]  # fmt: skip


def texts(story: Story) -> Iterator[str]:
    yield from (story.question, story.answer, story.terms)
    for place in story.places:
        yield place.answer
        yield from (text for tile in place.tiles for text in (tile.label, tile.value, tile.sure, tile.head))
        yield from (text for chapter in place.chapters for text in [*chapter.texts, *chapter.not_asked])
        if place.heat is not None:
            yield place.heat.caption


@pytest.mark.parametrize("single", [True, False], ids=["one variable", "two variables"])
@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.__name__)
def test_a_study_may_lack_any_part(
    results: Results, let_share: Let, lack: Callable[[Results], None], single: bool
) -> None:
    if single:
        one_variable(results)
        let_share(results)
    lack(results)
    story = told(results).story
    assert len(story.places) == (1 if single else 2)
    for text in texts(story):
        assert text.strip()
        assert "nan" not in text.replace("Another", "").lower(), text
        assert not text.startswith((";", ",", "."))
    assert words(story.answer) <= ANSWER_WORDS, story.answer
    columns = [[tile.label for tile in place.tiles] for place in story.places]
    assert all(labels == columns[0] for labels in columns)
    assert len(columns[0]) <= 4
    for place in story.places:
        assert 4 < words(place.answer) <= ANSWER_WORDS, place.answer
        assert [chapter.chapter for chapter in place.chapters] == [
            chapter for chapter in CHAPTERS if chapter in [told.chapter for told in place.chapters]
        ]
        for chapter in place.chapters:
            assert words(" ".join(chapter.texts)) <= CHAPTER_WORDS, chapter.texts
            assert chapter.texts or chapter.not_asked
            if chapter.panels:
                with house_style():
                    figure, caption = side_by_side(chapter.panels)
                    assert words(caption) <= 45
                    assert figure.get_figwidth() == pytest.approx(NARROW if len(chapter.panels) == 1 else WIDE)
                    plt.close(figure)


def test_a_flagged_language_is_named_where_it_is_asked_how_firm_it_is(flagged: Results) -> None:
    for place in told(flagged).story.places:
        said = {chapter.chapter.key: " ".join(chapter.texts) for chapter in place.chapters}
        assert ("The ratings of Spanish don't seem to belong" in said["firm"]) == place.title.endswith("valence")
        assert {key: words(text) for key, text in said.items() if words(text) > CHAPTER_WORDS} == {}, said["firm"]


def test_what_a_question_declares_it_tells() -> None:
    keys = [chapter.key for chapter in CHAPTERS]
    assert len(set(keys)) == len(keys)
    for question in questions():
        show = import_module(question.show)
        assert set(question.chapters) <= set(keys), question.key
        assert bool(question.chapters) == hasattr(show, "brief"), question.key
        assert (question.key in TILES) == hasattr(show, "tile"), question.key
    assert all(any(key in question.chapters for question in questions()) for key in keys)


def test_the_answer_follows_the_tests(results: Results, let_share: Let) -> None:
    one_variable(results)
    let_share(results)
    where = "ρ̄ = 0.80 between 3 languages"
    all_units = f"taking all units together: {where} (95 % interval over languages"
    assert told(results).story.answer.startswith(f"Mostly, {all_units} 0.60 to 0.90; ")
    assert " 21 of " in told(results).story.answer
    assert told(results).story.answer.endswith(" single units carry it in all.")
    change(results, "similarity", rho_low=0.3)
    assert told(results).story.answer.startswith(f"In part, {all_units} 0.30 to 0.90; ")
    change(results, "similarity", ceiling=0.2)
    assert told(results).story.answer.startswith(f"More than by chance: {where} (0: ")
    assert "a ratio of small numbers" in told(results).story.places[0].tiles[0].sure
    change(results, "similarity", rho_low=-0.1)
    assert told(results).story.answer.startswith(f"Not shown: {where} (0: ")
    assert "with an interval over languages that holds 0" in told(results).story.answer
    null = results.table("similarity_null")
    results._read["similarity_null"] = null.assign(p=null["null"].map({"permuted": 0.001, "own codes": 0.2}))
    assert told(results).story.answer.startswith(f"Not shown: {where} (0: ")
    assert "which chance could give" in told(results).story.answer
    without(results, "similarity_null")
    assert told(results).story.answer.startswith(f"Not tested against chance: {where} (0: ")


def test_that_it_is_learnt_is_said_only_where_it_is_shown(results: Results) -> None:
    one_variable(results)

    def learnt() -> str:
        [chapter] = [one for one in told(results).story.places[0].chapters if one.chapter.key == "learnt"]
        return " ".join(chapter.texts)

    change(results, "controls_summary", fe_ratio=1.5, fe_ratio_low=1.1, fe_ratio_high=2.0)
    assert "Sharing is learnt: " in learnt()
    assert "(ratio 1.50, 95 % interval 1.10 to 2.00)" in learnt()
    rows = results.table("controls_summary")
    results._read["controls_summary"] = rows.assign(fe_ratio_low=rows["at"].map({"chosen": 1.1, "same": 0.9}))
    assert "That sharing is learnt is not shown: " in learnt()


def test_places_that_differ_are_told_apart_in_the_answer(results: Results, let_share: Let) -> None:
    let_share(results)
    assert told(results).story.answer == "Mostly, in every row below."
    null = results.table("similarity_null")
    results._read["similarity_null"] = null.assign(p=null["variable"].map({"valence": 0.001, "length": 0.5}))
    assert told(results).story.answer == "Mostly: model · valence; Not shown: model · length."


def test_a_map_has_the_first_units_and_their_addresses(results: Results, let_share: Let) -> None:
    let_share(results)
    place = told(results).story.places[0]
    assert place.heat is not None
    assert [code for code, _ in place.heat.languages] == ["en", "es", "fr"]
    assert len(place.heat.rows) == 10
    assert "that are shown to carry valence in the most languages" in place.heat.caption
    for row in place.heat.rows:
        assert row.values == pytest.approx([0.1, 0.2, 0.3])
        assert row.address == f"atlas/index.html#unit/{row.unit}?model=model&variable=valence"


def test_addresses_stand_for_names_that_need_it() -> None:
    place = {"model": "org/name@1 é", "variable": "a&b"}
    assert unit_address(place, "", 7) == "atlas/index.html#unit/7?model=org%2Fname%401+%C3%A9&variable=a%26b"
    assert unit_address({"model": "m", "variable": "v"}, "mlp", 7).endswith("#unit/7?model=m&site=mlp&variable=v")


def test_figures_for_a_dark_page_have_other_colours_only() -> None:
    svg = '<svg width="1pt"><path style="fill: #ffffff; stroke: #0072B2"/><text fill="#010101">1</text></svg>'
    dark = darkened(svg)
    assert "fill: #15181d; stroke: #62b5e8" in dark
    assert "#010101" in dark
