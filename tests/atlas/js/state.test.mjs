// The address: what it says is read, what can't be is told, and every view has one address.
import assert from "node:assert/strict";
import { test } from "node:test";

import { page, stateOf } from "./page.mjs";

const BIG = "model=org%2Fbig&variable=valence&ranking=correlation";

test("an address that says nothing is the study's own choice", () => {
  const state = stateOf("");
  assert.deepEqual(
    [state.view, state.model, state.variable, state.ranking, state.layer, state.k],
    ["overview", "org/big", "valence", "correlation", 1, 3],
  );
  assert.equal(page.href(state), `#overview?${BIG}&layer=1&k=3`);
});

test("each view has the address of what acts in it, and nothing else", () => {
  const everything = "layer=2&k=2&with=4&layers=all&find=x&sort=unit&search=zh&least=2&signs=same&t=1&unseen=ko";
  assert.equal(page.href(stateOf(`#overview?${everything}`)), `#overview?${BIG}&layer=2&k=2`);
  assert.equal(page.href(stateOf(`#unit/5?${everything}`)), `#unit/5?${BIG}&k=2&with=4`);
  assert.equal(page.href(stateOf(`#word?${everything}`)), `#word?${BIG}&layer=2&k=2&find=x`);
  assert.equal(page.href(stateOf(`#word/es/coraz%C3%B3n?${everything}`)), `#word/es/coraz%C3%B3n?${BIG}&layer=2&k=2`);
  assert.equal(
    page.href(stateOf(`#units?${everything}`)),
    `#units?${BIG}&layers=all&k=2&sort=unit&search=zh&least=2&signs=same&t=1&unseen=ko`,
  );
});

test("an address that the page writes is read back as it was, and written the same again", () => {
  const start = stateOf("");
  const changes = { ranking: "ridge", layer: 2, k: 5, sort: "-unit", search: "zh, en?&#/%", least: 2, t: 0.5 };
  const places = [
    { view: "overview" },
    { view: "units" },
    { view: "units", layers: "all" },
    { view: "unit", unit: 12, with: 3 },
    { view: "word", language: "ar", word: "كلمة/50%?" },
    { view: "word", find: "ü & co" },
  ];
  for (const place of places) {
    const address = page.href(start, { ...changes, ...place });
    const state = stateOf(address);
    assert.equal(page.href(state), address);
    for (const [name, value] of Object.entries(place)) assert.equal(state[name], value);
    assert.equal(state.ranking, "ridge");
  }
});

