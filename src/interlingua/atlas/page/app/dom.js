// Elements, plain tables, and saving. Text is only ever set as text: what comes from a corpus is never markup.
"use strict";

(function () {
  // Make an element. Attributes that are null or false are left out; children are nodes or strings.
  Atlas.el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
      else if (value === true) node.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const el = Atlas.el;

  // The element of an id that the page has.
  Atlas.byId = (id) => {
    const found = document.getElementById(id);
    if (!found) throw new Error(`the page has no #${id}`);
    return found;
  };

  Atlas.say = (text) => {
    Atlas.byId("status").textContent = text;
  };

  Atlas.save = (blob, name) => {
    const link = el("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    Atlas.say(`Saved ${name}`);
  };

  Atlas.saveCsv = (columns, rows, name) =>
    Atlas.save(new Blob([Atlas.csv(columns, rows)], { type: "text/csv;charset=utf-8" }), `${name}.csv`);

  Atlas.saveButton = (kind, label, save) =>
    el(
      "button",
      { type: "button", class: `save ${kind.toLowerCase()}`, "aria-label": `Save ${kind}: ${label}`, onclick: save },
      `Save ${kind}`,
    );

  // Let the links of a table be one stop of the tab key: arrows, Home and End go from one to the next.
  /** @param {HTMLElement} table */
  function oneStop(table) {
    const links = [...table.querySelectorAll("a")];
    links.forEach((link, i) => {
      link.tabIndex = i ? -1 : 0;
    });
    table.addEventListener("keydown", (event) => {
      const at = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
      /** @type {Record<string, number>} */
      const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
      const next = links[places[event.key]];
      if (at < 0 || !next) return;
      event.preventDefault();
      links[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    return links.length > 0;
  }

  // A plain table with a heading for screen readers and a button that saves it. A column writes its
  // values as text, or makes a node of each.
  Atlas.table = (columns, rows, { label, name, state, file = name }) => {
    const head = el(
      "tr",
      {},
      ...columns.map((c) => el("th", { scope: "col", class: c.text ? null : "num", title: c.says }, c.label)),
    );
    /** @type {(column: Column, row: Row) => HTMLElement} */
    const cell = (column, row) => {
      const value = row[column.key];
      const content = column.node
        ? column.node(value)
        : column.write
          ? column.write(value)
          : Atlas.missing(value)
            ? "–"
            : String(value);
      return el("td", { class: column.text ? null : "num", "data-key": column.key }, content);
    };
    const body = rows.map((row) => el("tr", {}, ...columns.map((column) => cell(column, row))));
    const table = el(
      "table",
      { "data-name": name },
      el("caption", { class: "hidden" }, label),
      el("thead", {}, head),
      el("tbody", {}, ...body),
    );
    const links = oneStop(table);
    return el(
      "div",
      { class: "numbers" },
      // What scrolls takes the tab key, if nothing in it does.
      el("div", { class: "scroll", tabindex: links ? null : "0", role: "region", "aria-label": label }, table),
      Atlas.saveButton("CSV", label, () => Atlas.saveCsv(columns, rows, Atlas.fileName(state, file))),
    );
  };
})();
