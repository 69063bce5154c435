// A unit's page: what it does in every language. Two units can stand side by side.
"use strict";

(function () {
  const { el, fixed, number } = Atlas;
  const LISTED = 8; // words in each direction

  Atlas.viewUnit = async (state) => {
    const units = [state.unit, ...(state.with === null ? [] : [state.with])];
    const parts = await Promise.all(units.map((unit) => unitPart(state, unit)));
    const heading = units.length === 2 ? `Units ${units[0]} and ${units[1]}` : `Unit ${state.unit}`;
    return [
      el("h1", { tabindex: "-1" }, heading),
      el("p", { class: "chosen" }, Atlas.describe(state)),
      compareForm(state),
      el("div", { class: units.length === 2 ? "side-by-side" : "alone" }, ...parts),
    ];
  };

  function compareForm(state) {
    const input = el("input", { name: "with", type: "number", min: "0", max: Atlas.layout(state.cell).last, value: state.with });
    return el(
      "form",
      {
        class: "filters",
        "aria-label": "Compare",
        onsubmit: (event) => {
          event.preventDefault();
          const other = input.value === "" ? null : Number(input.value);
          window.location.hash = Atlas.href(state, { with: other });
        },
      },
      el("label", {}, "Compare with unit ", input),
      el("button", { type: "submit" }, "Compare"),
      state.with === null ? null : el("a", { href: Atlas.href(state, { with: null }) }, "Show one only"),
    );
  }

  async function unitPart(state, unit) {
    const { cell } = state;
    const { layer, index } = Atlas.layout(cell).place(unit);
    const page = Atlas.pagesOf(state.model, layer);
    const position = page ? page.units.indexOf(unit) : -1;
    const [data, ranks, transfer] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
      Atlas.loadTransfer(state.number),
    ]);
    const beside = Atlas.unitColumns(data, state.ranking);
    const row = Atlas.unitRows(ranks, transfer, beside, cell, layer, state.k)[index];
    const section = el(
      "section",
      { class: "unit", "data-unit": unit },
      el("h2", {}, `Unit ${unit}`),
      el("p", {}, summary(state, row)),
      besideList(beside, unit),
      standing(state, data, ranks, transfer, beside, unit),
    );
    if (position < 0) {
      section.append(
        el("p", { class: "note" }, "Its words and sentences are not in the atlas: they are there for units at the top of two languages or more, by any ranking, in the layers that the study chose. ",
          ...Atlas.index.pages.filter((entry) => entry.model === state.model).map((entry) => `(Layer ${entry.layer}: ${entry.units.length} units.) `)),
      );
      return section;
    }
    const [neighbours, ...languages] = await Promise.all([
      Atlas.load(`units/${page.name}`),
      ...Atlas.index.languages.map(({ code }) => ofLanguage(page, position, code)),
    ]);
    section.append(
      neighbourList(state, unit, neighbours[position].map(([other, r]) => [page.units[other], r])),
      el("div", { class: "languages" }, ...languages.map((language) => languagePart(state, unit, language))),
    );
    return section;
  }

  async function ofLanguage(page, position, code) {
    const [units, words, sentences] = await Promise.all([
      Atlas.loadUnits(page.name, code),
      Atlas.load(`words/${code}`),
      Atlas.load(`sentences/${code}`),
    ]);
    const quote = ([place, activation]) => ({ sentence: sentences[place], activation });
    return {
      code,
      words,
      means: units.means(position),
      mean: units.mean[position],
      sd: units.sd[position],
      top: units.top[position].map(quote),
      bottom: units.bottom[position].map(quote),
    };
  }

  function summary(state, row) {
    const where = row.n_languages
      ? `at the top ${state.k} in ${row.n_languages} of ${state.cell.languages.length} languages: ${row.languages.split(" ").map(Atlas.languageName).join(", ")}`
      : `at the top ${state.k} in none of the ${state.cell.languages.length} languages`;
    const signs = row.n_languages ? `; sign + in ${row.n_positive}, − in ${row.n_negative}` : "";
    return `Layer ${row.layer}, number ${row.index} in it; ${where}${signs}.`;
  }

  // What questions put beside the unit, where there is anything.
  function besideList(beside, unit) {
    const there = beside.filter((column) => column.mean(unit) !== null);
    if (!there.length) return null;
    const item = (column) => el("div", { title: column.says }, el("dt", {}, column.label), el("dd", { "data-key": column.key }, column.show(column.mean(unit))));
    return el("dl", { class: "beside" }, ...there.map(item));
  }

  // Rank and weight in the languages that chose units, t and percentile in those that did not, and what questions put
  // beside it there.
  function standing(state, data, ranks, transfer, beside, unit) {
    const { cell } = state;
    const { layer, index } = Atlas.layout(cell).place(unit);
    const byLanguage = beside.filter((column) => column.of);
    const besideIn = (code) => Object.fromEntries(byLanguage.map((column) => [column.key, column.of(unit, code)]));
    const weights = data.weights[state.ranking];
    const seen = cell.languages.map((code) => ({
      language: code,
      role: "seen",
      rank: Math.abs(ranks[code][unit]) || null,
      weight: layer === cell.layer ? Atlas.unpack.f4(weights[code])[index] : null,
      ...besideIn(code),
    }));
    const unseen = cell.unseen.map((code) => ({
      language: code,
      role: "unseen",
      t: transfer[code].t[unit],
      percentile: transfer[code].percentile[unit],
      ...besideIn(code),
    }));
    const columns = [
      Atlas.column("rankings", "language"),
      { key: "role", label: "Role", text: true },
      Atlas.column("rankings", "rank"),
      { key: "weight", label: state.ranking === "correlation" ? "r" : "Weight", show: (value) => number(value, 3) },
      ...byLanguage,
      ...(cell.unseen.length ? [Atlas.column("transfer_units", "t_words", { key: "t" }), Atlas.column("transfer_units", "percentile")] : []),
    ];
    return Atlas.table(columns, [...seen, ...unseen], { label: `Unit ${unit} by language`, name: `unit-${unit}` });
  }

  function neighbourList(state, unit, neighbours) {
    const item = ([other, r]) =>
      el("li", {}, el("a", { href: Atlas.href(state, { unit: other, with: null }) }, String(other)), ` r ${fixed(r, 2)} `,
        el("a", { href: Atlas.href(state, { unit, with: other }), "aria-label": `Compare ${unit} with ${other}` }, "compare"));
    return el("div", { class: "neighbours" }, el("h3", {}, "Neighbours"), el("p", { class: "note" }, "Units that go up and down with it over the words of all languages."), el("ul", {}, ...neighbours.map(item)));
  }

  function languagePart(state, unit, language) {
    const { code, words, means } = language;
    const ratings = words.ratings[state.variable];
    const points = means
      .map((mean, i) => ({ word: words.words[i], rating: ratings[i], mean }))
      .filter((point) => point.rating !== null);
    const name = Atlas.languageName(code);
    const label = `${name}: activation of unit ${unit} against ${state.variable}, ${points.length} words`;
    const draw = (width) =>
      Atlas.plot({
        width,
        height: 200,
        marginLeft: 40,
        x: { label: state.variable, ticks: 4 },
        y: { label: "activation", grid: true, ticks: 4 },
        marks: [
          Plot.dot(points, { x: "rating", y: "mean", r: 2, fill: Atlas.colours.main, fillOpacity: 0.55 }),
          Plot.tip(points, Plot.pointer({ x: "rating", y: "mean", title: (point) => `${point.word}\nrating ${number(point.rating)}, activation ${number(point.mean)}` })),
        ],
      });
    const holder = points.length ? Atlas.chart(draw, label) : el("p", { class: "note" }, `No ratings of ${state.variable}.`);
    const fileName = `unit-${unit}-${code}`;
    const fewer = words.words.length < words.all ? ` (${words.words.length} of ${words.all} words)` : "";
    const rows = means.map((mean, i) => ({ word: words.words[i], rating: ratings[i], mean }));
    const role = Atlas.language(code).unseen ? "unseen" : state.cell.languages.includes(code) ? "" : "no ratings";
    return el(
      "section",
      { class: "language", "data-language": code, "aria-label": `${name}, unit ${unit}` },
      el("h3", {}, name, fewer, role ? el("span", { class: "role" }, role) : null),
      holder,
      el(
        "div",
        { class: "tools" },
        points.length ? Atlas.saveSvgButton(holder, fileName, label) : null,
        wordNumbers(rows, `${name}, unit ${unit}: words`, fileName, code),
      ),
      wordList(state, "Most up", code, [...rows].sort((a, b) => b.mean - a.mean).slice(0, LISTED)),
      wordList(state, "Most down", code, [...rows].sort((a, b) => a.mean - b.mean).slice(0, LISTED)),
      el("h4", {}, "Sentences, up"),
      sentenceList(language, language.top),
      el("h4", {}, "Sentences, down"),
      sentenceList(language, language.bottom),
    );
  }

  // The numbers behind a scatter, made when they are first opened: there are thousands on the page.
  function wordNumbers(rows, label, fileName, code) {
    const columns = [
      { key: "word", label: "Word", text: true, show: (word) => el("span", Atlas.inLanguage(code), word) },
      { key: "rating", label: "Rating", show: (value) => number(value) },
      { key: "mean", label: "Activation", show: (value) => number(value) },
    ];
    const details = el("details", {}, el("summary", {}, "Numbers"));
    details.addEventListener("toggle", () => details.append(Atlas.table(columns, rows, { label, name: fileName })), { once: true });
    return details;
  }

  function wordList(state, title, code, rows) {
    const item = ({ word }) => el("li", {}, el("a", { href: Atlas.href(state, { view: "word", language: code, word }) }, word));
    return el("div", { class: "words" }, el("h4", {}, title), el("ul", Atlas.inLanguage(code), ...rows.map(item)));
  }

  // Shaded by how far the activation stands from the mean over words, blue above and orange below.
  function sentenceList(language, quotes) {
    const item = ({ sentence: [text, start, end], activation }) => {
      const z = language.sd > 0 ? (activation - language.mean) / language.sd : 0;
      const strength = Math.round(Math.min(Math.abs(z) / 3, 1) * 26);
      const colour = z >= 0 ? "var(--accent)" : "var(--second)";
      return el(
        "li",
        { style: `background: color-mix(in srgb, ${colour} ${strength}%, transparent)` },
        el("span", { class: "text", ...Atlas.inLanguage(language.code) }, text.slice(0, start), el("mark", {}, text.slice(start, end)), text.slice(end)),
        el("span", { class: "activation" }, `activation ${number(activation)}`),
      );
    };
    return el("ul", { class: "sentences" }, ...quotes.map(item));
  }
})();