for (const [what, hash, sentence, shown] of [
  ["a k that is too large", "#overview?k=9999", "k = 9999 can't be, a layer has 6 units: k is 6 here.", { k: 6 }],
  ["a k below 1", "#overview?k=-3", "k = -3 can't be, a layer has 6 units: k is 1 here.", { k: 1 }],
  ["a k that is no number", "#overview?k=many", "k “many” is no whole number: k is 3 here.", { k: 3 }],
  ["half a k", "#overview?k=2.5", "k “2.5” is no whole number: k is 3 here.", { k: 3 }],
  ["a readout", "#overview?readout=mind", "There is no readout “mind” here: probe is shown.", { readout: "probe" }],
  ["a layer", "#overview?layer=77", "There is no layer “77” here: 1 is shown.", { layer: 1 }],
  ["a model", "#overview?model=none", "There is no model “none” here: org/big is shown.", { model: "org/big" }],
  ["a variable", "#units?variable=no", "There is no variable “no” here: valence is shown.", { variable: "valence" }],
  [
    "a ranking",
    "#units?ranking=no",
    "There is no ranking “no” here: |correlation| is shown.",
    { ranking: "correlation" },
  ],
  [
    "a unit",
    "#unit/9999",
    "There is no unit “9999”: the units of org/big are 0 to 15, or L0.0 to L2.5.",
    { view: "unit", unit: null },
  ],
  [
    "a unit in words",
    "#unit/first",
    "There is no unit “first”: the units of org/big are 0 to 15, or L0.0 to L2.5.",
    { unit: null },
  ],
  [
    "a second unit",
    "#unit/5?with=99",
    "There is no unit “99”: the units of org/big are 0 to 15, or L0.0 to L2.5.",
    { with: null },
  ],
  ["the same unit", "#unit/5?with=5", "Unit 5 is the one that is shown: compare it with another.", { with: null }],
  ["a view", "#nowhere", "There is no view “nowhere”: this is the overview.", { view: "overview" }],
  ["what every object has", "#toString", "There is no view “toString”: this is the overview.", { view: "overview" }],
  ["a name", "#overview?foo=1", "“foo” in the address means nothing here.", {}],
  ["an order", "#units?sort=;;", "“;;” is no order of columns.", { sort: "-n_languages,mean_rank" }],
  ["a filter", "#units?signs=up", "“Signs” has no “up”, so it filters nothing.", { signs: "" }],
  ["a filter's number", "#units?least=9", "“At least languages” goes from 0 to 3: it is 3 here.", { least: 3 }],
  ["a least correlation", "#units?carried=1&rho=0.7", "“with |r| above” has no “0.7”: it is 0.2 here.", { rho: "0.2" }],
  ["a share", "#units?wrong=120", "“Wrong sign, % at most” goes from 0 to 100: it is 100 here.", { wrong: 100 }],
  ["a filter's word", "#units?t=big", "“big” is no number, so “|t| unseen at least” filters nothing.", { t: 0 }],
]) {
  test(`${what} that can't be is corrected and told`, () => {
    const { state, problems } = page.readState(hash);
    assert.deepEqual(problems, [sentence]);
    for (const [name, value] of Object.entries(shown)) assert.equal(state[name], value);
    assert.deepEqual(page.readState(page.href(state)).problems, []);
  });
}

test("a word of an unknown language is looked for in all of them", () => {
  const { state, problems } = page.readState("#word/xx/happy");
  assert.equal(problems.length, 1);
  assert.match(problems[0], /^The atlas has no language “xx”\. It has English \(en\), Chinese \(zh\), .* and Modern/);
  assert.deepEqual([state.view, state.language, state.word, state.find], ["word", null, null, "happy"]);
  assert.equal(page.href(state), `#word?${BIG}&layer=1&k=3&find=happy`);
});

test("another model or variable brings its own layer and k, unless they are chosen with it", () => {
  const state = stateOf("#overview?layer=2&k=2");
  assert.equal(
    page.href(state, { variable: "arousal" }),
    "#overview?model=org%2Fbig&variable=arousal&ranking=correlation&layer=2&k=2",
  );
  const small = stateOf(page.href(state, { model: "small" }));
  assert.deepEqual([small.layer, small.k, small.number], [0, 1, 2]);
  assert.equal(stateOf(page.href(state, { variable: "arousal", k: 4 })).k, 4);
});

test("a unit stands in its own layer, and leads to it", () => {
  const state = stateOf("#unit/12?layer=0");
  assert.equal(state.layer, 2);
  assert.equal(stateOf(page.href(state, { view: "units" })).layer, 2);
  assert.match(page.describe(state), / · layer 2 · top 3 of 6$/);
  assert.match(page.describe(stateOf("#unit/12?with=1")), / · layers 2 and 0 · /);
});

test("units of a site by number and by place, of the layers that were read", () => {
  const at = (unit) => stateOf(`#unit/${unit}?model=small&site=heads`).unit;
  assert.equal(at("16"), 16);
  for (const typed of ["heads.L2.1.1", "L2.1.1", "heads L2·1·1", "HEADS.l2.1.1"]) {
    assert.equal(at(encodeURIComponent(typed)), 16);
  }
  const { name, typed } = page.layout(page.index.cells[3]);
  assert.deepEqual([name(16), typed(16)], ["heads L2·1·1", "heads.L2.1.1"]);
  assert.equal(stateOf("#unit/L1.1").unit, 5);
  for (const wrong of ["3", "L1.1.1", "L2.3.0", "L2.1", "L2.1.3", "mlp.L2.1.1", "18"]) {
    const { state, problems } = page.readState(`#unit/${wrong}?model=small&site=heads`);
    assert.equal(state.unit, null);
    assert.deepEqual(problems, [
      `There is no unit “${wrong}”: the units of small are 12 to 17, or heads.L2.0.0 to heads.L2.1.2.`,
    ]);
  }
});

