// Files: their text and their names.
import assert from "node:assert/strict";
import { test } from "node:test";

import { page, stateOf } from "./page.mjs";

test("a table as CSV has its encoding's mark, its keys as heading, and what needs quotes in quotes", () => {
  const rows = [
    { word: 'say "hi", twice', value: -0.5 },
    { word: "two\nlines", value: null },
    { word: "شكرا", value: NaN },
  ];
  const text = page.csv([{ key: "word" }, { key: "value" }], rows);
  assert.equal(text, '\ufeffword,value\n"say ""hi"", twice",-0.5\n"two\nlines",\nشكرا,\n');
});

test("a file's name says study, model, variable, ranking, layer and k", () => {
  assert.equal(
    page.fileName(stateOf("#overview?layer=2&k=2"), "pairs"),
    "Toy-study_org-big_valence_correlation_layer-2_k-2_pairs",
  );
  assert.match(page.fileName(stateOf("#units?layers=all"), "units"), /_all-layers_k-3_units$/);
  assert.match(page.fileName(stateOf("#unit/12?with=1"), "unit-12"), /_layers-2-0_k-3_unit-12$/);
  assert.match(page.fileName(stateOf("#word/ar/a"), "word-ar-../كلمة"), /_word-ar-..-كلمة$/);
});
