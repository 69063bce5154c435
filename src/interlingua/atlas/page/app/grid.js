// A table of many rows, by Tabulator, of which only those on the screen are drawn: as one stop of the tab key, and whole
// on paper.
"use strict";

(function () {
  const { el } = Atlas;
  const HEADER = ".tabulator-col[role=columnheader]";
  const CELL = ".tabulator-cell";
  const PAGE = 10; // rows that PageUp and PageDown go

  Atlas.makeGrid = (holder, { label, columns, rows, sort }) => {
    const table = new Tabulator(holder, {
      data: rows,
      // `says` and `write` are ours, and no options of Tabulator's.
      columns: columns.map(({ says, write, ...column }) => column),
      height: "min(70vh, 44rem)",
      layout: "fitColumns",
      initialSort: sorters(sort),
      columnDefaults: { headerSortStartingDir: "desc", headerWordWrap: true },
    });
    table.on("tableBuilt", () => {
      holder.setAttribute("aria-label", label);
      // What lies between the grid, its row groups and its rows is layout.
      holder.querySelector(".tabulator-header-contents")?.setAttribute("role", "presentation");
      const scroller = holder.querySelector(".tabulator-tableholder");
      scroller?.setAttribute("role", "presentation");
      scroller?.removeAttribute("tabindex");
      holder.setAttribute("aria-rowcount", String(rows.length + 1));
      for (const header of holder.querySelectorAll(HEADER)) {
        const { says } = columns.find((column) => column.field === fieldOf(header)) ?? {};
        if (says) header.setAttribute("title", says);
      }
      oneStop(holder, table);
    });
    return table;
  };

  // "-n_languages,mean_rank" as Tabulator's sorters: there the last is the first to sort by.
  /** @param {string} text */
  const sorters = (text) =>
    text
      .split(",")
      .map((name) => ({ column: name.replace(/^-/, ""), dir: name.startsWith("-") ? "desc" : "asc" }))
      .reverse();

  // And back.
  Atlas.sortText = (sorted) =>
    sorted
      .map(({ field, dir }) => (dir === "desc" ? `-${field}` : field))
      .reverse()
      .join(",");

  /** @param {Element} cell */
  const fieldOf = (cell) => cell.getAttribute("tabulator-field");

  // Compare by size whatever the sign; what is missing stands at the end either way.
  /** @type {(a: number | null, b: number | null, rowA: unknown, rowB: unknown, column: unknown, dir: string) => number} */
  Atlas.bySize = (a, b, _a, _b, _column, dir) => {
    const [noA, noB] = [Atlas.missing(a), Atlas.missing(b)];
    if (noA || noB) return (Number(noA) - Number(noB)) * (dir === "asc" ? 1 : -1);
    return Math.abs(Number(a)) - Math.abs(Number(b));
  };

  // One cell of the grid takes the tab key; arrows, Home, End, PageUp and PageDown go from cell to cell, Enter sorts by a
  // heading or follows the link of a row.
  /** @type {(holder: HTMLElement, table: any) => void} */
  function oneStop(holder, table) {
    /** @returns {HTMLElement[]} */
    const stops = () => Array.from(holder.querySelectorAll(`${HEADER}, ${CELL}`));
    /** @param {HTMLElement} stop */
    const take = (stop) => {
      for (const other of stops()) other.tabIndex = other === stop ? 0 : -1;
    };
    // Rows come and go as the table scrolls: if the stop went with its row, the first cell that is there takes over.
    const ensure = () => {
      const there = stops();
      for (const link of holder.querySelectorAll(`${CELL} a`)) link.setAttribute("tabindex", "-1");
      const kept = there.find((stop) => stop.tabIndex === 0);
      const stop = kept ?? there.find((cell) => cell.matches(`${CELL}:not([style*="display: none"])`)) ?? there[0];
      if (stop) take(stop);
    };
    const fields = () =>
      table
        .getColumns()
        .filter((/** @type {any} */ column) => column.isVisible())
        .map((/** @type {any} */ column) => column.getField());

    /** @type {(row: number, field: string) => Promise<void>} */
    const goTo = async (number, field) => {
      const rows = table.getRows("active");
      if (number < 0 || !rows.length) {
        focus(holder.querySelector(`${HEADER}[tabulator-field="${field}"]`));
        return;
      }
      const row = rows[Math.min(number, rows.length - 1)];
      const scroller = /** @type {HTMLElement} */ (holder.querySelector(".tabulator-tableholder"));
      if (!inside(row.getElement(), scroller)) await table.scrollToRow(row, "center", false);
      focus(row.getCell(field).getElement());
    };

    /** @param {HTMLElement | null} stop */
    const focus = (stop) => {
      if (!stop) return;
      take(stop);
      stop.focus({ preventScroll: false });
    };

    /** @type {(element: HTMLElement, scroller: HTMLElement) => boolean} */
    const inside = (element, scroller) => {
      const [own, around] = [element.getBoundingClientRect(), scroller.getBoundingClientRect()];
      return element.isConnected && own.height > 0 && own.top >= around.top && own.bottom <= around.bottom;
    };

    holder.addEventListener("keydown", (event) => {
      const stop = /** @type {HTMLElement | null} */ (
        /** @type {Element} */ (event.target).closest(`${HEADER}, ${CELL}`)
      );
      if (!stop) return;
      const heading = stop.matches(HEADER);
      const order = fields();
      const at = order.indexOf(fieldOf(stop));
      const rows = table.getRows("active");
      const row = heading
        ? -1
        : rows.findIndex((/** @type {any} */ each) => each.getElement() === stop.closest(".tabulator-row"));
      /** @type {Record<string, [number, number]>} */
      const moves = {
        ArrowDown: [row + 1, at],
        ArrowUp: [row - 1, at],
        ArrowRight: [row, at + 1],
        ArrowLeft: [row, at - 1],
        Home: event.ctrlKey ? [0, 0] : [row, 0],
        End: event.ctrlKey ? [rows.length - 1, order.length - 1] : [row, order.length - 1],
        PageDown: [Math.min(row + PAGE, rows.length - 1), at],
        PageUp: [Math.max(row - PAGE, 0), at],
      };
      if (event.key in moves) {
        const [to, column] = moves[event.key];
        event.preventDefault();
        if (to < rows.length && order[column]) goTo(to, order[column]);
      } else if (event.key === "Enter" || (event.key === " " && heading)) {
        event.preventDefault();
        const acts = heading ? ".tabulator-col-content" : "a";
        /** @type {HTMLElement | null} */ (
          (heading ? stop : stop.closest(".tabulator-row"))?.querySelector(acts)
        )?.click();
      }
    });
    holder.addEventListener("focusin", (event) => {
      const stop = /** @type {HTMLElement | null} */ (
        /** @type {Element} */ (event.target).closest(`${HEADER}, ${CELL}`)
      );
      if (stop) take(stop);
    });
    table.on("renderComplete", ensure);
    table.on("scrollVertical", () => window.requestAnimationFrame(ensure));
    ensure();
  }

  // All rows and columns as a plain table, for paper: the grid has only those on the screen.
  Atlas.gridOnPaper = (table, columns) => {
    const shown = columns.filter((column) => column.visible !== false);
    const head = el("tr", {}, ...shown.map((column) => el("th", { scope: "col" }, column.title)));
    /** @param {Row} row */
    const line = (row) =>
      el(
        "tr",
        {},
        ...shown.map((column) =>
          el("td", {}, column.write ? column.write(row[column.field], row) : String(row[column.field] ?? "–")),
        ),
      );
    return el(
      "table",
      { class: "on-paper" },
      el("thead", {}, head),
      el("tbody", {}, ...table.getData("active").map(line)),
    );
  };
})();
