// Overview: the claim with its evidence, and the figures behind it.
"use strict";

(function () {
  const { el, fixed, number, p, listing, nullsOf } = Atlas;
  const name = Atlas.languageName;

  Atlas.viewOverview = async (state) => {
    const [data, ranks, steered] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
      Atlas.loadSteered(state.number),
    ]);
    const { cell } = state;
    const tested = Atlas.isTested(state);
    /** @param {string} table */
    const of = (table) => data.tables[table].filter((row) => row.method === state.ranking);
    const tops = Atlas.tops(ranks, cell, state.layer, state.k);
    const pairs = tested ? of("pairs") : Atlas.pairCounts(tops, cell);
    const degrees = tested ? of("degrees") : Atlas.degreeCounts(tops, cell);
    const figures = [
      Atlas.pairMap(state, pairs, tested ? of("null_pairs") : []),
      ...(tested && steered ? [Atlas.effectMap(state, steered)] : []),
      Atlas.degreeChart(state, degrees, tested ? of("null_degrees") : []),
      Atlas.performance(state, data),
      Atlas.layerCurves(state, data),
      Atlas.alignment(state, of("alignment_points"), pairs),
    ];
    const first = lead(state, data);
    return {
      nodes: [
        el("h1", { tabindex: "-1" }, "Do the languages share units?"),
        el("p", { class: "chosen" }, Atlas.describe(state)),
        ...(first ? [first] : []),
        claim(state, of, pairs, degrees),
        el("div", { class: "figures" }, ...figures.map((figure) => Atlas.figure({ state, ...figure }))),
      ],
    };
  };

  // How much the languages share, which units carry it, how few are enough: what needs no top k. Null where the study
  // asked nothing of it.
  /** @type {(state: State, data: CellData) => HTMLElement | null} */
  function lead(state, { tables }) {
    /** @param {string} table */
    const at = (table) => tables[table].filter((row) => row.layer === state.layer);
    const sentences = [
      similar(state, at),
      carriers(state, at("conjunction")),
      fewUnits(state, at("zero_shot_summary")),
    ];
    return sentences.some(Boolean)
      ? el("div", { class: "lead" }, el("p", {}, sentences.filter(Boolean).join(" ")))
      : null;
  }

  /** @type {(state: State, at: (table: string) => Row[]) => string | null} */
  function similar(state, at) {
    const row = at("similarity").find((one) => one.words === "all");
    if (!row || row.rho === null) return null;
    const interval =
      row.rho_low === null
        ? ""
        : `; 95 % interval over languages ${fixed(row.rho_low, 2)} to ${fixed(row.rho_high, 2)}`;
    const nulls = nullsOf(at("similarity_null")).map(({ key, name: label }) => ({
      label,
      test: at("similarity_null").find((one) => one.null === key) ?? {},
    }));
    const listed = nulls.map(
      ({ label, test }) => `with ${label} by ${fixed(test.null_mean, 2)} (p ${equals(test.p)}, ${test.draws} draws)`,
    );
    const beside = nulls.length ? ` Units of two languages agree by ${fixed(row.between, 2)}, ${listing(listed)}.` : "";
    const range = `1 if they had one code, 0 if each had its own${interval}`;
    const where = `In layer ${state.layer}, `;
    if (nulls.some(({ test }) => test.p >= 0.05)) {
      return `${where}it is not shown that ${row.n_languages} languages share any of where ${state.variable} is encoded (ρ̄ = ${fixed(row.rho, 2)}: ${range}).${beside}`;
    }
    const [share, above] =
      row.rho < 1 ? [fixed(row.rho, 2), ""] : ["all", ` = ${fixed(row.rho, 2)}, sampling error included`];
    return `${where}${row.n_languages} languages share ${share} of where ${state.variable} is encoded (ρ̄${above}: ${range}).${beside}`;
  }

  /** @type {(state: State, rows: Row[]) => string | null} */
  function carriers(state, rows) {
    const own = rows.filter((row) => row.default);
    if (!own.length) return null;
    const of = own[0].n_languages;
    const [two, most, all] = [2, Math.ceil(0.75 * of), of].map((n) => own.find((row) => row.at_least === n));
    if (!all) return null;
    const further = [most, two].filter(
      (row, i, every) => row !== undefined && row.at_least < all.at_least && every.indexOf(row) === i,
    );
    const told = further.map((row) => `, ${row?.n_units} in ${row?.at_least} or more`).join("");
    return `${all.n_units} of its units are shown to carry ${state.variable} (|r| above ${all.least}) in all ${all.n_languages} languages${told}.`;
  }

  /** @type {(state: State, rows: Row[]) => string | null} */
  function fewUnits(state, rows) {
    const own = rows.filter((row) => row.method === state.ranking);
    const [one, five] = [1, 5].map((n) => own.find((row) => row.n_units === n));
    if (!one) return null;
    /** @param {Row} row */
    const beside = (row) => `r = ${fixed(row.mean_r, 2)} (random units: ${fixed(row.random_r, 2)})`;
    const more = five ? `, the first five with ${beside(five)}` : "";
    return `The one unit that the other languages choose first predicts a language that was left out of the choice with ${beside(one)}${more}.`;
  }

  /** @type {(state: State, of: (table: string) => Row[], pairs: Row[], degrees: Row[]) => HTMLElement} */
  function claim(state, of, pairs, degrees) {
    const { cell, k, layer } = state;
    /** @param {string} key */
    const mean = (key) => {
      const known = pairs.map((pair) => pair[key]).filter((value) => !Atlas.missing(value));
      return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
    };
    const among = `Of the ${k} units (of ${Atlas.layout(cell).width(layer)}) of layer ${layer} that go most with ${state.variable} by ${Atlas.label(state.ranking)}`;
    if (!Atlas.isTested(state)) {
      const everywhere = degrees[degrees.length - 1];
      return el(
        "div",
        { class: "claim" },
        el(
          "p",
          {},
          `${among}, two languages share ${fixed(mean("observed"), 1)} on average, ${fixed(mean("fe"), 2)} times what independent sets would. ` +
            `${everywhere.observed} are at the top in all ${cell.languages.length} languages, where ${number(everywhere.expected)} would be expected.`,
        ),
        el(
          "p",
          { class: "note" },
          `Counted here from the rankings. The study tested layer ${cell.layer} and k = ${cell.k}: p-values${cell.readouts.length ? ", nulls and edits" : " and nulls"} are there. `,
          el("a", { href: Atlas.href(state, { layer: cell.layer, k: cell.k }) }, "Go to the tested choice"),
        ),
      );
    }
    const summary = of("pairs_summary")[0];
    const highest = of("highest_degree");
    const sentences = [
      `${among}, two languages share ${fixed(summary.mean_overlap, 1)} on average, ${fixed(summary.mean_fe, 2)} times what independent sets would (${fixed(mean("expected"), 1)}).`,
    ];
    sentences.push(...nullSentences(of("null")));
    const [judged] = of("pairs_judged_summary");
    if (judged) {
      sentences.push(
        `${judged.n_share} of ${judged.n_pairs} pairs share more than that by themselves, with the same signs (corrected p < .05 for each).`,
      );
    }
    const [best] = highest;
    if (best) {
      const where =
        best.degree === cell.languages.length
          ? `all ${best.degree} languages`
          : `${best.degree} languages (${best.languages.split(" ").map(name).join(", ")}${highest.length > 1 ? ", and other sets" : ""})`;
      const drawn = nullsOf(of("null_degrees")).map(({ key, name: label }) => {
        const row = of("null_degrees").find((entry) => entry.null === key && entry.n_languages === best.degree) ?? {};
        return `in ${row.as_many} of ${row.draws} draws of ${label}`;
      });
      const asMany =
        drawn.length && best.degree > 2 ? ` As many units are in so many languages ${listing(drawn)}.` : "";
      sentences.push(`${best.observed} ${best.observed === 1 ? "is" : "are"} at the top in ${where}.${asMany}`);
    }
    return el("div", { class: "claim" }, el("p", {}, sentences.join(" ")));
  }

  // What each null gives instead; where none of its draws shares a unit, there is nothing to divide by.
  /** @param {Row[]} rows */
  function nullSentences(rows) {
    const of = nullsOf(rows).map(({ key, name: label }) => ({
      label,
      row: rows.find((row) => row.null === key) ?? {},
    }));
    /** @param {{ row: Row }} each */
    const test = ({ row }) => `(number and signs: p ${equals(row.p_shared)}, ${row.draws} draws)`;
    const times = of.filter(({ row }) => row.corrected_fe !== null);
    const none = of.filter(({ row }) => row.corrected_fe === null);
    return [
      ...(times.length
        ? [
            `That is ${listing(times.map((each) => `${fixed(each.row.corrected_fe, 2)} times what ${each.label} give ${test(each)}`))}.`,
          ]
        : []),
      ...(none.length
        ? [`No units are shared with ${listing(none.map((each) => `${each.label} ${test(each)}`))}.`]
        : []),
    ];
  }

  /** @param {number} value */
  const equals = (value) => (value < 0.0001 ? "< .0001" : `= ${p(value)}`);
})();
