// A unit's page: what it does in every language. Two units can stand side by side.
"use strict";

(function () {
  const { el, fixed, number } = Atlas;
  const LISTED = 8; // words in each direction

  Atlas.viewUnit = async (state) => {
    if (state.unit === null) return { nodes: [el("h1", { tabindex: "-1" }, "A unit"), ...unitForm(state)] };
    const units = [state.unit, ...(state.with === null ? [] : [state.with])];
    const parts = await Promise.all(units.map((unit) => unitPart(state, unit)));
    const heading =
      units.length === 2
        ? `Units ${called(state, units[0])} and ${called(state, units[1])}`
        : `Unit ${called(state, units[0])}`;
    return {
      nodes: [
        el("h1", { tabindex: "-1" }, heading),
        el("p", { class: "chosen" }, Atlas.describe(state)),
        compareForm(state),
        el("div", { class: units.length === 2 ? "side-by-side" : "alone" }, ...parts),
      ],
    };
  };

  // What a unit is called: in the residual stream by the paper's number, elsewhere by its place.
  /** @type {(state: State, unit: number) => string} */
  const called = (state, unit) => (state.site === "resid" ? String(unit) : Atlas.layout(state.cell).name(unit));

  /** @type {(state: State, name: "unit" | "with", label: string, button: string, ...more: Child[]) => HTMLElement} */
  function numberForm(state, name, label, button, ...more) {
    const input = /** @type {HTMLInputElement} */ (
      el("input", { name, type: "text", size: "14", autocomplete: "off", value: state[name] })
    );
    /** @param {Event} event */
    const onsubmit = (event) => {
      event.preventDefault();
      Atlas.go(state, { [name]: input.value });
    };
    const attributes = { class: "filters", "aria-label": button, novalidate: true, onsubmit };
    return el(
      "form",
      attributes,
      el("label", {}, `${label} `, input),
      el("button", { type: "submit" }, button),
      ...more,
    );
  }

  /** @param {State} state */
  const range = (state) => {
    const { first, last, typed } = Atlas.layout(state.cell);
    return `${first} to ${last}; by layer and number ${typed(first)} to ${typed(last)}`;
  };

  /** @param {State} state */
  const unitForm = (state) => [
    el("p", { class: "chosen" }, `${Atlas.modelName(state.model)} has the units ${range(state)}.`),
    numberForm(state, "unit", "Unit", "Show"),
    el(
      "p",
      {},
      el("a", { href: Atlas.href(state, { view: "units" }) }, "All units"),
      " of a layer can be sorted and filtered.",
    ),
  ];

  /** @param {State} state */
  const compareForm = (state) =>
    numberForm(
      state,
      "with",
      "Compare with unit",
      "Compare",
      state.with === null ? null : el("a", { href: Atlas.href(state, { with: null }) }, "Show one only"),
    );

  /** @type {(state: State, unit: number) => Promise<HTMLElement>} */
  async function unitPart(state, unit) {
    const { cell } = state;
    const { layer, index } = Atlas.layout(cell).place(unit);
    const page = Atlas.pagesOf(state.cell, layer);
    const position = page ? page.units.indexOf(unit) : -1;
    const [data, ranks, transfer, steered] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
      Atlas.loadTransfer(state.number),
      Atlas.loadSteered(state.number),
    ]);
    const beside = Atlas.unitColumns(data, state.ranking);
    const row = Atlas.unitRows(ranks, transfer, beside, cell, layer, state.k)[index];
    const [neighbours, ...languages] =
      page && position >= 0
        ? await Promise.all([
            Atlas.load(`units/${page.name}`),
            ...Atlas.index.languages.map(({ code }) => ofLanguage(page, position, code)),
          ])
        : [[]];
    const drawn = new Map(languages.map((language) => [language.code, language.r[state.variable]]));
    return el(
      "section",
      { class: "unit", "data-unit": unit, "aria-label": `Unit ${called(state, unit)}` },
      el("h2", {}, `Unit ${called(state, unit)}`),
      el("p", {}, summary(state, row)),
      besideList(beside, unit),
      standing(state, data, ranks, transfer, beside, unit, drawn),
      steered && Atlas.shifted(state, steered, unit),
      ...(page && position >= 0
        ? [
            neighbourList(
              state,
              unit,
              neighbours[position].map((/** @type {[number, number]} */ [other, r]) => [page.units[other], r]),
            ),
            el(
              "div",
              { class: "languages" },
              ...languages.map((language) => languagePart(state, unit, language, drawn.get(language.code) ?? null)),
            ),
          ]
        : [
            el(
              "p",
              { class: "note" },
              "Its words and sentences are not in the atlas: they are there for units at the top of two languages or more, by any ranking, in the layers that the study chose. ",
              ...Atlas.index.pages
                .filter((entry) => entry.model === state.model && entry.site === state.site)
                .map((entry) => `(Layer ${entry.layer}: ${entry.units.length} units.) `),
            ),
          ]),
    );
  }

  /** @type {(page: { name: string }, position: number, code: string) => Promise<UnitInLanguage>} */
  async function ofLanguage(page, position, code) {
    const [units, words, sentences] = await Promise.all([
      Atlas.loadUnits(page.name, code),
      Atlas.load(`words/${code}`),
      Atlas.load(`sentences/${code}`),
    ]);
    /** @param {[number, number]} quoted */
    const quote = ([place, activation]) => ({ sentence: sentences[place], activation });
    return {
      code,
      words,
      means: units.means(position),
      mean: units.mean[position],
      sd: units.sd[position],
      r: Object.fromEntries(Object.entries(units.r).map(([variable, r]) => [variable, r[position]])),
      top: units.top[position].map(quote),
      bottom: units.bottom[position].map(quote),
    };
  }

  /** @type {(state: State, row: UnitRow) => string} */
  function summary(state, row) {
    const where = row.n_languages
      ? `at the top ${state.k} in ${row.n_languages} of ${state.cell.languages.length} languages: ${row.languages.split(" ").map(Atlas.languageName).join(", ")}`
      : `at the top ${state.k} in none of the ${state.cell.languages.length} languages`;
    const signs = row.n_languages ? `; sign + in ${row.n_positive}, − in ${row.n_negative}` : "";
    return `${Atlas.layout(state.cell).name(row.unit)}: layer ${row.layer}, number ${row.index} in it; ${where}${signs}.`;
  }

  // What questions put beside the unit, where there is anything.
  /** @type {(beside: UnitColumn[], unit: number) => HTMLElement | null} */
  function besideList(beside, unit) {
    const there = beside.filter((column) => column.mean(unit) !== null);
    if (!there.length) return null;
    /** @param {UnitColumn} column */
    const item = (column) =>
      el(
        "div",
        { title: column.says },
        el("dt", {}, column.label),
        el("dd", { "data-key": column.key }, column.write(column.mean(unit))),
      );
    return el("dl", { class: "beside" }, ...there.map(item));
  }

  // Rank and weight in the languages that chose units, t and percentile in those that did not, and what questions put
  // beside it there. The r of the scatter beneath has a column of its own: a ranking's r is of other data.
  /** @type {(state: State, data: CellData, ranks: Ranks, transfer: Transfer, beside: UnitColumn[], unit: number, drawn: Map<string, number | null>) => HTMLElement} */
  function standing(state, data, ranks, transfer, beside, unit, drawn) {
    const { cell } = state;
    const { layer, index } = Atlas.layout(cell).place(unit);
    const at = Atlas.layout(cell).at(unit);
    const byLanguage = beside.filter((column) => column.of);
    /** @param {string} code */
    const inLanguage = (code) => ({
      language: code,
      r_drawn: drawn.get(code) ?? null,
      ...Object.fromEntries(byLanguage.map((column) => [column.key, column.of?.(unit, code)])),
    });
    const weights = data.weights[state.ranking];
    const seen = cell.languages.map((code) => ({
      ...inLanguage(code),
      role: "seen",
      rank: Math.abs(ranks[code][at]) || null,
      weight: layer === cell.layer ? Atlas.unpack.f4(weights[code])[index] : null,
    }));
    const unseen = cell.unseen.map((code) => ({
      ...inLanguage(code),
      role: "unseen",
      t: transfer[code].t[at],
      percentile: transfer[code].percentile[at],
    }));
    /** @type {Column[]} */
    const columns = [
      Atlas.column("rankings", "language"),
      { key: "role", label: "Role", text: true },
      ...(drawn.size
        ? [
            {
              key: "r_drawn",
              label: "r (words, drawn below)",
              says: "Pearson's r of the word means drawn below with the ratings, training and held-out words",
              write: (/** @type {any} */ value) => fixed(value, 3),
            },
          ]
        : []),
      Atlas.column("rankings", "rank"),
      state.ranking === "correlation"
        ? {
            key: "weight",
            label: "r (training sentences)",
            says: "what it is ranked by: Pearson's r over the sentences of the training words",
            write: (value) => fixed(value, 3),
          }
        : {
            key: "weight",
            label: "Weight",
            says: "what it is ranked by, with its sign",
            write: (value) => number(value, 3),
          },
      ...byLanguage,
      ...(cell.unseen.length
        ? [Atlas.column("transfer_units", "t_words", { key: "t" }), Atlas.column("transfer_units", "percentile")]
        : []),
    ];
    return Atlas.table(columns, [...seen, ...unseen], {
      label: `Unit ${unit} by language`,
      name: `unit-${unit}`,
      state,
    });
  }

  /** @type {(state: State, unit: number, neighbours: [number, number][]) => HTMLElement} */
  function neighbourList(state, unit, neighbours) {
    /** @param {[number, number]} neighbour */
    const item = ([other, r]) =>
      el(
        "li",
        {},
        el("a", { href: Atlas.href(state, { unit: other, with: null }) }, String(other)),
        ` r ${fixed(r, 2)} `,
        el(
          "a",
          { href: Atlas.href(state, { unit, with: other }), "aria-label": `Compare ${unit} with ${other}` },
          "compare",
        ),
      );
    return el(
      "div",
      { class: "neighbours" },
      el("h3", {}, "Neighbours"),
      el("p", { class: "note" }, "Units that go up and down with it over the words of all languages."),
      el("ul", {}, ...neighbours.map(item)),
    );
  }

  /** @type {(state: State, unit: number, language: UnitInLanguage, r: number | null) => HTMLElement} */
  function languagePart(state, unit, language, r) {
    const { code, words, means } = language;
    const rows = means.map((mean, i) => ({ word: words.words[i], rating: words.ratings[state.variable][i], mean }));
    const points = rows.filter((row) => row.rating !== null);
    const name = Atlas.languageName(code);
    const fewer = words.words.length < words.all ? ` of ${words.all}` : "";
    const said = `r ${fixed(r, 3)}, ${points.length}${fewer} words`;
    /** @type {(width: number) => SVGElement} */
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 200,
        marginLeft: 40,
        x: { label: state.variable, ticks: 4 },
        y: { label: "activation", grid: true, ticks: 4 },
        marks: [
          Plot.dot(points, { x: "rating", y: "mean", r: 2, fill: Atlas.colours.main, fillOpacity: 0.55 }),
          Atlas.tip(points, {
            x: "rating",
            y: "mean",
            width,
            title: (/** @type {any} */ point) =>
              `${point.word}\nrating ${number(point.rating)}, activation ${number(point.mean)}`,
          }),
        ],
      });
    const figure = {
      state,
      title: `${name}: unit ${unit} and ${state.variable}`,
      caption: `Activation, mean over a word's sentences, against ${state.variable}; a point a word. ${said}.`,
      legend: [],
      draw,
      languages: [code],
      name: `unit-${unit}-${code}`,
    };
    const role = Atlas.language(code).unseen ? "unseen" : state.cell.languages.includes(code) ? "" : "no ratings";
    return el(
      "section",
      { class: "language", "data-language": code, "aria-label": `${name}, unit ${unit}` },
      el("h3", {}, name, role ? el("span", { class: "role" }, role) : null),
      el("p", { class: "drawn" }, points.length ? said : `No ratings of ${state.variable}.`),
      points.length ? Atlas.chart(draw, `${figure.title}. ${figure.caption}`) : null,
      el(
        "div",
        { class: "tools" },
        ...(points.length ? Atlas.saveButtons(figure) : []),
        wordNumbers(state, rows, `${name}, unit ${unit}: words`, figure.name, code),
      ),
      wordList(state, "Most up", code, [...rows].sort((a, b) => b.mean - a.mean).slice(0, LISTED)),
      wordList(state, "Most down", code, [...rows].sort((a, b) => a.mean - b.mean).slice(0, LISTED)),
      el("h4", {}, "Sentences, up"),
      sentenceList(language, language.top),
      el("h4", {}, "Sentences, down"),
      sentenceList(language, language.bottom),
    );
  }

  // The numbers behind a scatter, made when they are first opened: there are thousands on the page. So they are printed
  // where they are open only, and else it is said that they are not.
  /** @type {(state: State, rows: Row[], label: string, name: string, code: string) => HTMLElement} */
  function wordNumbers(state, rows, label, name, code) {
    /** @type {Column[]} */
    const columns = [
      { key: "word", label: "Word", text: true, node: (word) => el("span", Atlas.inLanguage(code), word) },
      { key: "rating", label: "Rating", write: (value) => number(value) },
      { key: "mean", label: "Activation", write: (value) => number(value) },
    ];
    const details = /** @type {HTMLDetailsElement} */ (el("details", { class: "long" }, el("summary", {}, "Numbers")));
    details.addEventListener("toggle", () => details.append(Atlas.table(columns, rows, { label, name, state })), {
      once: true,
    });
    Atlas.onPaper(details, () =>
      el(
        "p",
        { class: "on-paper" },
        details.open ? "" : `The numbers of ${rows.length} words are not printed: open Numbers first, or save the CSV.`,
      ),
    );
    return details;
  }

  /** @type {(state: State, title: string, code: string, rows: Row[]) => HTMLElement} */
  function wordList(state, title, code, rows) {
    /** @param {Row} row */
    const item = ({ word }) =>
      el("li", {}, el("a", { href: Atlas.href(state, { view: "word", language: code, word }) }, word));
    return el("div", { class: "words" }, el("h4", {}, title), el("ul", Atlas.inLanguage(code), ...rows.map(item)));
  }

  // Shaded by how far the activation stands from the mean over words, blue above and orange below.
  /** @type {(language: UnitInLanguage, quotes: Quote[]) => HTMLElement} */
  function sentenceList(language, quotes) {
    /** @param {Quote} quote */
    const item = ({ sentence: [text, start, end], activation }) => {
      const z = language.sd > 0 ? (activation - language.mean) / language.sd : 0;
      const strength = Math.round(Math.min(Math.abs(z) / 3, 1) * 26);
      const colour = z >= 0 ? "var(--accent)" : "var(--second)";
      return el(
        "li",
        { style: `background: color-mix(in srgb, ${colour} ${strength}%, transparent)` },
        el(
          "span",
          { class: "text", ...Atlas.inLanguage(language.code) },
          text.slice(0, start),
          el("mark", {}, text.slice(start, end)),
          text.slice(end),
        ),
        el("span", { class: "activation" }, `activation ${number(activation)}`),
      );
    };
    return el("ul", { class: "sentences" }, ...quotes.map(item));
  }
})();
