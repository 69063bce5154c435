// Counting from rankings, against counting by hand and by enumeration.
import assert from "node:assert/strict";
import { test } from "node:test";

import { page } from "./page.mjs";

const cell = { ...page.index.cells[0], layout: { widths: [2, 4], first: [0, 2], layers: [0, 1], heads: 0 } };
// Signed ranks of six units; layer 1 has the last four.
const ranks = {
  en: Int16Array.of(1, 2, 1, -2, 3, 0),
  zh: Int16Array.of(1, 2, 2, 1, 4, 3),
  es: Int16Array.of(1, 2, -4, 3, 1, 2),
};
const tops = page.tops(ranks, cell, 1, 2);

test("the top k of a layer, with their signs", () => {
  assert.deepEqual(
    Object.values(tops).map((signs) => [...signs]),
    [
      [1, -1, 0, 0],
      [1, 1, 0, 0],
      [0, 0, 1, 1],
    ],
  );
});

test("units of a layer are found where others were not read", () => {
  const { at, block } = page.layout({
    ...cell,
    layout: { widths: [2, 2, 2], first: [0, 2, 4], layers: [0, 2], heads: 0 },
  });
  assert.deepEqual([...block(ranks.es.subarray(0, 4), 2)], [-4, 3]);
  assert.equal(at(5), 3);
});

test("pairs: observed, expected, and the same sign", () => {
  assert.deepEqual(page.pairCounts(tops, cell), [
    { language_a: "en", language_b: "zh", observed: 2, expected: 1, fe: 2, same_sign: 0.5 },
    { language_a: "en", language_b: "es", observed: 0, expected: 1, fe: 0, same_sign: null },
    { language_a: "zh", language_b: "es", observed: 0, expected: 1, fe: 0, same_sign: null },
  ]);
});

test("degrees: observed and what independent sets would have, by enumeration", () => {
  const rows = page.degreeCounts(tops, cell);
  assert.deepEqual(
    rows.map((row) => row.observed),
    [4, 2, 0],
  );
  // Each unit is in each set with chance 1/2: of eight equally likely cases 7, 4 and 1 are in at least 1, 2 and 3.
  for (const [i, cases] of [7, 4, 1].entries()) assert.ok(Math.abs(rows[i].expected - (4 * cases) / 8) < 1e-12);
});

test("exactly so many are at least so many less at least one more", () => {
  assert.deepEqual(page.exactly([{ n: 9 }, { n: 4 }, { n: 1 }], "n"), [5, 3, 1]);
  assert.deepEqual(page.exactly([], "n"), []);
});
