// Elements, numbers as text, and saving. Text is only ever set as text: what comes from a corpus is never markup.
"use strict";

(function () {
  // Make an element. Attributes that are null or false are left out; children are nodes or strings.
  Atlas.el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const el = Atlas.el;

  Atlas.language = (code) => Atlas.index.languages.find((language) => language.code === code);
  Atlas.languageName = (code) => Atlas.language(code).name;
  Atlas.modelName = (model) => model.replace(/^builtin:/, "");
  // What people call a probe, ranking, null or model.
  Atlas.label = (name) => Atlas.index.labels[name] || Atlas.modelName(name);

  // Attributes of text in a language: its tag, and its direction.
  Atlas.inLanguage = (code) => ({ lang: Atlas.language(code).tag, dir: Atlas.language(code).rtl ? "rtl" : "ltr" });

  const MINUS = "−";
  const missing = (value) => value === null || value === undefined || Number.isNaN(value);

  Atlas.fixed = (value, digits) => (missing(value) ? "–" : value.toFixed(digits).replace("-", MINUS));

  Atlas.number = (value, digits = 3) => {
    if (missing(value)) return "–";
    if (Number.isInteger(value)) return String(value).replace("-", MINUS);
    const size = Math.abs(value);
    const text = size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(digits - 1) : value.toPrecision(digits);
    return text.replace("-", MINUS);
  };

  Atlas.p = (value) => {
    if (missing(value)) return "–";
    return value < 0.0001 ? "< .0001" : value.toFixed(4).replace(/^0/, "");
  };

  // How a value of each kind of column is written (interlingua.tables.schema says what the kinds are).
  const written = {
    text: String,
    units: String,
    language: Atlas.languageName,
    languages: (codes) => codes.split(" ").map(Atlas.languageName).join(", "),
    name: Atlas.label,
    flag: (value) => (value ? "yes" : "no"),
    r: (value) => Atlas.fixed(value, 3),
    p: Atlas.p,
    percent: (value) => `${Atlas.fixed(100 * value, 1)} %`,
    number: (value) => Atlas.number(value),
    count: (value) => Atlas.number(value),
    unit: (value) => String(value).replace("-", MINUS),
  };
  const WORDS = new Set(["text", "units", "language", "languages", "name", "flag"]);

  Atlas.write = (kind, value) => (missing(value) ? "–" : written[kind](value));

  // A heading begins with a capital if it begins with a word: a letter by itself is a symbol (p, r, k, t).
  Atlas.capital = (heading) => heading.replace(/^[a-z](?=[a-z])/, (letter) => letter.toUpperCase());

  // A declared column of a table as Atlas.table takes it: heading, meaning and format are the declaration's; `own` is
  // laid over it.
  Atlas.column = (table, name, own = {}) => {
    const declared = (Atlas.index.columns[table] || {})[name];
    if (!declared) throw new Error(`the atlas knows no column '${name}' of the table '${table}': make it again`);
    const { heading, says, kind } = declared;
    return {
      key: name,
      label: Atlas.capital(heading),
      says,
      kind,
      text: WORDS.has(kind),
      show: (value) => Atlas.write(kind, value),
      ...own,
    };
  };

  Atlas.columns = (table, names) => names.map((name) => Atlas.column(table, name));

  Atlas.say = (text) => {
    document.getElementById("status").textContent = text;
  };

  function save(blob, name) {
    const link = el("a", { href: URL.createObjectURL(blob), download: `${Atlas.index.study}-${name}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    Atlas.say(`Saved ${Atlas.index.study}-${name}`);
  }

  const quoted = (value) => {
    const text = missing(value) ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  // columns: [{key, label}]; rows: objects. The file has the keys as its heading, and numbers in full.
  Atlas.csv = (columns, rows) =>
    [columns.map((column) => column.key), ...rows.map((row) => columns.map((column) => row[column.key]))]
      .map((line) => line.map(quoted).join(","))
      .join("\n") + "\n";

  Atlas.saveCsv = (columns, rows, name) =>
    save(new Blob([Atlas.csv(columns, rows)], { type: "text/csv;charset=utf-8" }), `${name}.csv`);

  // A drawing on its own: with its colours and background written into it.
  Atlas.saveSvg = (svg, label, name) => {
    const copy = svg.cloneNode(true);
    const style = getComputedStyle(svg);
    copy.removeAttribute("aria-hidden");
    copy.setAttribute("role", "img");
    copy.setAttribute("aria-label", label);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.style.color = style.color;
    copy.style.background = getComputedStyle(document.body).backgroundColor;
    copy.style.fontFamily = "system-ui, sans-serif";
    const text = new XMLSerializer().serializeToString(copy);
    save(new Blob([text], { type: "image/svg+xml;charset=utf-8" }), `${name}.svg`);
  };

  // A plain table with its CSV. columns: [{key, label, says, show, text}]: `show` makes text or a node of a value and
  // row, `says` is the tooltip of the heading.
  Atlas.table = (columns, rows, { label, name }) => {
    const head = el("tr", {}, ...columns.map((c) => el("th", { scope: "col", class: c.text ? null : "num", title: c.says }, c.label)));
    const cell = (column, row) => {
      const shown = column.show ? column.show(row[column.key], row) : missing(row[column.key]) ? "–" : row[column.key];
      const content = shown instanceof Node ? shown : String(shown);
      return el("td", { class: column.text ? null : "num", "data-key": column.key }, content);
    };
    const body = rows.map((row) => el("tr", {}, ...columns.map((column) => cell(column, row))));
    return el(
      "div",
      { class: "numbers" },
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
        el("table", { "data-name": name }, el("caption", { class: "hidden" }, label), el("thead", {}, head), el("tbody", {}, ...body)),
      ),
      el("button", { type: "button", class: "save", onclick: () => Atlas.saveCsv(columns, rows, name), "aria-label": `Save CSV: ${label}` }, "Save CSV"),
    );
  };
})();
