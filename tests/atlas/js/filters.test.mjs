// What the table of units is filtered by, and what is found when it is typed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { page, stateOf, unitRow } from "./page.mjs";

const passes = (query, own = {}) => page.passes(stateOf(`#units?${query}`))(unitRow(own));
const searched = (text) => page.searched(text, page.index.languages);

test("languages are named by code or name, several at once, in any order and letters", () => {
  assert.deepEqual(searched("zh en").languages, [["zh"], ["en"]]);
  assert.deepEqual(searched("EN, Chin").languages, [["en"], ["zh"]]);
  assert.deepEqual(searched("espanol").languages, [["es"]]);
  assert.deepEqual(searched("modern standard arabic zh").languages, [["ar"], ["zh"]]);
  assert.deepEqual(searched("2709 en qq"), {
    languages: [["en"]],
    numbers: ["2709"],
    names: [],
    unknown: ["qq"],
  });
  assert.deepEqual(searched("L7.353 mlp.l7·12").names, ["l7.353", "mlp.l7.12"]);
});

test("a row has all the languages that are asked for, and one of the numbers", () => {
  assert.equal(passes("search=zh+en"), true);
  assert.equal(passes("search=zh+es"), false);
  assert.equal(passes("search=5"), true);
  assert.equal(passes("search=en+7"), false);
  assert.equal(passes("search=qq"), false);
  for (const there of ["L1", "L1.1", "L1.1 en"]) assert.equal(passes(`search=${there}`), true);
  for (const elsewhere of ["L2", "L1.2", "mlp.L1.1", "L1.1 es"]) assert.equal(passes(`search=${elsewhere}`), false);
});

test("languages in number and agreement of signs", () => {
  assert.equal(passes("least=2"), true);
  assert.equal(passes("least=3"), false);
  assert.equal(passes("signs=same"), true);
  assert.equal(passes("signs=mixed"), false);
  assert.equal(passes("signs=mixed", { n_positive: 1, n_negative: 1 }), true);
  assert.equal(passes("signs=same", { n_languages: 0, n_positive: 0 }), false);
});

test("unseen languages: the size of t, in one of them or in each", () => {
  assert.equal(passes("t=10&unseen=ko"), true);
  assert.equal(passes("t=10&unseen=ar"), false);
  assert.equal(passes("t=10"), false);
  assert.equal(passes("t=1.1"), true);
  assert.equal(passes("t=0.1", { t_ar: NaN }), false);
  assert.deepEqual(
    page.filtersOf(stateOf("#units?variable=arousal")).map(({ name }) => name),
    ["search", "least", "signs"],
  );
});

test("what needs no top k: languages that carry it, the shared part, and how sure its sign is", () => {
  assert.equal(passes("carried=2"), true); // at the study's own, 0.2
  assert.equal(passes("carried=3"), false);
  assert.equal(passes("carried=3&rho=0.1"), true);
  assert.equal(passes("carried=1&rho=0.3"), false);
  assert.equal(passes("carried=1", { carried: undefined }), false);
  assert.equal(passes("rho=0.3", { carried: undefined }), true);
  assert.equal(passes("score=0.6"), true);
  assert.equal(passes("score=0.61"), false);
  assert.equal(passes("score=0.1", { unit_scores_score: null }), false);
  assert.equal(passes("wrong=2"), true);
  assert.equal(passes("wrong=1.9"), false);
  assert.equal(passes("wrong=0"), false);
  assert.equal(passes("wrong=99", { unit_scores_false_sign: null }), false);
  assert.equal(passes("wrong=100&score=0", { unit_scores_score: null, unit_scores_false_sign: null }), true);
});

test("what needs no top k is offered where the study's layer is shown, and the study asked for it", () => {
  const known = ["carried", "rho", "score", "wrong"];
  const offered = (query) =>
    page
      .filtersOf(stateOf(`#units?${query}`))
      .map(({ name }) => name)
      .filter((name) => known.includes(name));
  assert.deepEqual(offered(""), known);
  assert.deepEqual(offered("layers=all"), known);
  assert.deepEqual(offered("layer=2"), []);
  assert.deepEqual(offered("variable=arousal"), []);
  assert.equal(stateOf("#units").rho, "0.2");
  assert.match(
    page.href(stateOf("#units?carried=2&rho=0.3&score=0.5&wrong=5")),
    /&carried=2&rho=0\.3&score=0\.5&wrong=5$/,
  );
  assert.doesNotMatch(page.href(stateOf("#units?carried=0&rho=0.2&score=0&wrong=100")), /carried|rho|score|wrong/);
});

test("words are found without their accents, their own accents first", () => {
  const words = {
    es: { words: ["corazonada", "corazón", "razón"] },
    en: { words: ["Corazon", "naïve", "Łódź"] },
    ar: { words: ["كِتاب"] },
    ko: { words: ["행복"] },
    ru: { words: ["й", "мой"] },
  };
  const found = (text) => page.findWords(text, words).map(({ code, word }) => `${code} ${word}`);
  assert.deepEqual(found("corazon"), ["en Corazon", "es corazón", "es corazonada"]);
  assert.deepEqual(found("corazón"), ["es corazón", "en Corazon", "es corazonada"]);
  assert.deepEqual(found("NAIVE"), ["en naïve"]);
  assert.deepEqual(found("lodz"), ["en Łódź"]);
  assert.deepEqual(found("كتاب"), ["ar كِتاب"]);
  assert.deepEqual(found("행복"), ["ko 행복"]);
  assert.deepEqual(found("   "), []);
});

test("to begin with, each language's two highest-rated words are offered", () => {
  const words = {
    en: { words: ["rain", "love", "war", "unrated"], ratings: { valence: [0.5, 0.9, 0.1, null] } },
    es: { words: ["solo"], ratings: { valence: [0.5] } },
    ko: { words: ["행복"], ratings: { valence: [null] } },
  };
  const found = page.highestWords("valence", words).map(({ code, word }) => `${code} ${word}`);
  assert.deepEqual(found, ["en love", "en rain", "es solo"]);
});