test("another site brings its own layer and k, and leaves the unit behind", () => {
  const state = stateOf("#unit/2?model=small");
  const heads = stateOf(page.href(state, { site: "heads" }));
  assert.deepEqual([heads.site, heads.layer, heads.k, heads.unit], ["heads", 2, 1, null]);
  assert.doesNotMatch(page.href(state), /site/);
  assert.match(page.href(heads), /&site=heads&/);
  assert.match(page.describe(heads), /^small · attention heads · valence · /);
  assert.match(page.describe(stateOf("#overview")), /^org\/big · valence · /);
});

test("only choices that change the view are offered", () => {
  const offered = (hash) => page.offered(stateOf(hash)).map(({ name }) => name);
  assert.deepEqual(offered("#overview"), ["model", "variable", "ranking", "layer", "k", "readout"]);
  assert.deepEqual(offered("#overview?k=2"), ["model", "variable", "ranking", "layer", "k"]);
  assert.deepEqual(offered("#units?layers=all"), ["model", "variable", "ranking", "k"]);
  assert.deepEqual(offered("#unit/5"), ["model", "variable", "ranking", "k", "readout"]);
  // Units are edited in the study's layer, and only where the study asks for it.
  assert.deepEqual(offered("#unit/12"), ["model", "variable", "ranking", "k"]);
  assert.deepEqual(offered("#overview?variable=arousal"), ["model", "variable", "ranking", "layer", "k"]);
  assert.deepEqual(offered("#word/en/a"), ["model", "variable", "ranking", "layer", "k"]);
  assert.deepEqual(offered("#word"), []);
  // The small model has one variable and one layer, and two sites.
  assert.deepEqual(offered("#overview?model=small"), ["model", "site", "ranking", "k", "readout"]);
  const layers = page.offered(stateOf("#word/en/a")).find(({ name }) => name === "layer");
  assert.deepEqual(
    layers.options.map(([layer]) => layer),
    [1, 2],
  );
});

test("what reads the rating behind edits stands in the address where it is not the first", () => {
  const state = stateOf("#overview?readout=likeness");
  assert.equal(page.href(state), `#overview?${BIG}&layer=1&k=3&readout=likeness`);
  assert.equal(page.href(state, { readout: "probe" }), `#overview?${BIG}&layer=1&k=3`);
  assert.equal(page.href(state, { layer: 2 }), `#overview?${BIG}&layer=2&k=3`);
  assert.equal(page.href(state, { view: "unit", unit: 5 }), `#unit/5?${BIG}&k=3&readout=likeness`);
});

test("what a reader types is sent as it was typed, so that the view can say what can't be", () => {
  const address = page.asked(stateOf(""), { k: "9999" });
  assert.match(address, /&k=9999/);
  assert.equal(page.readState(address).problems.length, 1);
  assert.match(page.href(stateOf(""), { k: "9999" }), /&k=6$/);
});

test("a filter is one entry: address, default and views follow", () => {
  page.filters.push({
    name: "mine",
    label: "Mine",
    says: "at least",
    standard: () => "",
    parse: (text) => ({ value: Number(text) }),
    passes: (row, value) => row.score >= value,
  });
  try {
    const state = stateOf("#units?mine=0.5");
    assert.equal(state.mine, 0.5);
    assert.match(page.href(state), /&mine=0\.5$/);
    assert.doesNotMatch(page.href(state, { view: "overview" }), /mine/);
    assert.deepEqual(
      [0.4, 0.6].filter((score) => page.passes(state)({ score })),
      [0.6],
    );
  } finally {
    page.filters.pop();
  }
});

test("what rounds to nothing has no sign", () => {
  assert.deepEqual(
    [-0.004, -0.006, 0, null].map((value) => page.fixed(value, 2)),
    ["0.00", "−0.01", "0.00", "–"],
  );
});
