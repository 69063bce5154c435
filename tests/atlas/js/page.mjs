// The page's own scripts, loaded as the page loads them, over a small study; those that draw are left out.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const APP = new URL("../../../src/interlingua/atlas/page/app/", import.meta.url);

globalThis.window = globalThis;
globalThis.Atlas = {};
for (const name of ["data", "format", "csv", "filters", "state", "sets", "word"]) {
  const file = new URL(`${name}.js`, APP);
  vm.runInThisContext(readFileSync(file, "utf8"), { filename: file.pathname });
}

const cell = {
  model: "org/big",
  site: "resid",
  variable: "valence",
  layer: 1,
  layout: { widths: [4, 6, 6], first: [0, 4, 10], layers: [0, 1, 2], heads: 0 },
  k: 3,
  languages: ["en", "zh", "es"],
  unseen: ["ko", "ar"],
  first_unit: 5,
  readouts: [
    { key: "probe", name: "probe of the last layer", in_units: "SD of the rating" },
    { key: "likeness", name: "likeness of the sentence", in_units: "SD of its readings" },
  ],
  least: [0.1, 0.2, 0.3],
  least_default: 0.2,
  beside: ["unit_scores_score", "unit_scores_false_sign"],
};

export const { Atlas: page } = globalThis;

page.index = {
  study: "Toy study",
  headline: "correlation",
  methods: [
    { key: "correlation", name: "|correlation|" },
    { key: "ridge", name: "ridge (penalty by CV)" },
  ],
  nulls: [],
  labels: { correlation: "|correlation|", resid: "residual stream", heads: "attention heads" },
  columns: {},
  languages: [
    { code: "en", name: "English", rtl: false, tag: "en-Latn" },
    { code: "zh", name: "Chinese", rtl: false, tag: "zh-Hans" },
    { code: "es", name: "Español", rtl: false, tag: "es-Latn" },
    { code: "ko", name: "Korean", rtl: false, tag: "ko-Hang" },
    { code: "ar", name: "Modern Standard Arabic", rtl: true, tag: "ar-Arab" },
  ],
  cells: [
    cell,
    {
      ...cell,
      variable: "arousal",
      layer: 2,
      k: 2,
      unseen: [],
      readouts: [],
      least: [],
      least_default: null,
      beside: [],
    },
    {
      ...cell,
      model: "small",
      layer: 0,
      k: 1,
      layout: { widths: [4], first: [0], layers: [0], heads: 0 },
      unseen: ["ko"],
    },
    {
      ...cell,
      model: "small",
      site: "heads",
      layer: 2,
      k: 1,
      layout: { widths: [6, 6, 6], first: [0, 6, 12], layers: [2], heads: 2 },
    },
  ],
  pages: [
    { model: "org/big", site: "resid", layer: 1, units: [4, 5] },
    { model: "org/big", site: "resid", layer: 2, units: [10] },
    { model: "small", site: "heads", layer: 2, units: [16] },
  ],
};

// The state of an address that has nothing wrong with it.
export function stateOf(hash) {
  const { state, problems } = page.readState(hash);
  if (problems.length) throw new Error(problems.join(" "));
  return state;
}

// A row of the table of units.
export const unitRow = (own) => ({
  unit: 5,
  layer: 1,
  index: 1,
  n_languages: 2,
  languages: "en zh",
  mean_rank: 1.5,
  n_positive: 2,
  n_negative: 0,
  t_ko: -16.89,
  t_ar: 1.2,
  carried: { 0.1: 3, 0.2: 2, 0.3: 0 },
  unit_scores_score: -0.6,
  unit_scores_false_sign: 0.02,
  ...own,
});
