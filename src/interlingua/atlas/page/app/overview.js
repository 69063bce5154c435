// Overview: the claim with its evidence, and the figures behind it.
"use strict";

(function () {
  const { el, fixed, number, p } = Atlas;
  const name = (code) => Atlas.languageName(code);
  Atlas.viewOverview = async (state) => {
    const [data, ranks] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
    ]);
    const { cell } = state;
    const tested = Atlas.isTested(state);
    const of = (table) => data.tables[table].filter((row) => row.method === state.ranking);
    const tops = Atlas.tops(ranks, cell, state.layer, state.k);
    const pairs = tested ? of("pairs") : Atlas.pairCounts(tops, cell);
    const degrees = tested ? of("degrees") : Atlas.degreeCounts(tops, cell);
    return [
      el("h1", { tabindex: "-1" }, "Do the languages share units?"),
      el("p", { class: "chosen" }, Atlas.describe(state)),
      lead(state, data),
      claim(state, of, pairs, degrees),
      el(
        "div",
        { class: "figures" },
        pairMap(state, pairs, tested ? of("null_pairs") : []),
        degreeChart(state, degrees, tested ? of("null_degrees") : []),
        performance(state, data),
        layerCurves(state, data),
        alignment(state, of("alignment_points"), pairs),
      ),
    ].filter(Boolean);
  };

  // "a", "a and b", "a, b and c".
  const listing = (texts) => [texts.slice(0, -1).join(", "), texts.at(-1)].filter(Boolean).join(" and ");

  // The nulls that a table has rows of, each with its name, in the order of the index.
  const nullsOf = (rows) => Atlas.index.nulls.filter(({ key }) => rows.some((row) => row.null === key));

  // How much the languages share, which units carry it, how few are enough: what needs no top k. Null where the study
  // asked nothing of it.
  function lead(state, { tables }) {
    const at = (table) => tables[table].filter((row) => row.layer === state.layer);
    const sentences = [similar(state, at), carriers(state, at("conjunction")), fewUnits(state, at("zero_shot_summary"))];
    return sentences.some(Boolean) ? el("div", { class: "lead" }, el("p", {}, sentences.filter(Boolean).join(" "))) : null;
  }

  function similar(state, at) {
    const row = at("similarity").find((one) => one.words === "all");
    if (!row || row.rho === null) return null;
    const interval = row.rho_low === null ? "" : `; 95 % interval over languages ${fixed(row.rho_low, 2)} to ${fixed(row.rho_high, 2)}`;
    const nulls = nullsOf(at("similarity_null")).map(({ key, name: label }) => ({
      label,
      ...at("similarity_null").find((one) => one.null === key),
    }));
    const listed = nulls.map((one) => `with ${one.label} by ${fixed(one.null_mean, 2)} (p ${equals(one.p)}, ${one.draws} draws)`);
    const beside = nulls.length ? ` Units of two languages agree by ${fixed(row.between, 2)}, ${listing(listed)}.` : "";
    const range = `one if they had a single code, nought if each had its own${interval}`;
    const where = `In layer ${state.layer} `;
    if (nulls.some((one) => one.p >= 0.05)) {
      return `${where}it is not shown that ${row.n_languages} languages share any of where ${state.variable} is encoded (ρ̄ = ${fixed(row.rho, 2)}: ${range}).${beside}`;
    }
    const [share, above] = row.rho < 1 ? [fixed(row.rho, 2), ""] : ["all", ` = ${fixed(row.rho, 2)}, sampling error included`];
    return `${where}${row.n_languages} languages share ${share} of where ${state.variable} is encoded (ρ̄${above}: ${range}).${beside}`;
  }

  function carriers(state, rows) {
    const own = rows.filter((row) => row.default);
    if (!own.length) return null;
    const [two, all] = [own.find((row) => row.at_least === 2), own.find((row) => row.at_least === row.n_languages)];
    const most = own.find((row) => row.at_least === Math.ceil(0.75 * row.n_languages));
    const further = [most, two].filter((row, i, every) => row.at_least < all.at_least && every.indexOf(row) === i);
    const told = further.map((row) => `, ${row.n_units} in ${row.at_least} or more`).join("");
    return `${all.n_units} of its units are shown to carry ${state.variable} (|r| above ${all.least}) in all ${all.n_languages} languages${told}.`;
  }

  function fewUnits(state, rows) {
    const own = rows.filter((row) => row.method === state.ranking);
    const [one, five] = [1, 5].map((n) => own.find((row) => row.n_units === n));
    if (!one) return null;
    const beside = (row) => `r = ${fixed(row.mean_r, 2)} (random units: ${fixed(row.random_r, 2)})`;
    const more = five ? `, the first five with ${beside(five)}` : "";
    return `The one unit that the other languages choose first predicts a language that has no say with ${beside(one)}${more}.`;
  }

  function claim(state, of, pairs, degrees) {
    const { cell, k, layer } = state;
    const mean = (key) => pairs.reduce((sum, pair) => sum + pair[key], 0) / pairs.length;
    const among = `Of the ${k} units (of ${Atlas.layout(cell).width(layer)}) of layer ${layer} that go most with ${state.variable} by ${Atlas.label(state.ranking)}`;
    if (!Atlas.isTested(state)) {
      const everywhere = degrees.at(-1);
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
          `Counted here from the rankings. The study tested layer ${cell.layer} and k = ${cell.k}: p-values and nulls are there. `,
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
    if (judged) sentences.push(`${judged.n_share} of ${judged.n_pairs} pairs share more than that by themselves (corrected p < .05 for each).`);
    const [best] = highest;
    if (best) {
      const where = best.degree === cell.languages.length ? `all ${best.degree} languages` : `${best.degree} languages (${best.languages.split(" ").map(name).join(", ")}${highest.length > 1 ? ", and other sets" : ""})`;
      const drawn = nullsOf(of("null_degrees")).map(({ key, name: label }) => {
        const row = of("null_degrees").find((entry) => entry.null === key && entry.n_languages === best.degree);
        return `in ${row.as_many} of ${row.draws} draws of ${label}`;
      });
      const asMany = drawn.length && best.degree > 2 ? ` As many units are in so many languages ${listing(drawn)}.` : "";
      sentences.push(`${best.observed} ${best.observed === 1 ? "is" : "are"} at the top in ${where}.${asMany}`);
    }
    return el("div", { class: "claim" }, el("p", {}, sentences.join(" ")));
  }

  // What each null gives instead; where none of its draws shares a unit, there is nothing to divide by.
  function nullSentences(rows) {
    const of = nullsOf(rows).map(({ key, name: label }) => ({ label, row: rows.find((row) => row.null === key) }));
    const test = ({ row }) => `(p ${equals(row.p_fe)}, ${row.draws} draws)`;
    const times = of.filter(({ row }) => row.corrected_fe !== null);
    const none = of.filter(({ row }) => row.corrected_fe === null);
    return [
      times.length ? `That is ${listing(times.map((each) => `${fixed(each.row.corrected_fe, 2)} times what ${each.label} give ${test(each)}`))}.` : null,
      none.length ? `No units are shared with ${listing(none.map((each) => `${each.label} ${test(each)}`))}.` : null,
    ].filter(Boolean);
  }

  const equals = (value) => (value < 0.0001 ? "< .0001" : `= ${p(value)}`);

  const nullKey = (column, key) => `${column}_${key.replaceAll(" ", "_")}`;

  // Rows of the tested overlap with the units and p of every null beside them; `same` are the columns that both have.
  function withNulls(rows, nullRows, same) {
    return rows.map((row) => {
      const own = nullRows.filter((entry) => same.every((column) => entry[column] === row[column]));
      const beside = own.flatMap((entry) => ["null_mean", "p_null"].map((column) => [nullKey(column, entry.null), entry[column]]));
      return { ...row, ...Object.fromEntries(beside) };
    });
  }

  // Two columns a null: the units that its draws share, and the p that it gives.
  const nullColumns = (table, nullRows) =>
    nullsOf(nullRows).flatMap(({ key, name: label }) => {
      const [units, chance] = Atlas.columns(table, ["null_mean", "p_null"]);
      return [
        { ...units, key: nullKey("null_mean", key), label: Atlas.capital(label), says: `${units.says} (${label})` },
        { ...chance, key: nullKey("p_null", key), label: `p (${label})`, says: `${chance.says} (${label})` },
      ];
    });

  const nullLines = (row, nullRows) =>
    nullsOf(nullRows).map(({ key, name: label }) => {
      const [units, chance] = [row[nullKey("null_mean", key)], row[nullKey("p_null", key)]];
      return units === undefined || units === null ? null : `${label}: ${fixed(units, 1)} units, p ${p(chance)}`;
    });

  function pairMap(state, tested, nullRows) {
    const { cell } = state;
    const pairs = withNulls(tested, nullRows, ["language_a", "language_b"]);
    const both = pairs.flatMap((pair) => [
      { ...pair, x: pair.language_b, y: pair.language_a },
      { ...pair, x: pair.language_a, y: pair.language_b },
    ]);
    const most = Math.max(1.01, ...pairs.map((pair) => pair.fe || 0));
    const title = (pair) =>
      [
        `${name(pair.language_a)} and ${name(pair.language_b)}`,
        `${pair.observed} units, ${fixed(pair.expected, 1)} expected: FE ${fixed(pair.fe, 2)}`,
        pair.p === undefined ? null : `super exact test, as in the paper: p ${p(pair.p)}, corrected ${p(pair.p_bh)} (BH), ${p(pair.p_by)} (BY)`,
        ...nullLines(pair, nullRows),
        pair.same_sign === null ? null : `same sign: ${fixed(100 * pair.same_sign, 0)} %`,
      ]
        .filter(Boolean)
        .join("\n");
    const draw = (width) =>
      Atlas.plot({
        width,
        height: Math.min(width, 460),
        marginLeft: 32,
        marginBottom: 28,
        x: { domain: cell.languages, label: null, tickSize: 0 },
        y: { domain: cell.languages, label: null, tickSize: 0 },
        color: { type: "linear", scheme: "YlGnBu", domain: [Math.min(1, ...pairs.map((pair) => pair.fe ?? 1)), most] },
        marks: [
          Plot.cell(both, { x: "x", y: "y", fill: "fe", inset: 0.5 }),
          Plot.text(both, {
            x: "x",
            y: "y",
            text: (pair) => String(pair.observed),
            fill: (pair) => ((pair.fe || 0) > 1 + 0.55 * (most - 1) ? "white" : "#111"),
            fontSize: width / cell.languages.length < 34 ? 9 : 12,
          }),
          Plot.tip(both, Plot.pointer({ x: "x", y: "y", title })),
        ],
      });
    return Atlas.figure({
      title: "Units shared by each pair",
      caption: "Number: shared units. The darker, the more times chance (fold enrichment, FE). Point at a cell for its test.",
      draw,
      name: "pairs",
      rows: pairs,
      columns: [
        ...Atlas.columns("pairs", ["language_a", "language_b", "observed", "expected", "fe"]),
        ...(Atlas.isTested(state) ? Atlas.columns("pairs", ["p", "p_bh", "p_by"]) : []),
        ...nullColumns("null_pairs", nullRows),
        Atlas.column("pairs", "same_sign"),
      ],
    });
  }

  // How the lines of the nulls are told apart, the first drawn through.
  const DASHES = [null, "5 3", "2 2", "7 2 2 2"];

  function degreeChart(state, tested, nullRows) {
    const degrees = withNulls(tested, nullRows, ["n_languages"]);
    const lines = nullsOf(nullRows).map(({ key, name: label }, i) => ({
      name: label,
      rows: nullRows.filter((row) => row.null === key && row.null_mean !== null),
      dashes: DASHES[i % DASHES.length],
    }));
    const title = (row) =>
      [
        `in at least ${row.n_languages} languages: ${row.observed} units`,
        `${number(row.expected)} expected${row.p === undefined ? "" : `, p ${p(row.p)}`}`,
        ...nullLines(row, nullRows),
      ]
        .filter(Boolean)
        .join("\n");
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 300,
        marginLeft: 44,
        x: { label: "in at least so many languages", tickFormat: "d" },
        y: { label: "units", grid: true },
        marks: [
          Plot.barY(degrees, { x: "n_languages", y: "observed", fill: Atlas.colours.main, insetLeft: 2, insetRight: 2 }),
          Plot.dot(degrees, { x: "n_languages", y: "expected", stroke: Atlas.colours.second, fill: "var(--paper)", r: 4, strokeWidth: 2 }),
          ...lines.map(({ rows, dashes }) => Plot.tickY(rows, { x: "n_languages", y: "null_mean", stroke: "currentColor", strokeWidth: 2, strokeDasharray: dashes })),
          Plot.ruleY([0]),
          Plot.tip(degrees, Plot.pointerX({ x: "n_languages", y: "observed", title })),
        ],
      });
    return Atlas.figure({
      title: "Units by number of languages",
      caption: `Bars: units at the top in at least so many languages. Circles: expected from independent sets.${lines.length ? ` Lines: with ${lines.map((line, i) => (i ? `${line.name}, dashed` : line.name)).join("; ")}.` : ""}`,
      draw,
      name: "degrees",
      rows: degrees,
      columns: [
        ...Atlas.columns("degrees", ["n_languages", "observed", "expected"]),
        ...(Atlas.isTested(state) ? [Atlas.column("degrees", "p")] : []),
        ...nullColumns("null_degrees", nullRows),
      ],
    });
  }

  // The probe of the curve that chose the layer.
  const curveOf = (data) => data.tables.layer_choice[0];

  const READS = { whole: "whole network", layer: "the layer alone", zeroed: "other layers zeroed" };

  const probeColumns = () => [
    ...Atlas.columns("probes", ["language", "probe"]),
    Atlas.column("probes", "curve", { show: (curve) => READS[curve] }),
    Atlas.column("probes", "layer", { show: (layer) => (layer < 0 ? "all" : String(layer)) }),
    ...Atlas.columns("probes", ["r", "r_low", "r_high"]),
  ];

  const interval = (row) => `r ${fixed(row.r, 3)} (${fixed(row.r_low, 3)} to ${fixed(row.r_high, 3)})`;

  function performance(state, data) {
    const { probe, curve } = curveOf(data);
    const one = data.tables.probes.filter((row) => row.probe === probe && row.curve === curve && row.layer === state.layer);
    const whole = data.tables.probes.filter((row) => row.curve === "whole" && row.probe === (data.tables.alignment_points[0] || {}).probe);
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 70 + 30 * one.length,
        marginLeft: 88,
        x: { label: "r on held-out words", grid: true, inset: 8 },
        y: { domain: one.map((row) => row.language), tickFormat: name, label: null },
        marks: [
          Plot.ruleY(whole, { y: "language", x1: "r_low", x2: "r_high", stroke: Atlas.colours.second, dy: 5 }),
          Plot.dot(whole, { y: "language", x: "r", stroke: Atlas.colours.second, fill: "var(--paper)", r: 4, strokeWidth: 2, dy: 5 }),
          Plot.ruleY(one, { y: "language", x1: "r_low", x2: "r_high", stroke: Atlas.colours.main, strokeWidth: 2, dy: -4 }),
          Plot.dot(one, { y: "language", x: "r", fill: Atlas.colours.main, r: 4.5, dy: -4 }),
          Plot.tip([...one, ...whole], Plot.pointer({ y: "language", x: "r", title: (row) => `${name(row.language)}, ${row.layer < 0 ? "whole network" : `layer ${row.layer}`}\n${interval(row)}` })),
        ],
      });
    const wholeProbe = whole.length ? ` Open: the whole network, ${Atlas.label(whole[0].probe)}.` : "";
    return Atlas.figure({
      title: "Can it be read off?",
      caption: `Filled: layer ${state.layer}, ${Atlas.label(probe)}.${wholeProbe} Lines: 95 % intervals over words.`,
      draw,
      name: "performance",
      rows: [...one, ...whole],
      columns: probeColumns(),
    });
  }

  function layerCurves(state, data) {
    const { probe, curve } = curveOf(data);
    const rows = data.tables.probes.filter((row) => row.probe === probe && row.curve === curve);
    const layers = [...new Set(rows.map((row) => row.layer))].sort((a, b) => a - b);
    const means = layers.map((layer) => {
      const ofLayer = rows.filter((row) => row.layer === layer);
      return { layer, r: ofLayer.reduce((sum, row) => sum + row.r, 0) / ofLayer.length };
    });
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 300,
        marginLeft: 44,
        x: { label: "layer", ticks: layers, tickFormat: "d" },
        y: { label: "r on held-out words", grid: true },
        marks: [
          Plot.ruleX([state.layer], { stroke: Atlas.colours.second, strokeWidth: 2, strokeDasharray: "4 3" }),
          Plot.line(rows, { x: "layer", y: "r", z: "language", stroke: Atlas.colours.soft, strokeOpacity: 0.8, strokeWidth: 1.2 }),
          Plot.line(means, { x: "layer", y: "r", stroke: Atlas.colours.main, strokeWidth: 3 }),
          Plot.dot(rows, Plot.pointer({ x: "layer", y: "r", fill: Atlas.colours.main })),
          Plot.tip(rows, Plot.pointer({ x: "layer", y: "r", title: (row) => `${name(row.language)}, layer ${row.layer}\n${interval(row)}` })),
        ],
      });
    return Atlas.figure({
      title: "In which layer?",
      caption: `Thin: a language each, ${Atlas.label(probe)}. Thick: their mean. Dashed: layer ${state.layer}. The study chose layer ${state.cell.layer}.`,
      draw,
      name: "layers",
      rows,
      columns: probeColumns(),
    });
  }

  function alignment(state, points, pairs) {
    const rows = points.map((row) => ({
      language: row.language,
      mpo: Atlas.isTested(state) ? row.mpo : Atlas.meanOverlap(pairs, row.language),
      r: row.r,
    }));
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 300,
        marginLeft: 44,
        marginRight: 30,
        inset: 12,
        x: { label: "mean number of units shared with the others (MPO)" },
        y: { label: `r, ${(points[0] || {}).reads}`, grid: true },
        marks: [
          Plot.dot(rows, { x: "mpo", y: "r", fill: Atlas.colours.main, r: 4 }),
          ...Atlas.labels(rows, "mpo", "r", "language", width - 98, 222),
          Plot.tip(rows, Plot.pointer({ x: "mpo", y: "r", title: (row) => `${name(row.language)}\nMPO ${fixed(row.mpo, 1)}, r ${fixed(row.r, 3)}` })),
        ],
      });
    return Atlas.figure({
      title: "Do languages that share more do better?",
      caption: "A point a language: how many units it shares with the others, and how well its ratings can be read off.",
      draw,
      name: "alignment",
      rows,
      columns: Atlas.columns("alignment_points", ["language", "mpo", "r"]),
    });
  }
})();
