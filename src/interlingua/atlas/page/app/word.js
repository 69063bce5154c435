// A word's view: where it stands on each unit that languages share.
"use strict";

(function () {
  const { el, fixed, number } = Atlas;
  const FOUND = 24; // words listed for a search
  const DRAWN = 40; // units drawn; the table has all

  Atlas.viewWord = async (state) => {
    const all = await Promise.all(Atlas.index.languages.map(({ code }) => Atlas.load(`words/${code}`)));
    const words = Object.fromEntries(Atlas.index.languages.map(({ code }, i) => [code, all[i]]));
    const found = el("ul", { class: "found", "aria-label": "Words found" });
    const count = el("p", { role: "status", class: "note" });
    const input = el("input", { name: "word", type: "search", autocomplete: "off", spellcheck: "false", dir: "auto", value: state.word });
    input.addEventListener("input", () => list(state, words, input.value, found, count));
    return [
      el("h1", { tabindex: "-1" }, state.word ? el("span", Atlas.inLanguage(state.language), state.word) : "A word"),
      el("p", { class: "chosen" }, Atlas.describe(state)),
      el(
        "form",
        { class: "filters", role: "search", "aria-label": "Find a word", onsubmit: (event) => { event.preventDefault(); const first = found.querySelector("a"); if (first) first.click(); } },
        el("label", {}, "A word, in any language ", input),
      ),
      count,
      found,
      ...(state.word ? await wordPart(state, words[state.language]) : [el("p", { class: "note" }, "Type a word of the study to see where it stands on the units that languages share.")]),
    ];
  };

  function list(state, words, text, found, count) {
    const plain = (word) => word.normalize("NFC").toLocaleLowerCase();
    const asked = plain(text.trim());
    const hits = [];
    if (asked) {
      for (const [code, { words: ofLanguage }] of Object.entries(words)) {
        for (const word of ofLanguage) {
          const at = plain(word).indexOf(asked);
          if (at >= 0) hits.push({ code, word, order: plain(word) === asked ? 0 : at === 0 ? 1 : 2 });
        }
      }
    }
    hits.sort((a, b) => a.order - b.order || a.word.length - b.word.length);
    found.replaceChildren(
      ...hits.slice(0, FOUND).map(({ code, word }) =>
        el("li", {}, el("a", { href: Atlas.href(state, { language: code, word }) }, el("span", Atlas.inLanguage(code), word), ` ${Atlas.languageName(code)}`)),
      ),
    );
    count.textContent = asked ? `${hits.length} ${hits.length === 1 ? "word" : "words"} found${hits.length > FOUND ? `, ${FOUND} listed` : ""}` : "";
  }

  async function wordPart(state, words) {
    const { cell } = state;
    const place = words.words.indexOf(state.word);
    const name = Atlas.languageName(state.language);
    if (place < 0) return [el("p", { class: "note" }, `The atlas has no such word in ${name}.`)];
    const page = Atlas.pagesOf(state.model, state.layer);
    if (!page) {
      return [
        el("p", { class: "note" }, `Words are in the atlas for layer ${cell.layer}, which the study chose. `, el("a", { href: Atlas.href(state, { layer: cell.layer }) }, `Go to layer ${cell.layer}`)),
      ];
    }
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
      .sort((a, b) => b.n_languages - a.n_languages || a.mean_rank - b.mean_rank)
      .map((row) => {
        const activation = units.means(row.position)[place];
        const z = units.sd[row.position] > 0 ? (activation - units.mean[row.position]) / units.sd[row.position] : 0;
        return { ...row, activation, z, towards: row.n_negative > row.n_positive ? -z : z };
      });
    const rating = words.ratings[state.variable][place];
    const intro = el("p", {}, `${name}, ${state.variable} ${number(rating)} (${{ train: "a training word", test: "a held-out word", unseen: "of an unseen language" }[words.split[place]]}).`);
    if (!rows.length) return [intro, el("p", { class: "note" }, "No unit is at the top of two languages or more by this choice.")];
    return [intro, figure(state, rows, rating, words, name)];
  }

  function figure(state, rows, rating, words, name) {
    const rated = words.ratings[state.variable].filter((value) => value !== null);
    const mean = rated.reduce((sum, value) => sum + value, 0) / rated.length;
    const sd = Math.sqrt(rated.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rated.length);
    const expected = rating === null || !(sd > 0) ? null : (rating - mean) / sd;
    const drawn = rows.slice(0, DRAWN);
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 70 + 16 * drawn.length,
        marginLeft: 84,
        x: { label: "standard deviations among the words", grid: true, inset: 8 },
        y: { domain: drawn.map((row) => row.unit), label: null, type: "band", tickFormat: (unit) => `${unit} (${drawn.find((row) => row.unit === unit).n_languages})` },
        marks: [
          Plot.ruleX([0]),
          expected === null ? null : Plot.ruleX([expected], { stroke: Atlas.colours.second, strokeWidth: 2, strokeDasharray: "4 3" }),
          Plot.ruleY(drawn, { y: "unit", x1: 0, x2: "towards", stroke: Atlas.colours.main, strokeOpacity: 0.5 }),
          Plot.dot(drawn, { y: "unit", x: "towards", fill: Atlas.colours.main, r: 4 }),
          Plot.tip(drawn, Plot.pointer({ y: "unit", x: "towards", title: (row) => `unit ${row.unit}, ${row.n_languages} languages\n${fixed(row.towards, 2)} standard deviations, activation ${number(row.activation)}` })),
        ],
      });
    const link = (unit) => el("a", { href: Atlas.href(state, { view: "unit", unit, with: null }) }, String(unit));
    return Atlas.figure({
      title: "On the units that languages share",
      caption:
        `Right: towards more ${state.variable} (the sign that most languages give the unit).${expected === null ? "" : ` Dashed: where its rating stands among the words of ${name}.`}` +
        ` In brackets: languages that have the unit at the top.${rows.length > DRAWN ? ` The first ${DRAWN} of ${rows.length} units; the numbers have all.` : ""}`,
      draw,
      name: "word",
      rows,
      columns: [
        Atlas.column("rankings", "unit", { show: link }),
        { key: "n_languages", label: "Languages" },
        { key: "languages", label: "Which", text: true },
        { key: "activation", label: "Activation", show: (value) => number(value, 3) },
        { key: "z", label: "SD from mean", show: (value) => fixed(value, 2) },
        { key: "towards", label: `Towards ${state.variable}`, show: (value) => fixed(value, 2) },
      ],
    });
  }
})();
