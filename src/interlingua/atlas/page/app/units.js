// The table of units: sorted, searched and filtered; what is set stands in the address.
"use strict";

(function () {
  const { el, fixed } = Atlas;

  Atlas.viewUnits = async (state) => {
    const [data, ranks, transfer] = await Promise.all([
      Atlas.loadCell(state.number),
      Atlas.loadRanks(state.number, state.ranking),
      Atlas.loadTransfer(state.number),
    ]);
    const { cell } = state;
    const beside = Atlas.unitColumns(data, state.ranking);
    const rows = Atlas.layersOf(state).flatMap((layer) =>
      Atlas.unitRows(ranks, transfer, beside, cell, layer, state.k),
    );
    // In how many languages a unit carries the rating, by the least correlation that is asked for.
    for (const row of rows.filter(({ layer }) => layer === cell.layer)) {
      row.carried = Object.fromEntries(data.carried.map(({ least, by }) => [least, by.get(row.unit) ?? 0]));
    }
    const columns = tableColumns(state, beside);
    const holder = el("div", { id: "units-table", "aria-describedby": "units-keys" });
    const count = el("p", { id: "units-count", role: "status" });
    const form = filterForm(state);
    const nodes = [
      el("h1", { tabindex: "-1" }, "Units"),
      el("p", { class: "chosen" }, Atlas.describe(state)),
      form,
      count,
      holder,
      el(
        "p",
        { class: "note keys", id: "units-keys" },
        "In the table, arrow keys move; Enter sorts by a heading, or opens the unit of a row.",
      ),
      el(
        "p",
        { class: "note" },
        `Languages: those that have the unit among their top ${state.k}. Mean rank: over the languages in which its weight is not 0. ` +
          `Signs: languages with positive and negative weight.` +
          (cell.unseen.length
            ? ` t: as a single predictor in an unseen language, word means, HC3 errors; sorted by size, whatever the sign.`
            : "") +
          beside
            .map((column) => ` ${column.label}: ${column.says}${column.of ? " (mean over languages)" : ""}.`)
            .join(""),
      ),
    ];
    return { nodes, after: () => wire(state, { form, count, holder, columns, rows }) };
  };

  // What filters leave is counted, and what of them means nothing is told.
  /** @type {(state: State, parts: { form: HTMLFormElement, count: HTMLElement, holder: HTMLElement, columns: GridColumn[], rows: UnitRow[] }) => void} */
  function wire(state, { form, count, holder, columns, rows }) {
    const known = state.sort
      .split(",")
      .filter((name) => columns.some((column) => column.field === name.replace(/^-/, "")));
    const table = Atlas.makeGrid(holder, {
      label: "Units",
      columns,
      rows,
      sort: known.length ? known.join(",") : "-n_languages,mean_rank",
    });
    /** @type {string[]} */
    let problems = known.join(",") === state.sort ? [] : [`The table can't be sorted by “${state.sort}”.`];
    const tell = () => {
      const sentences = [`${table.getDataCount("active")} of ${rows.length} units`, ...problems, ...strange(state)];
      count.textContent = sentences.join(". ");
    };
    const apply = () => {
      table.setFilter(Atlas.passes(state));
      tell();
    };
    table.on("tableBuilt", () => {
      apply();
      table.on("dataSorted", (/** @type {{ field: string, dir: string }[]} */ sorted) => {
        state.sort = Atlas.sortText(sorted.map(({ field, dir }) => ({ field, dir })));
        Atlas.note(state);
      });
    });
    form.addEventListener("input", () => {
      const set = Object.fromEntries(Atlas.filtersOf(state).map(({ name }) => [name, field(form, name).value.trim()]));
      const read = Atlas.readState(Atlas.asked(state, set));
      Object.assign(state, read.state);
      problems = read.problems;
      apply();
      Atlas.note(state);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector(".save")?.addEventListener("click", () =>
      Atlas.saveCsv(
        columns.map((column) => ({ key: column.field })),
        table.getData("active"),
        Atlas.fileName(state, "units"),
      ),
    );
    Atlas.onPaper(holder, () => Atlas.gridOnPaper(table, columns));
  }

  /** @type {(form: HTMLFormElement, name: string) => HTMLInputElement} */
  const field = (form, name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

  // Words of the search that can find nothing, and why.
  /** @param {State} state */
  function strange(state) {
    const { unknown, languages } = Atlas.searched(state.search, Atlas.index.languages);
    const unranked = languages.filter((codes) => !codes.some((code) => state.cell.languages.includes(code)));
    return [
      ...unknown.map((word) => `“${word}” is no unit and no language`),
      ...unranked.map(([code]) =>
        state.cell.unseen.includes(code)
          ? `${Atlas.languageName(code)} is unseen, no units are chosen in it: filter by |t|`
          : `${Atlas.languageName(code)} has no ratings of ${state.variable}`,
      ),
    ];
  }

  /** @param {State} state */
  function filterForm(state) {
    /** @param {Filter} filter */
    const input = ({ name, label, after, says, input: attributes, options, max }) =>
      el(
        "label",
        { title: typeof says === "string" ? says : says() },
        `${label} `,
        options
          ? el(
              "select",
              { name },
              ...options(state).map(([key, text]) => el("option", { value: key, selected: key === state[name] }, text)),
            )
          : el("input", { name, ...attributes, max: max ? max(state) : null, value: state[name] }),
        after && ` ${after}`,
      );
    const all = state.layers === "all";
    const one = Atlas.readState(Atlas.href(state, { layers: "one" })).state.layer;
    /** @param {Event} event */
    const onchange = (event) => Atlas.go(state, { layers: /** @type {HTMLSelectElement} */ (event.target).value });
    return /** @type {HTMLFormElement} */ (
      el(
        "form",
        { class: "filters", role: "search", "aria-label": "Find units" },
        ...Atlas.filtersOf(state).map(input),
        el(
          "label",
          {},
          "Layers ",
          el(
            "select",
            { name: "layers", onchange },
            el("option", { value: "one", selected: !all }, `layer ${one}`),
            el("option", { value: "all", selected: all }, "all layers"),
          ),
        ),
        el("button", { type: "button", class: "save" }, "Save CSV"),
      )
    );
  }

  // Tabulator's columns, with `says` (tooltip of the heading) and `write` (the value as text).
  /** @type {(state: State, beside: UnitColumn[]) => GridColumn[]} */
  function tableColumns(state, beside) {
    /** @param {any} cell */
    const link = (cell) =>
      el(
        "a",
        { href: Atlas.href(state, { view: "unit", unit: cell.getValue(), with: null }) },
        state.site === "resid" ? String(cell.getValue()) : Atlas.layout(state.cell).name(cell.getValue()),
      );
    const unit = Atlas.column("rankings", "unit");
    const layer = Atlas.column("rankings", "layer");
    const t = Atlas.column("transfer_units", "t_words");
    // A text node: a string would be taken for markup.
    const written = (/** @type {(value: any, row: UnitRow) => string} */ write) => ({
      write,
      formatter: (/** @type {any} */ cell) => document.createTextNode(write(cell.getValue(), cell.getData())),
    });
    /** @type {(value: any, row: UnitRow) => string} */
    const signs = (_, { n_positive: plus, n_negative: minus }) =>
      [plus ? `${plus} +` : "", minus ? `${minus} −` : ""].filter(Boolean).join("  ") || "–";
    const numeric = { sorter: "number", hozAlign: "right", headerHozAlign: "right" };
    const lowest = { alignEmptyValues: "bottom" };
    return [
      {
        title: unit.label,
        says: unit.says,
        field: "unit",
        formatter: link,
        width: state.site === "resid" ? 72 : 124,
        ...numeric,
      },
      { title: layer.label, says: layer.says, field: "layer", width: 72, visible: state.layers === "all", ...numeric },
      { title: "Languages", field: "n_languages", width: 124, ...numeric },
      { title: "Which", field: "languages", minWidth: 120, widthGrow: 3, sorter: "string" },
      {
        title: "Mean rank",
        field: "mean_rank",
        width: 82,
        sorterParams: lowest,
        ...numeric,
        ...written((value) => fixed(value, 1)),
      },
      { title: "Signs", field: "n_positive", width: 84, ...numeric, ...written(signs) },
      { title: "Negative", field: "n_negative", visible: false },
      ...state.cell.unseen.map((code) => ({
        title: `${t.label} ${Atlas.languageName(code)}`,
        says: `${t.says}; sorted by size`,
        field: `t_${code}`,
        width: 98,
        ...numeric,
        sorter: Atlas.bySize,
        ...written(t.write),
      })),
      ...beside.map((column) => ({
        title: column.label,
        says: column.says,
        field: column.key,
        width: 102,
        sorterParams: lowest,
        ...numeric,
        ...written(column.write),
      })),
    ];
  }
})();
