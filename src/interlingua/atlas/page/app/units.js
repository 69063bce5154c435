// The table of units: sorted, searched and filtered; only the rows on the screen are drawn.
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
    const layers = state.layers === "all" ? Array.from({ length: Atlas.layout(cell).layers }, (_, i) => i) : [state.layer];
    const rows = layers.flatMap((layer) => Atlas.unitRows(ranks, transfer, beside, cell, layer, state.k));
    const columns = tableColumns(state, beside);
    const holder = el("div", { id: "units-table" });
    const count = el("p", { id: "units-count", role: "status" });
    const filters = filterForm(state, data);
    const view = [
      el("h1", { tabindex: "-1" }, "Units"),
      el("p", { class: "chosen" }, Atlas.describe(state, state.layers === "all" ? "all" : state.layer)),
      filters,
      count,
      holder,
      el(
        "p",
        { class: "note" },
        `Languages: those that have the unit among their top ${state.k}. Mean rank: over the languages in which its weight is not 0. ` +
          `Signs: languages with positive and negative weight.` +
          (cell.unseen.length ? ` t: as a single predictor in an unseen language, word means, HC3 errors.` : "") +
          beside.map((column) => ` ${column.label}: ${column.says}${column.of ? " (mean over languages)" : ""}.`).join(""),
      ),
    ];
    view.after = () => {
      const table = makeTable(holder, columns, rows);
      const update = () => {
        const shown = table.getDataCount("active");
        count.textContent = `${shown} of ${rows.length} units`;
      };
      const apply = () => table.setFilter(matcher(filters, data));
      table.on("tableBuilt", apply);
      table.on("dataFiltered", (_, active) => {
        count.textContent = `${active.length} of ${rows.length} units`;
      });
      table.on("renderComplete", update);
      filters.addEventListener("input", apply);
      filters.addEventListener("submit", (event) => event.preventDefault());
      filters.querySelector(".save").addEventListener("click", () => Atlas.saveCsv(columns.map((c) => ({ key: c.field, label: c.title })), table.getData("active"), "units"));
    };
    return view;
  };

  // The question's columns by which units are filtered without a top k.
  const SCORE = "unit_scores_score";
  const FALSE_SIGN = "unit_scores_false_sign";

  // Filters by what is known of the units of the layer that the study compares, or nothing where none of them is shown.
  function withoutTop(state, data) {
    const known = (table, column) => data.unitColumns.some((one) => one.table === table && one.column === column && Object.keys(one.means).length);
    if (state.layers !== "all" && state.layer !== state.cell.layer) return [];
    const field = (text, says, ...inputs) => el("label", { title: says }, text, ...inputs);
    const count = (name, last, step) => el("input", { name, type: "number", min: "0", max: last, step });
    const columns = (table, column) => Atlas.column(table, column).says;
    const least = [...new Set(data.tables.conjunction.map((row) => row.least))].sort((a, b) => a - b);
    return [
      ...(least.length
        ? [
            field(
              "Carries it in at least ",
              columns("conjunction_units", "carried_by"),
              count("carried", state.cell.languages.length, 1),
              " languages",
            ),
            field(
              "with |r| above ",
              Atlas.column("conjunction", "least").says,
              el("select", { name: "rho" }, ...least.map((one) => el("option", { value: one, selected: isDefault(data, one) }, String(one)))),
            ),
          ]
        : []),
      ...(known("unit_scores", "score") ? [field("Shared part at least ", columns("unit_scores", "score"), count("score", null, 0.01))] : []),
      ...(known("unit_scores", "false_sign") ? [field("Wrong sign, % at most ", columns("unit_scores", "false_sign"), count("wrong", 100, "any"))] : []),
    ];
  }

  const isDefault = (data, least) => data.tables.conjunction.some((row) => row.default && row.least === least);

  function filterForm(state, data) {
    const { cell } = state;
    const option = (value, text, selected) => el("option", { value, selected }, text);
    const all = state.layers === "all";
    const layers = el(
      "select",
      { name: "layers", onchange: (event) => { window.location.hash = Atlas.href(state, { layers: event.target.value }); } },
      option("one", `layer ${state.layer}`, !all),
      option("all", "all layers", all),
    );
    return el(
      "form",
      { class: "filters", role: "search", "aria-label": "Find units" },
      el("label", {}, "Unit or language ", el("input", { name: "search", type: "search", size: "12", placeholder: "2709, or zh" })),
      el("label", {}, "At least languages ", el("input", { name: "least", type: "number", min: "0", max: cell.languages.length, value: "0" })),
      el("label", {}, "Signs ", el("select", { name: "signs" }, option("", "any"), option("same", "all the same"), option("mixed", "mixed"))),
      ...withoutTop(state, data),
      el("label", {}, "Layers ", layers),
      el("button", { type: "button", class: "save" }, "Save CSV"),
    );
  }

  function matcher(form, data) {
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const carried = Number(value("carried")) || 0;
    const { by } = data.carried.find(({ least }) => String(least) === value("rho")) || { by: new Map() };
    const [score, wrong] = [value("score"), value("wrong")];
    const has = (row, key) => row[key] !== null && row[key] !== undefined;
    const shares = (row) =>
      (!carried || (by.get(row.unit) || 0) >= carried) &&
      (score === "" || (has(row, SCORE) && Math.abs(row[SCORE]) >= Number(score))) &&
      (wrong === "" || (has(row, FALSE_SIGN) && 100 * row[FALSE_SIGN] <= Number(wrong)));
    const asked = form.elements.search.value.trim().toLowerCase();
    const least = Number(form.elements.least.value) || 0;
    const signs = form.elements.signs.value;
    const named = Atlas.index.languages.filter((l) => l.code === asked || (asked.length > 2 && l.name.toLowerCase().startsWith(asked)));
    const found = (row) => {
      if (!asked) return true;
      if (named.length) return named.some((l) => row.languages.split(" ").includes(l.code));
      return String(row.unit).includes(asked);
    };
    const agree = (row) => row.n_positive === 0 || row.n_negative === 0;
    const suits = (row) => !signs || (row.n_languages > 0 && agree(row) === (signs === "same"));
    return (row) => row.n_languages >= least && suits(row) && shares(row) && found(row);
  }

  // Tabulator's columns; `says` is the tooltip of a heading, and no option of Tabulator's.
  function tableColumns(state, beside) {
    const link = (cell) => el("a", { href: Atlas.href(state, { view: "unit", unit: cell.getValue(), with: null }) }, String(cell.getValue()));
    const [unit, layer, t] = [Atlas.column("rankings", "unit"), Atlas.column("rankings", "layer"), Atlas.column("transfer_units", "t_words")];
    const written = (column) => (cell) => column.show(cell.getValue());
    const signs = (cell) => {
      const { n_positive: plus, n_negative: minus } = cell.getData();
      return [plus ? `${plus} +` : "", minus ? `${minus} −` : ""].filter(Boolean).join("  ") || "–";
    };
    const numeric = { sorter: "number", hozAlign: "right", headerHozAlign: "right" };
    const lowest = { alignEmptyValues: "bottom" };
    return [
      { title: unit.label, says: unit.says, field: "unit", formatter: link, width: 82, ...numeric },
      { title: layer.label, says: layer.says, field: "layer", width: 82, visible: state.layers === "all", ...numeric },
      { title: "Languages", field: "n_languages", width: 122, ...numeric },
      { title: "Which", field: "languages", minWidth: 170, widthGrow: 3, sorter: "string" },
      { title: "Mean rank", field: "mean_rank", formatter: (cell) => fixed(cell.getValue(), 1), width: 118, sorterParams: lowest, ...numeric },
      { title: "Signs", field: "n_positive", formatter: signs, width: 92, ...numeric },
      { title: "Negative", field: "n_negative", visible: false },
      ...state.cell.unseen.map((code) => ({ title: `${t.label} ${Atlas.languageName(code)}`, says: t.says, field: `t_${code}`, formatter: written(t), width: 146, sorterParams: lowest, ...numeric })),
      ...beside.map((column) => ({ title: column.label, says: column.says, field: column.key, formatter: written(column), width: 128, sorterParams: lowest, ...numeric })),
    ];
  }

  function makeTable(holder, columns, rows) {
    const table = new Tabulator(holder, {
      data: rows,
      columns: columns.map(({ says, ...column }) => column),
      height: "min(70vh, 44rem)",
      layout: "fitColumns",
      initialSort: [{ column: "mean_rank", dir: "asc" }, { column: "n_languages", dir: "desc" }],
      columnDefaults: { headerSortStartingDir: "desc", headerWordWrap: true },
    });
    table.on("tableBuilt", () => {
      holder.setAttribute("aria-label", "Units");
      // What lies between the grid, its row groups and its rows is layout; the links in the rows take the focus.
      holder.querySelector(".tabulator-header-contents").setAttribute("role", "presentation");
      const scroller = holder.querySelector(".tabulator-tableholder");
      scroller.setAttribute("role", "presentation");
      scroller.removeAttribute("tabindex");
      holder.setAttribute("aria-rowcount", String(rows.length + 1));
      for (const header of holder.querySelectorAll(".tabulator-col[role=columnheader]")) {
        const { says } = columns.find((column) => column.field === header.getAttribute("tabulator-field"));
        if (says) header.setAttribute("title", says);
        // The library sorts by pointer only.
        header.tabIndex = 0;
        header.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          header.querySelector(".tabulator-col-content").click();
        });
      }
    });
    return table;
  }
})();
