// A word's view: where it stands on each unit that languages share.
"use strict";

(function () {
  const { el, fixed, number } = Atlas;
  const FOUND = 24; // words listed for a search
  const DRAWN = 40; // units drawn; the table has all

  Atlas.viewWord = async (state) => {
    const all = await Promise.all(Atlas.index.languages.map(({ code }) => Atlas.load(`words/${code}`)));
    /** @type {Record<string, Words>} */
    const words = Object.fromEntries(Atlas.index.languages.map(({ code }, i) => [code, all[i]]));
    const found = el("ul", { class: "found", "aria-label": "Words found" });
    const count = el("p", { role: "status", class: "note" });
    const attributes = { name: "word", type: "search", autocomplete: "off", spellcheck: "false", dir: "auto" };
    const input = /** @type {HTMLInputElement} */ (el("input", { ...attributes, value: state.word ?? state.find }));
    input.addEventListener("input", () => {
      list(state, words, input.value, found, count);
      if (state.word !== null) return; // the address is that of the word
      state.find = input.value.trim();
      Atlas.note(state);
    });
    const known = state.word !== null && words[state.language].words.includes(state.word);
    if (!known) list(state, words, input.value, found, count);
    /** @param {Event} event */
    const onsubmit = (event) => {
      event.preventDefault();
      found.querySelector("a")?.click();
    };
    return {
      nodes: [
        el(
          "h1",
          { tabindex: "-1" },
          state.word === null ? "A word" : el("span", Atlas.inLanguage(state.language), state.word),
        ),
        ...(state.word === null ? [] : [el("p", { class: "chosen" }, Atlas.describe(state))]),
        el(
          "form",
          { class: "filters", role: "search", "aria-label": "Find a word", onsubmit },
          el("label", {}, "A word, in any language ", input),
        ),
        ...(state.word === null
          ? [el("p", { class: "note" }, "Where does a word of the study stand on the units that languages share?")]
          : []),
        count,
        found,
        ...(state.word === null
          ? []
          : known
            ? await wordPart(state, words[state.language], state.word)
            : [
                el(
                  "p",
                  { class: "told" },
                  `The atlas has no word “${state.word}” in ${Atlas.languageName(state.language)}.`,
                ),
              ]),
      ],
    };
  };

  // Words that hold what is asked for, with its accents or without: the word itself first, then those with its accents,
  // then those that begin with it, then short ones.
  Atlas.findWords = (text, words) => {
    /** @param {string} word */
    const small = (word) => word.normalize("NFC").toLowerCase();
    const [asked, folded] = [small(text.trim()), Atlas.folded(text.trim())];
    if (!folded) return [];
    return Object.entries(words)
      .flatMap(([code, ofLanguage]) =>
        ofLanguage.words.map((word) => ({ code, word, at: Atlas.folded(word).indexOf(folded) })),
      )
      .filter(({ at }) => at >= 0)
      .map(({ code, word, at }) => {
        const exact = small(word) === asked ? 0 : Atlas.folded(word) === folded ? 1 : 2;
        return { code, word, order: [exact, small(word).includes(asked) ? 0 : 1, at === 0 ? 0 : 1, word.length] };
      })
      .sort((a, b) => a.order.map((value, i) => value - b.order[i]).find(Boolean) ?? 0)
      .map(({ code, word }) => ({ code, word }));
  };

  // The words that each language rates highest, to begin with; those at the other end are often no words to be greeted by.
  Atlas.highestWords = (variable, words) =>
    Object.entries(words).flatMap(([code, ofLanguage]) => {
      const rating = (/** @type {number} */ i) => Number(ofLanguage.ratings[variable][i]);
      const rated = ofLanguage.words.map((_, i) => i).filter((i) => ofLanguage.ratings[variable][i] !== null);
      const order = rated.sort((a, b) => rating(b) - rating(a));
      return order.slice(0, 2).map((i) => ({ code, word: ofLanguage.words[i] }));
    });

  /** @type {(state: State, words: Record<string, Words>, text: string, found: HTMLElement, count: HTMLElement) => void} */
  function list(state, words, text, found, count) {
    const hits = text.trim() ? Atlas.findWords(text, words) : Atlas.highestWords(state.variable, words);
    found.replaceChildren(
      ...hits
        .slice(0, FOUND)
        .map(({ code, word }) =>
          el(
            "li",
            {},
            el(
              "a",
              { href: Atlas.href(state, { language: code, word }) },
              el("span", Atlas.inLanguage(code), word),
              ` ${Atlas.languageName(code)}`,
            ),
          ),
        ),
    );
    const listed = hits.length > FOUND ? `, ${FOUND} listed` : "";
    count.textContent = text.trim()
      ? `${hits.length} ${hits.length === 1 ? "word" : "words"} found${listed}`
      : `Rated highest in ${state.variable}, by language${listed}:`;
  }

  /** @type {(state: State, words: Words, word: string) => Promise<HTMLElement[]>} */
  async function wordPart(state, words, word) {
    const { cell } = state;
    const place = words.words.indexOf(word);
    const name = Atlas.languageName(state.language);
    const page = Atlas.pagesOf(state.cell, state.layer);
    if (!page) return [el("p", { class: "note" }, `No units of layer ${state.layer} are in the atlas with words.`)];
    const [data, ranks, transfer, units] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
      Atlas.loadTransfer(state.number),
      Atlas.loadUnits(page.name, state.language),
    ]);
    const table = Atlas.unitRows(ranks, transfer, Atlas.unitColumns(data, state.ranking), cell, state.layer, state.k);
    const rows = page.units
      .map((unit, position) => ({ ...table[Atlas.layout(cell).place(unit).index], position }))
      .filter((row) => row.n_languages >= 2)
      .sort((a, b) => b.n_languages - a.n_languages || Number(a.mean_rank) - Number(b.mean_rank))
      .map((row) => {
        const activation = units.means(row.position)[place];
        const z = units.sd[row.position] > 0 ? (activation - units.mean[row.position]) / units.sd[row.position] : 0;
        return { ...row, activation, z, towards: row.n_negative > row.n_positive ? -z : z };
      });
    const rating = words.ratings[state.variable][place];
    const split = { train: "a training word", test: "a held-out word", unseen: "of an unseen language" }[
      words.split[place]
    ];
    const intro = el("p", {}, `${name}, ${state.variable} ${number(rating)} (${split}).`);
    if (!rows.length) {
      return [intro, el("p", { class: "note" }, "No unit is at the top of two languages or more by this choice.")];
    }
    return [intro, Atlas.figure({ state, ...figure(state, rows, rating, words, name) })];
  }

  /** @type {(state: State, rows: Row[], rating: number | null, words: Words, name: string) => Figure} */
  function figure(state, rows, rating, words, name) {
    const rated = /** @type {number[]} */ (words.ratings[state.variable].filter((value) => value !== null));
    const mean = rated.reduce((sum, value) => sum + value, 0) / rated.length;
    const sd = Math.sqrt(rated.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rated.length);
    const expected = rating === null || !(sd > 0) ? null : (rating - mean) / sd;
    const drawn = rows.slice(0, DRAWN);
    const languages = new Map(drawn.map((row) => [row.unit, row.n_languages]));
    const { colours } = Atlas;
    /** @param {Row} row */
    const title = (row) =>
      `unit ${row.unit}, ${row.n_languages} languages\n${fixed(row.towards, 2)} standard deviations, activation ${number(row.activation)}`;
    return {
      title: "On the units that languages share",
      caption:
        `Where “${state.word}” (${name}) stands among the words of its language on each unit; right is towards more ${state.variable}, ` +
        `by the sign that most languages give the unit. In brackets: languages that have the unit at the top.` +
        (rows.length > DRAWN ? ` The first ${DRAWN} of ${rows.length} units; the numbers have all.` : ""),
      legend: [
        { mark: "dot", colour: colours.main, label: "its activation" },
        ...(expected === null
          ? []
          : [{ mark: /** @type {Mark} */ ("line"), colour: colours.second, dashes: "4 3", label: "its rating" }]),
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: 70 + 16 * drawn.length,
          marginLeft: 84,
          x: { label: "standard deviations among the words", grid: true, inset: 8 },
          y: {
            domain: drawn.map((row) => row.unit),
            label: null,
            type: "band",
            tickFormat: (/** @type {number} */ unit) => `${unit} (${languages.get(unit)})`,
          },
          marks: [
            Plot.ruleX([0]),
            expected === null
              ? null
              : Plot.ruleX([expected], { stroke: colours.second, strokeWidth: 2, strokeDasharray: "4 3" }),
            Plot.ruleY(drawn, { y: "unit", x1: 0, x2: "towards", stroke: colours.main, strokeOpacity: 0.5 }),
            Plot.dot(drawn, { y: "unit", x: "towards", fill: colours.main, r: 4 }),
            Atlas.tip(drawn, { y: "unit", x: "towards", title, width }),
          ],
        }),
      name: "word",
      file: `word-${state.language}-${state.word}`,
      languages: [state.language],
      rows,
      columns: [
        Atlas.column("rankings", "unit", {
          node: (unit) => el("a", { href: Atlas.href(state, { view: "unit", unit, with: null }) }, String(unit)),
        }),
        { key: "n_languages", label: "Languages" },
        { key: "languages", label: "Which", text: true },
        { key: "activation", label: "Activation", write: (value) => number(value, 3) },
        { key: "z", label: "SD from mean", write: (value) => fixed(value, 2) },
        { key: "towards", label: `Towards ${state.variable}`, write: (value) => fixed(value, 2) },
      ],
    };
  }
})();
