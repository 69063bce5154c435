// The figures of the overview: what each draws, its legend, caption and numbers.
"use strict";

(function () {
  const { fixed, number, p, colours, nullsOf } = Atlas;
  const name = Atlas.languageName;

  /** @type {(column: string, key: string) => string} */
  const nullKey = (column, key) => `${column}_${key.replaceAll(" ", "_")}`;

  // Rows of the tested overlap with the units and p of every null beside them; `same` are the columns that both have.
  /** @type {(rows: Row[], nullRows: Row[], same: string[]) => Row[]} */
  function withNulls(rows, nullRows, same) {
    return rows.map((row) => {
      const own = nullRows.filter((entry) => same.every((column) => entry[column] === row[column]));
      const beside = own.flatMap((entry) =>
        ["null_mean", "p_null"].map((column) => [nullKey(column, entry.null), entry[column]]),
      );
      return { ...row, ...Object.fromEntries(beside) };
    });
  }

  // Two columns a null: the units that its draws share, and the p that it gives.
  /** @type {(table: string, nullRows: Row[]) => Column[]} */
  const nullColumns = (table, nullRows) =>
    nullsOf(nullRows).flatMap(({ key, name: label }) => {
      const [units, chance] = Atlas.columns(table, ["null_mean", "p_null"]);
      return [
        { ...units, key: nullKey("null_mean", key), label: Atlas.capital(label), says: `${units.says} (${label})` },
        { ...chance, key: nullKey("p_null", key), label: `p (${label})`, says: `${chance.says} (${label})` },
      ];
    });

  /** @type {(row: Row, nullRows: Row[]) => (string | null)[]} */
  const nullLines = (row, nullRows) =>
    nullsOf(nullRows).map(({ key, name: label }) => {
      const [units, chance] = [row[nullKey("null_mean", key)], row[nullKey("p_null", key)]];
      return Atlas.missing(units) ? null : `${label}: ${fixed(units, 1)} units, p ${p(chance)}`;
    });

  /** @param {(string | null)[]} texts */
  const lines = (texts) => texts.filter(Boolean).join("\n");

  Atlas.pairMap = (state, tested, nullRows) => {
    const { cell } = state;
    const pairs = withNulls(tested, nullRows, ["language_a", "language_b"]);
    const both = pairs.flatMap((pair) => [
      { ...pair, x: pair.language_b, y: pair.language_a },
      { ...pair, x: pair.language_a, y: pair.language_b },
    ]);
    const known = pairs.map((pair) => pair.fe).filter((fe) => !Atlas.missing(fe));
    const [least, most] = [Math.min(1, ...known), Math.max(1.01, ...known)];
    const colour = Plot.scale({ color: { type: "linear", scheme: "YlGnBu", domain: [least, most] } });
    // Where nothing was to be expected there is no fold enrichment, and no colour.
    /** @param {Row} pair */
    const fill = (pair) => (Atlas.missing(pair.fe) ? "var(--wash)" : colour.apply(pair.fe));
    /** @param {Row} pair */
    const title = (pair) =>
      lines([
        `${name(pair.language_a)} and ${name(pair.language_b)}`,
        `${pair.observed} units, ${fixed(pair.expected, 1)} expected: FE ${fixed(pair.fe, 2)}`,
        pair.p === undefined
          ? null
          : `super exact test, as in the paper: p ${p(pair.p)}, corrected ${p(pair.p_bh)} (BH), ${p(pair.p_by)} (BY)`,
        ...nullLines(pair, nullRows),
        Atlas.missing(pair.same_sign) ? null : `same sign: ${fixed(100 * pair.same_sign, 0)} %`,
      ]);
    const steps = Array.from({ length: 24 }, (_, i) => colour.apply(least + ((most - least) * i) / 23));
    return {
      title: "Units shared by each pair",
      caption: "Numbers: shared units. Colour: observed over expected, the fold enrichment (FE).",
      legend: [
        {
          mark: "ramp",
          colours: steps,
          label: `${fixed(least, 2)} to ${fixed(most, 2)} times chance: the darker, the more`,
        },
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: Math.min(width, 460),
          marginLeft: 32,
          marginBottom: 28,
          x: { domain: cell.languages, label: null, tickSize: 0 },
          y: { domain: cell.languages, label: null, tickSize: 0 },
          marks: [
            Plot.cell(both, { x: "x", y: "y", fill, inset: 0.5 }),
            Plot.text(both, {
              x: "x",
              y: "y",
              text: (/** @type {Row} */ pair) => String(pair.observed),
              fill: (/** @type {Row} */ pair) => (Atlas.missing(pair.fe) ? "var(--ink)" : Atlas.inkOn(fill(pair))),
              fontSize: width / cell.languages.length < 34 ? 9 : 12,
            }),
            Atlas.tip(both, { x: "x", y: "y", title, width }),
          ],
        }),
      name: "pairs",
      rows: pairs,
      columns: [
        ...Atlas.columns("pairs", ["language_a", "language_b", "observed", "expected", "fe"]),
        ...(Atlas.isTested(state) ? Atlas.columns("pairs", ["p", "p_bh", "p_by"]) : []),
        ...nullColumns("null_pairs", nullRows),
        Atlas.column("pairs", "same_sign"),
      ],
    };
  };

  // How the lines of the nulls are told apart, the first drawn through.
  const DASHES = [null, "5 3", "2 2", "7 2 2 2"];

  // Drawn are units in exactly d languages: of units in d or more there are fewer than by chance where d is small,
  // because the units that languages share are the same ones, and that reads as if they shared less.
  Atlas.degreeChart = (state, tested, nullRows) => {
    const beside = withNulls(tested, nullRows, ["n_languages"]);
    const exactly = Atlas.exactly(tested, "observed");
    const expected = Atlas.exactly(tested, "expected");
    const rows = beside.map((row, i) => ({ ...row, exactly: exactly[i], exactly_expected: expected[i] }));
    const nulls = nullsOf(nullRows).map(({ key, name: label }, i) => {
      const own = nullRows.filter((row) => row.null === key && row.null_mean !== null);
      const means = Atlas.exactly(own, "null_mean");
      return {
        label,
        rows: own.map((row, d) => ({ n_languages: row.n_languages, mean: means[d] })),
        dashes: DASHES[i % DASHES.length],
      };
    });
    /** @param {Row} row */
    const title = (row) =>
      lines([
        `in exactly ${row.n_languages}: ${row.exactly} units, ${number(row.exactly_expected)} expected`,
        `in ${row.n_languages} or more: ${row.observed}, ${number(row.expected)} expected${row.p === undefined ? "" : `, p ${p(row.p)}`}`,
        ...nullLines(row, nullRows),
      ]);
    return {
      title: "Units by number of languages",
      caption:
        `Units at the top ${state.k} in exactly so many languages. Where languages share units, there are more on the right ` +
        `than by chance, and therefore fewer on the left. The numbers have units in so many or more, which the tests are about.`,
      legend: [
        { mark: "bar", colour: colours.main, label: "observed" },
        { mark: "ring", colour: colours.second, label: "expected of independent sets" },
        ...nulls.map(({ label, dashes }) => ({
          mark: /** @type {Mark} */ ("line"),
          colour: "currentColor",
          dashes,
          label,
        })),
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: 300,
          marginLeft: 44,
          x: { label: "in exactly so many languages", tickFormat: "d" },
          y: { label: "units", grid: true },
          marks: [
            Plot.barY(rows, { x: "n_languages", y: "exactly", fill: colours.main, insetLeft: 2, insetRight: 2 }),
            Plot.dot(rows, {
              x: "n_languages",
              y: "exactly_expected",
              stroke: colours.second,
              fill: colours.paper,
              r: 4,
              strokeWidth: 2,
            }),
            ...nulls.map((drawn) =>
              Plot.tickY(drawn.rows, {
                x: "n_languages",
                y: "mean",
                stroke: "currentColor",
                strokeWidth: 2,
                strokeDasharray: drawn.dashes,
              }),
            ),
            Plot.ruleY([0]),
            Atlas.tip(rows, { pointer: Plot.pointerX, x: "n_languages", y: "exactly", title, width }),
          ],
        }),
      name: "degrees",
      rows,
      columns: [
        Atlas.column("degrees", "n_languages"),
        { key: "exactly", label: "In exactly so many", says: "units in so many languages and no more" },
        {
          key: "exactly_expected",
          label: "expected",
          says: "of them by independent sets",
          write: (value) => number(value),
        },
        ...Atlas.columns("degrees", ["observed", "expected", ...(Atlas.isTested(state) ? ["p"] : [])]),
        ...nullColumns("null_degrees", nullRows),
      ],
    };
  };

  // The probe of the curve that chose the layer.
  /** @param {CellData} data */
  const curveOf = (data) => data.tables.layer_choice[0];

  /** @type {Record<string, string>} */
  const READS = { whole: "whole network", layer: "the layer alone", zeroed: "other layers zeroed" };

  /** @returns {Column[]} */
  const probeColumns = () => [
    ...Atlas.columns("probes", ["language", "probe"]),
    Atlas.column("probes", "curve", { write: (curve) => READS[curve] }),
    Atlas.column("probes", "layer", { write: (layer) => (layer < 0 ? "all" : String(layer)) }),
    ...Atlas.columns("probes", ["r", "r_low", "r_high"]),
  ];

  /** @param {Row} row */
  const interval = (row) => `r ${fixed(row.r, 3)} (${fixed(row.r_low, 3)} to ${fixed(row.r_high, 3)})`;

  Atlas.performance = (state, data) => {
    const { probe, curve } = curveOf(data);
    const { probes } = data.tables;
    const one = probes.filter((row) => row.probe === probe && row.curve === curve && row.layer === state.layer);
    const ofAlignment = (data.tables.alignment_points[0] || {}).probe;
    const whole = probes.filter((row) => row.curve === "whole" && row.probe === ofAlignment);
    /** @param {Row} row */
    const title = (row) =>
      `${name(row.language)}, ${row.layer < 0 ? "whole network" : `layer ${row.layer}`}\n${interval(row)}`;
    return {
      title: "Can it be read off?",
      caption:
        "r of predicted and rated values over the sentences of held-out words. Lines: 95 % intervals over words.",
      legend: [
        { mark: "dot", colour: colours.main, label: `layer ${state.layer}, ${Atlas.label(probe)}` },
        ...(whole.length
          ? [
              {
                mark: /** @type {Mark} */ ("ring"),
                colour: colours.second,
                label: `whole network, ${Atlas.label(whole[0].probe)}`,
              },
            ]
          : []),
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: 70 + 30 * one.length,
          marginLeft: 88,
          x: { label: "r on held-out words", grid: true, inset: 8 },
          y: { domain: one.map((row) => row.language), tickFormat: name, label: null },
          marks: [
            Plot.ruleY(whole, { y: "language", x1: "r_low", x2: "r_high", stroke: colours.second, dy: 5 }),
            Plot.dot(whole, {
              y: "language",
              x: "r",
              stroke: colours.second,
              fill: colours.paper,
              r: 4,
              strokeWidth: 2,
              dy: 5,
            }),
            Plot.ruleY(one, { y: "language", x1: "r_low", x2: "r_high", stroke: colours.main, strokeWidth: 2, dy: -4 }),
            Plot.dot(one, { y: "language", x: "r", fill: colours.main, r: 4.5, dy: -4 }),
            Atlas.tip([...one, ...whole], { y: "language", x: "r", title, width }),
          ],
        }),
      name: "performance",
      rows: [...one, ...whole],
      columns: probeColumns(),
    };
  };

  Atlas.layerCurves = (state, data) => {
    const { probe, curve } = curveOf(data);
    const rows = data.tables.probes.filter((row) => row.probe === probe && row.curve === curve);
    const layers = [...new Set(rows.map((row) => row.layer))].sort((a, b) => a - b);
    const means = layers.map((layer) => {
      const ofLayer = rows.filter((row) => row.layer === layer);
      return { layer, r: ofLayer.reduce((sum, row) => sum + row.r, 0) / ofLayer.length };
    });
    /** @param {Row} row */
    const title = (row) => `${name(row.language)}, layer ${row.layer}\n${interval(row)}`;
    return {
      title: "In which layer?",
      caption: `r of predicted and rated values over the sentences of held-out words, ${Atlas.label(probe)}. The study chose layer ${state.cell.layer}.`,
      legend: [
        { mark: "line", colour: colours.soft, thick: 1.2, label: "a language" },
        { mark: "line", colour: colours.main, thick: 3, label: "their mean" },
        { mark: "line", colour: colours.second, dashes: "4 3", label: `layer ${state.layer}` },
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: 300,
          marginLeft: 44,
          x: { label: "layer", ticks: layers, tickFormat: "d" },
          y: { label: "r on held-out words", grid: true },
          marks: [
            Plot.ruleX([state.layer], { stroke: colours.second, strokeWidth: 2, strokeDasharray: "4 3" }),
            Plot.line(rows, {
              x: "layer",
              y: "r",
              z: "language",
              stroke: colours.soft,
              strokeOpacity: 0.8,
              strokeWidth: 1.2,
            }),
            Plot.line(means, { x: "layer", y: "r", stroke: colours.main, strokeWidth: 3 }),
            Plot.dot(rows, Plot.pointer({ x: "layer", y: "r", fill: colours.main })),
            Atlas.tip(rows, { x: "layer", y: "r", title, width }),
          ],
        }),
      name: "layers",
      rows,
      columns: probeColumns(),
    };
  };

  Atlas.alignment = (state, points, pairs) => {
    const rows = points.map((row) => ({
      language: row.language,
      mpo: Atlas.isTested(state) ? row.mpo : Atlas.meanOverlap(pairs, row.language),
      r: row.r,
    }));
    /** @param {Row} row */
    const title = (row) => `${name(row.language)}\nMPO ${fixed(row.mpo, 1)}, r ${fixed(row.r, 3)}`;
    return {
      title: "Do languages that share more do better?",
      caption:
        "A point a language: how many units it shares with the others, and how well its ratings can be read off.",
      legend: [],
      draw: (width) =>
        Atlas.plot({
          width,
          height: 300,
          marginLeft: 44,
          marginRight: 30,
          inset: 12,
          x: { label: "mean number of units shared with the others (MPO)" },
          y: { label: `r, ${(points[0] || {}).reads}`, grid: true },
          marks: [
            Plot.dot(rows, { x: "mpo", y: "r", fill: colours.main, r: 4 }),
            ...Atlas.labels(rows, "mpo", "r", "language", width - 98, 222),
            Atlas.tip(rows, { x: "mpo", y: "r", title, width }),
          ],
        }),
      name: "alignment",
      rows,
      columns: Atlas.columns("alignment_points", ["language", "mpo", "r"]),
    };
  };
})();
