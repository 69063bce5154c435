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
  assert.deepEqual(searched("2709 en qq"), { languages: [["en"]], numbers: ["2709"], unknown: ["qq"] });
});

test("a row has all the languages that are asked for, and one of the numbers", () => {
  assert.equal(passes("search=zh+en"), true);
  assert.equal(passes("search=zh+es"), false);
  assert.equal(passes("search=5"), true);
  assert.equal(passes("search=en+7"), false);
  assert.equal(passes("search=qq"), false);
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
