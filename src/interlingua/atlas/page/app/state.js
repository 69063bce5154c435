// What the page shows: view, model, variable, ranking, layer, k, unit, word, filters and order. All of it lives in the
// address, so that a view can be sent and Back brings it back. Each thing is described once, below: its name, in which
// views it acts, how it is read, and what it is where the address is silent. From this follow reading an address,
// writing the one address that a view has, and the choices that are offered.
"use strict";

(function () {
  /** @type {Record<View, string>} */
  Atlas.views = { overview: "Overview", units: "Units", unit: "A unit", word: "A word" };

  /** @template T @param {T[]} values @returns {T[]} */
  const unique = (values) => [...new Set(values)];
  /** @param {State} state */
  const layout = (state) => Atlas.layout(state.cell);
  /** @type {(...views: View[]) => (state: State) => boolean} */
  const inViews =
    (...views) =>
    (state) =>
      views.includes(state.view);
  const everywhere = inViews("overview", "units", "unit", "word");

  // The layers of a model that have pages of units.
  /** @param {State} state */
  const layersOfPages = (state) =>
    unique([
      state.cell.layer,
      ...Atlas.index.pages
        .filter((page) => page.model === state.model && page.site === state.site)
        .map((page) => page.layer),
    ]).sort((a, b) => a - b);

  // Read a text as one of the options, which are [key, shown]; `called` is what they are.
  /** @type {(called: string, options: (state: State) => Option[], shown: (value: any) => string) => Entry["parse"]} */
  const oneOf = (called, options, shown) => (text, state) => {
    const found = options(state).find(([key]) => String(key) === text);
    if (found) return { value: found[0] };
    return { problem: `There is no ${called} “${text}” here: ${shown(state[called])} is shown.` };
  };

  // Read a whole number between `low` and `high`; beyond them it is the nearer of the two.
  /** @type {(called: string, low: number, high: (state: State) => number, of: (state: State) => string) => Entry["parse"]} */
  const wholeNumber = (called, low, high, of) => (text, state) => {
    const value = Number(text);
    if (!Number.isInteger(value)) {
      return { problem: `${called} “${text}” is no whole number: ${called} is ${state[called]} here.` };
    }
    const held = Math.min(Math.max(value, low), high(state));
    if (held === value) return { value };
    return { value: held, problem: `${called} = ${text} can't be, ${of(state)}: ${called} is ${held} here.` };
  };

  /** @param {State} state @returns {Option[]} */
  const layerOptions = (state) =>
    (state.view === "word" ? layersOfPages(state) : layout(state).layers).map((layer) => [
      layer,
      layer === state.cell.layer ? `${layer} (chosen)` : String(layer),
    ]);

  /** @type {Entry["parse"]} */
  const unitOf = (text, state) => {
    const { find, first, last, typed } = layout(state);
    const unit = find(text);
    if (unit !== null) return { value: unit };
    const ids = `${first} to ${last}, or ${typed(first)} to ${typed(last)}`;
    return { problem: `There is no unit “${text}”: the units of ${Atlas.modelName(state.model)} are ${ids}.` };
  };

  /** @returns {Option[]} */
  const models = () =>
    unique(Atlas.index.cells.map((cell) => cell.model)).map((model) => [model, Atlas.modelName(model)]);
  /** @param {State} state @returns {Option[]} */
  const sites = (state) =>
    unique(Atlas.index.cells.filter((cell) => cell.model === state.model).map((cell) => cell.site)).map((site) => [
      site,
      Atlas.label(site),
    ]);
  /** @param {State} state @returns {Option[]} */
  const variables = (state) =>
    Atlas.index.cells
      .filter((cell) => cell.model === state.model && cell.site === state.site)
      .map(({ variable }) => [variable, variable]);
  /** @returns {Option[]} */
  const rankings = () => Atlas.index.methods.map((method) => [method.key, method.name]);

  /** @param {State} state @returns {Option[]} */
  const readouts = (state) => state.cell.readouts.map(({ key, name }) => [key, name]);

  // A word's view without a word is a search: rankings act only in what its links lead to.
  /** @param {State} state */
  const hasResult = (state) => state.view !== "word" || state.word !== null;

  // In the order in which they are read: what comes later may ask for what came before. `part` is the place in the path
  // of the address, all others stand behind the question mark: always, or (`brief`) only where they are not the
  // standard. `choice` is the field in the page's head.
  /** @type {Entry[]} */
  const OWN = [
    {
      name: "view",
      part: 0,
      acts: () => true,
      standard: () => "overview",
      parse: (text) =>
        Object.hasOwn(Atlas.views, text)
          ? { value: text }
          : { problem: `There is no view “${text}”: this is the overview.` },
    },
    {
      name: "model",
      acts: everywhere,
      standard: () => Atlas.index.cells[0].model,
      parse: oneOf("model", models, Atlas.modelName),
      choice: { label: "Model", options: models, offered: hasResult },
    },
    {
      name: "site",
      brief: true,
      acts: everywhere,
      standard: (state) => sites(state)[0][0],
      parse: oneOf("site", sites, (site) => Atlas.label(site)),
      choice: { label: "Site", options: sites, offered: hasResult },
    },
    {
      name: "variable",
      acts: everywhere,
      standard: (state) => variables(state)[0][0],
      parse: oneOf("variable", variables, String),
      choice: { label: "Variable", options: variables, offered: hasResult },
    },
    {
      name: "ranking",
      acts: everywhere,
      standard: () => Atlas.index.headline,
      parse: oneOf("ranking", rankings, (method) => Atlas.label(method)),
      choice: { label: "Ranking", options: rankings, offered: hasResult },
    },
    { name: "unit", part: 1, acts: inViews("unit"), standard: () => null, parse: unitOf },
    {
      name: "layers",
      brief: true,
      acts: inViews("units"),
      standard: () => "one",
      parse: (text) =>
        text === "one" || text === "all" ? { value: text } : { problem: `“layers” is one or all, not “${text}”.` },
    },
    {
      // A unit stands in its own layer, and words are there for the layers with pages.
      name: "layer",
      acts: (state) => state.view !== "unit" && state.layers !== "all",
      standard: (state) => (state.unit === null ? state.cell.layer : layout(state).place(state.unit).layer),
      parse: oneOf("layer", layerOptions, String),
      choice: { label: "Layer", options: layerOptions, offered: hasResult },
    },
    {
      name: "k",
      acts: everywhere,
      standard: (state) => state.cell.k,
      parse: wholeNumber(
        "k",
        1,
        (state) => layout(state).width(state.layer),
        (state) => `a layer has ${layout(state).width(state.layer)} units`,
      ),
      choice: { label: "Top k", most: (state) => layout(state).width(state.layer), offered: hasResult },
    },
    {
      name: "with",
      brief: true,
      acts: (state) => state.view === "unit" && state.unit !== null,
      standard: () => null,
      parse: (text, state) =>
        text === String(state.unit)
          ? { problem: `Unit ${text} is the one that is shown: compare it with another.` }
          : unitOf(text, state),
    },
    {
      // What reads the rating behind edited units: of those that the study edits, in the views that show what edits do.
      name: "readout",
      brief: true,
      acts: (state) =>
        state.cell.readouts.length > 0 &&
        (state.view === "overview" ? Atlas.isTested(state) : state.view === "unit" && state.layer === state.cell.layer),
      standard: (state) => state.cell.readouts[0]?.key ?? "",
      parse: oneOf("readout", readouts, String),
      choice: { label: "Readout", options: readouts, offered: () => true },
    },
    {
      name: "language",
      part: 1,
      acts: inViews("word"),
      standard: () => null,
      parse: (text) => {
        const { languages } = Atlas.index;
        if (languages.some((language) => language.code === text)) return { value: text };
        const known = languages.map(({ code, name }) => `${name} (${code})`);
        return { problem: `The atlas has no language “${text}”. It has ${Atlas.listing(known)}.` };
      },
    },
    {
      name: "word",
      part: 2,
      acts: (state) => state.view === "word" && state.language !== null,
      standard: () => null,
      parse: (text) => ({ value: text }),
    },
    {
      // What is looked for; a word of an unknown language is looked for in all of them.
      name: "find",
      brief: true,
      acts: (state) => state.view === "word" && state.word === null,
      standard: (state, texts) => (state.language === null && texts.word) || "",
      parse: (text) => ({ value: text }),
    },
    {
      // Columns of the table of units, the first first, each with a minus if its greatest stand at the top.
      name: "sort",
      brief: true,
      acts: inViews("units"),
      standard: () => "-n_languages,mean_rank",
      parse: (text) =>
        /^-?\w+(,-?\w+)*$/.test(text) ? { value: text } : { problem: `“${text}” is no order of columns.` },
    },
  ];

  /** @returns {Entry[]} */
  const entries = () => [
    ...OWN,
    ...Atlas.filters.map((filter) => ({
      name: filter.name,
      brief: true,
      acts: (/** @type {State} */ state) => state.view === "units" && (!filter.there || filter.there(state)),
      standard: filter.standard,
      parse: filter.parse,
    })),
  ];

  // The state that texts by name give, and a sentence for each that can't be.
  /** @type {(texts: Texts) => Read} */
  const settle = (texts) => {
    const state = /** @type {State} */ ({});
    /** @type {string[]} */
    const problems = [];
    for (const entry of entries()) {
      const text = texts[entry.name];
      state[entry.name] = entry.standard(state, texts);
      if (text !== undefined && text !== "" && entry.acts(state)) {
        const { value, problem } = entry.parse(text, state);
        if (problem) problems.push(problem);
        if (value !== undefined) state[entry.name] = value;
      }
      if (entry.name === "variable") {
        state.number = Atlas.index.cells.findIndex(
          (cell) => cell.model === state.model && cell.site === state.site && cell.variable === state.variable,
        );
        state.cell = Atlas.index.cells[state.number];
      }
    }
    return { state, problems };
  };

  /** @param {string} text */
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // a stray % in a link that was typed by hand
    }
  };

  // Read "#unit/2709?model=...&k=71&with=2736".
  Atlas.readState = (hash) => {
    const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
    const parts = path.split("/").map(decoded);
    const asked = new URLSearchParams(query);
    /** @type {Texts} */
    const texts = { view: parts[0] };
    const known = entries();
    for (const { name, part } of known) if (part === undefined && asked.has(name)) texts[name] = asked.get(name) ?? "";
    for (const { name, part, acts } of known) {
      const state = /** @type {State} */ ({ view: texts.view, language: "" });
      if (part && acts(state)) texts[name] = parts[part];
    }
    const read = settle(texts);
    const strange = [...asked.keys()].filter((name) => !known.some((entry) => entry.name === name));
    return {
      ...read,
      problems: [...read.problems, ...strange.map((name) => `“${name}” in the address means nothing here.`)],
    };
  };

  // The texts of a state with a change laid over it. Another model, site or variable brings its own layer and k, and
  // another site its own units.
  /** @type {(state: State, change: Change) => Texts} */
  const textsOf = (state, change) => {
    const next = { ...state, ...change };
    const elsewhere = next.site !== state.site;
    const moved = elsewhere || next.model !== state.model || next.variable !== state.variable;
    /** @type {Texts} */
    const texts = {};
    for (const { name } of entries()) {
      const value = next[name];
      if (moved && (name === "layer" || name === "k") && !(name in change)) continue;
      if (elsewhere && (name === "unit" || name === "with") && !(name in change)) continue;
      if (!Atlas.missing(value) && value !== "") texts[name] = String(value);
    }
    return texts;
  };

  // The address of texts; `written` says which names stand in it.
  /** @type {(texts: Texts, written: (entry: Entry) => boolean) => string} */
  const addressOf = (texts, written) => {
    const shown = entries().filter((entry) => texts[entry.name] !== undefined && written(entry));
    const path = shown.filter(({ part }) => part !== undefined).sort((a, b) => Number(a.part) - Number(b.part));
    const query = new URLSearchParams(
      shown.filter(({ part }) => part === undefined).map(({ name }) => [name, texts[name]]),
    );
    const places = path.map(({ name }) => encodeURIComponent(texts[name]));
    const rest = query.toString();
    return `#${places.join("/")}${rest && `?${rest}`}`;
  };

  // The one address of what a state shows, with a change laid over it: what acts in its view, and nothing that can't be.
  Atlas.href = (state, change = {}) => {
    const { state: next } = settle(textsOf(state, change));
    return addressOf(
      textsOf(next, {}),
      (entry) => entry.acts(next) && !(entry.brief && next[entry.name] === entry.standard(next, {})),
    );
  };

  // The same as it was asked for, so that the page can say what of it can't be.
  Atlas.asked = (state, change) => {
    const texts = textsOf(state, change);
    const { state: next } = settle(texts);
    return addressOf(texts, (entry) => entry.acts(next));
  };

  // The choices that change what this view shows: of one option there is nothing to choose.
  Atlas.offered = (state) =>
    entries()
      .filter(({ choice, acts }) => choice && acts(state) && choice.offered(state))
      .map(({ name, choice }) => ({ name, .../** @type {Choice} */ (choice) }))
      .map(({ options, most, ...rest }) => ({
        ...rest,
        options: options && options(state),
        most: most && most(state),
      }))
      .filter(({ options }) => !options || options.length > 1);

  // Whether the study tested the overlap at this layer and k.
  Atlas.isTested = (state) => state.layer === state.cell.layer && state.k === state.cell.k;

  // The layers of what is shown.
  Atlas.layersOf = (state) => {
    if (state.layers === "all") return layout(state).layers;
    const units = [state.unit, state.with].filter((unit) => unit !== null);
    return units.length ? unique(units.map((unit) => layout(state).place(unit).layer)) : [state.layer];
  };

  Atlas.describe = (state) => {
    const layers = Atlas.layersOf(state);
    const several = sites(state).length > 1;
    const where =
      state.layers === "all"
        ? "all layers"
        : `layer${layers.length > 1 ? "s" : ""} ${Atlas.listing(layers.map(String))}`;
    return (
      `${Atlas.modelName(state.model)} · ${several ? `${Atlas.label(state.site)} · ` : ""}${state.variable} · ranked by ${Atlas.label(state.ranking)} · ` +
      `${where} · top ${state.k} of ${layout(state).width(state.layer)}`
    );
  };
})();
