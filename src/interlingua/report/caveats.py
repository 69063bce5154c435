"""What a careful reader would hold against each result, said beside it.

The simulated and measured figures come from the project's own checks of the method (see ``docs/method.md``).
"""

from __future__ import annotations

from collections.abc import Mapping

#: By the section of the report that they touch.
CAVEATS: Mapping[str, tuple[str, ...]] = {
    "performance": (
        "Sentences of one word share its rating: the number of independent observations is the number of test words, "
        "not of sentences. The intervals here resample words.",
        "Inflected forms of one lemma can stand on both sides of the split; r is then somewhat too high.",
    ),
    "layers": (
        "A layer chosen by the r on the test words (as in the paper) makes that r look better than it is. The default "
        "of a new study chooses by cross-validation on the training words.",
        "The paper's curve zeroes the other layers of one whole-network probe; its weights were fitted together, so a "
        "low value does not mean that the layer knows little. The probe of a layer alone answers that question.",
        "Languages already share units at layer 0, where nothing has been composed yet: shared sub-words and names "
        "are enough for some overlap.",
    ),
    "sharing": (
        "The super exact test takes every unit to be equally likely to be in a set. Some units win in any probe (large "
        "variance, outliers). The permuted-ratings null refits the probes on shuffled words and is the fair rival: "
        "compare with its fold enrichment, not with 1.",
        "Permuted ratings are encoded nowhere. Languages that do encode a rating, but each in a way of its own, may share "
        "units because units go together: 'codes of their own' are ratings that each language encodes as well as the real "
        "one, in a random direction.",
        "The best of many subsets of languages is reported: with 13 languages there are 1,716 sets of seven. Read the "
        "p corrected for the number of subsets of that degree.",
        "Two languages that use a unit with opposite signs do not agree on it. With permuted ratings about half of the "
        "shared units have the same sign; with real ones nearly all should.",
    ),
    "unseen": (
        "The sentences of a word share its rating. Ordinary least squares treats them as independent: with a null "
        "predictor that is half word-level it rejects at .05 in 47 % of runs, word-clustered errors in 5.1 % "
        "(simulation with 123 words of 15 sentences).",
        "Most units of a layer 'predict' the rating a little. What counts is the percentile of the unit among all units "
        "of its layer.",
    ),
    "audit": (
        "A low held-out r can also mean that the model does not know the language. A second norm on the same words tells "
        "the two apart: two tables of valence in one language agree with r of .86 to .99, whatever the country or decade.",
    ),
    "scrutiny": (
        "Any hundred units of a layer together predict a rating: compare with random sets of the same size, not with 0.",
        "A control is one model, or one draw of random weights. One that can't read a script (builtin:minilm-en reads hardly "
        "any Chinese) shares less for that reason too.",
        "Frequency comes from wordfreq, which counts forms, not lemmas; words that it does not know count as frequency 0.",
    ),
    "alignment": (
        "With two models and two variables as random factors the paper's mixed model is singular in most samples (92 % "
        "of simulated ones), and its degrees of freedom are hardly determined. It stands here as the replication; the "
        "simpler model with a bootstrap and a permutation of languages stands beside it.",
        "The p of the simpler model is that of a permutation of languages: in 2,000 simulations of the paper's shape with no "
        "relation it rejects at .05 in 4.5 to 4.7 %. Satterthwaite's p rejects in 13 to 16 % (the paper's model) and 5.7 to 8.2 % "
        "(the simpler one), the higher figure where languages also differ by variable.",
        "One language can carry the relation. In the authors' public data Chinese does, whose ratings do not "
        "belong to its words (r = .37 with another norm, where other languages have .88 to .95).",
    ),
    "replication": (
        "Where the numbers of languages differ, shares are compared, not counts; what a figure may differ by and still "
        "'agree' stands in the table.",
        "The authors' Figure 4 draws XLM-R's valence r for its arousal points; the models of section 7 are not affected "
        "by the figure.",
    ),
}
