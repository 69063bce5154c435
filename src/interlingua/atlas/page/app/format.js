// Names, numbers and headings as text, and text as it is looked for.
"use strict";

(function () {
  Atlas.language = (code) => {
    const found = Atlas.index.languages.find((language) => language.code === code);
    if (!found) throw new Error(`The atlas has no language “${code}”.`);
    return found;
  };
  Atlas.languageName = (code) => Atlas.language(code).name;
  Atlas.modelName = (model) => model.replace(/^builtin:/, "");
  // What people call a probe, ranking, null or model.
  Atlas.label = (name) => Atlas.index.labels[name] || Atlas.modelName(name);

  // Attributes of text in a language: its tag, and its direction.
  Atlas.inLanguage = (code) => ({ lang: Atlas.language(code).tag, dir: Atlas.language(code).rtl ? "rtl" : "ltr" });

  const MINUS = "−";
  Atlas.missing = (value) => value === null || value === undefined || Number.isNaN(value);

  // What rounds to 0 has no sign.
  Atlas.fixed = (value, digits) => {
    if (Atlas.missing(value)) return "–";
    const text = Number(value).toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
  };

  Atlas.number = (value, digits = 3) => {
    if (Atlas.missing(value)) return "–";
    const known = Number(value);
    if (Number.isInteger(known)) return String(known).replace("-", MINUS);
    const size = Math.abs(known);
    const small = size !== 0 && (size >= 1e5 || size < 1e-3);
    const text = small ? known.toExponential(digits - 1) : known.toPrecision(digits);
    return text.replace("-", MINUS);
  };

  Atlas.p = (value) => {
    if (Atlas.missing(value)) return "–";
    return Number(value) < 0.0001 ? "< .0001" : Number(value).toFixed(4).replace(/^0/, "");
  };

  // "a", "a and b", "a, b and c".
  Atlas.listing = (texts) => [texts.slice(0, -1).join(", "), texts.at(-1)].filter(Boolean).join(" and ");

  // How a value of each kind of column is written (interlingua.tables.schema says what the kinds are).
  /** @type {Record<string, (value: any) => string>} */
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

  Atlas.write = (kind, value) => (Atlas.missing(value) ? "–" : written[kind](value));

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
      write: (value) => Atlas.write(kind, value),
      ...own,
    };
  };

  Atlas.columns = (table, names) => names.map((name) => Atlas.column(table, name));

  // Letters that are a letter with a stroke or a ligature, and fall apart under no normal form.
  /** @type {Record<string, string>} */
  const STROKES = { ł: "l", ø: "o", đ: "d", ð: "d", þ: "th", ß: "ss", æ: "ae", œ: "oe", ı: "i", ħ: "h" };

  // Text as it is looked for: in small letters, without accents and without the vowel signs of Arabic and Hebrew.
  // Vowels of Indic scripts and of Thai stay: without them words would be other words.
  Atlas.folded = (text) =>
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]/g, "")
      .replace(/[łøđðþßæœıħ]/g, (letter) => STROKES[letter])
      .normalize("NFC");
})();
