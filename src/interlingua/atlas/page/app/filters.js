// What the table of units can be filtered by. A filter is one entry here: its name in the address, what it is when it
// filters nothing, the field that sets it, and which rows it lets through. Form, address and Back follow.
"use strict";

(function () {
  /** @param {State} state */
  const everyLanguage = (state) => state.cell.languages.length;

  // A number from 0 on, to `max` if there is one; where it is the standard, 0 unless said otherwise, all rows pass.
  /** @type {(filter: Omit<Filter, "parse" | "standard"> & { standard?: Filter["standard"], whole?: boolean }) => Filter} */
  const amount = ({ standard = () => 0, whole = true, ...filter }) => ({
    ...filter,
    standard,
    parse: (text, state) => {
      const value = Number(text);
      const most = filter.max ? filter.max(state) : Infinity;
      if (Number.isNaN(value) || (whole && !Number.isInteger(value))) {
        return { problem: `“${text}” is no ${whole ? "whole " : ""}number, so “${filter.label}” filters nothing.` };
      }
      const held = Math.min(Math.max(value, 0), most);
      if (held === value) return { value };
      const range = most === Infinity ? "begins at 0" : `goes from 0 to ${most}`;
      return { value: held, problem: `“${filter.label}” ${range}: it is ${held} here.` };
    },
  });

  // One of several; the first is the standard, unless another is said to be.
  /** @type {(filter: Omit<Filter, "parse" | "standard"> & { standard?: Filter["standard"], options: (state: State) => [string, string][] }) => Filter} */
  const oneOf = ({ standard = (state) => filter.options(state)[0][0], ...filter }) => ({
    ...filter,
    standard,
    parse: (text, state) =>
      filter.options(state).some(([key]) => key === text)
        ? { value: text }
        : { problem: `“${filter.label}” has no “${text}”${instead(standard(state))}.` },
  });

  /** @param {string} own */
  const instead = (own) => (own === "" ? ", so it filters nothing" : `: it is ${own} here`);

  // The languages and numbers that a search names: codes, or names or their beginnings (three letters or more), in any
  // order, with blanks or commas between; a name may have blanks itself.
  Atlas.searched = (text, languages) => {
    const words = Atlas.folded(text)
      .split(/[\s,;]+/)
      .filter(Boolean);
    /** @type {Searched} */
    const found = { languages: [], numbers: [], names: [], unknown: [] };
    for (let i = 0; i < words.length;) {
      const { used, codes } = named(words.slice(i), languages);
      if (codes.length) found.languages.push(codes);
      else if (/^\d+$/.test(words[i])) found.numbers.push(words[i]);
      else if (/^(?:(?:mlp|heads)\.)?l\d+(?:[.·]\d*){0,2}$/.test(words[i])) {
        found.names.push(words[i].replaceAll("·", "."));
      } else found.unknown.push(words[i]);
      i += used;
    }
    return found;
  };

  // Whether a unit's name begins with what was typed of it, with its site or without; a layer is typed in full.
  /** @type {(typed: string, name: string) => boolean} */
  const begins = (typed, name) => {
    const start = /^(?:[a-z]+\.)?l\d+$/.test(name) ? `${name}.` : name;
    return [typed, typed.replace(/^[a-z]+\./, "")].some((whole) => whole.startsWith(start));
  };

  // The languages that the first words name, the longest name first.
  /** @type {(words: string[], languages: Language[]) => { used: number, codes: string[] }} */
  function named(words, languages) {
    const code = languages.filter((language) => language.code.toLowerCase() === words[0]);
    if (code.length) return { used: 1, codes: code.map((language) => language.code) };
    for (let used = words.length; used > 0; used -= 1) {
      const text = words.slice(0, used).join(" ");
      const codes = languages.filter(({ name }) => text.length > 2 && Atlas.folded(name).startsWith(text));
      if (codes.length) return { used, codes: codes.map((language) => language.code) };
    }
    return { used: 1, codes: [] };
  }

  /** @type {(row: UnitRow, text: string, state: State) => boolean} */
  const found = (row, text, state) => {
    const { languages, numbers, names, unknown } = Atlas.searched(text, Atlas.index.languages);
    const own = row.languages.split(" ");
    return (
      !unknown.length &&
      languages.every((codes) => codes.some((code) => own.includes(code))) &&
      (!numbers.length || numbers.some((digits) => String(row.unit).includes(digits))) &&
      (!names.length || names.some((name) => begins(Atlas.layout(state.cell).typed(row.unit).toLowerCase(), name)))
    );
  };

  /** @type {(row: UnitRow, signs: string) => boolean} */
  const suits = (row, signs) =>
    row.n_languages > 0 && (row.n_positive === 0 || row.n_negative === 0) === (signs === "same");

  /** @type {(state: State) => boolean} */
  const hasUnseen = (state) => state.cell.unseen.length > 0;

  // What needs no top k is known of the units of the layer that the study compares.
  /** @param {State} state */
  const showsChosen = (state) => state.layers === "all" || state.layer === state.cell.layer;
  /** @param {State} state */
  const hasCarriers = (state) => showsChosen(state) && state.cell.least.length > 0;
  const SCORE = "unit_scores_score";
  const FALSE_SIGN = "unit_scores_false_sign";
  /** @type {(key: string) => (state: State) => boolean} */
  const has = (key) => (state) => showsChosen(state) && state.cell.beside.includes(key);

  /** @type {Filter[]} */
  Atlas.filters = [
    {
      name: "search",
      label: "Unit or languages",
      says: "a number or a place (L7.353), or languages by code or name: units at the top of all of them",
      input: { type: "search", size: "14", placeholder: "2709, L7.21, or zh en" },
      standard: () => "",
      parse: (text) => ({ value: text }),
      passes: found,
    },
    amount({
      name: "least",
      label: "At least languages",
      says: "languages that have the unit among their top k",
      input: { type: "number", min: "0" },
      max: everyLanguage,
      passes: (row, least) => row.n_languages >= least,
    }),
    oneOf({
      name: "signs",
      label: "Signs",
      says: "of the languages that have the unit among their top k",
      options: () => [
        ["", "any"],
        ["same", "all the same"],
        ["mixed", "mixed"],
      ],
      passes: suits,
    }),
    amount({
      name: "t",
      label: "|t| unseen at least",
      says: "size of t in the unseen language chosen beside it, or in each of them",
      input: { type: "number", min: "0", step: "any" },
      whole: false,
      there: hasUnseen,
      passes: (row, least, state) =>
        (state.unseen ? [state.unseen] : state.cell.unseen).every((code) => Math.abs(row[`t_${code}`]) >= least),
    }),
    oneOf({
      name: "unseen",
      label: "in",
      says: "the unseen language whose t is to be so large",
      there: (state) => state.cell.unseen.length > 1,
      options: (state) => [
        ["", "each unseen language"],
        ...state.cell.unseen.map((code) => /** @type {[string, string]} */ ([code, Atlas.languageName(code)])),
      ],
      passes: () => true, // says where the filter before it looks
    }),
    amount({
      name: "carried",
      label: "Carries it in at least",
      after: "languages",
      says: () => Atlas.column("conjunction_units", "carried_by").says,
      input: { type: "number", min: "0" },
      max: everyLanguage,
      there: hasCarriers,
      passes: (row, least, state) => (row.carried?.[state.rho] ?? 0) >= least,
    }),
    oneOf({
      name: "rho",
      label: "with |r| above",
      says: () => Atlas.column("conjunction", "least").says,
      there: hasCarriers,
      standard: ({ cell }) => String(cell.least_default ?? cell.least[0] ?? ""),
      options: ({ cell }) => cell.least.map((least) => [String(least), String(least)]),
      passes: () => true, // says what the filter before it counts
    }),
    amount({
      name: "score",
      label: "Shared part at least",
      says: () => Atlas.column("unit_scores", "score").says,
      input: { type: "number", min: "0", step: "any" },
      whole: false,
      there: has(SCORE),
      passes: (row, least) => !Atlas.missing(row[SCORE]) && Math.abs(row[SCORE]) >= least,
    }),
    amount({
      name: "wrong",
      label: "Wrong sign, % at most",
      says: () => Atlas.column("unit_scores", "false_sign").says,
      input: { type: "number", min: "0", step: "any" },
      whole: false,
      standard: () => 100,
      max: () => 100,
      there: has(FALSE_SIGN),
      passes: (row, most) => !Atlas.missing(row[FALSE_SIGN]) && 100 * row[FALSE_SIGN] <= most,
    }),
  ];

  // The filters that a view of units offers.
  Atlas.filtersOf = (state) => Atlas.filters.filter((filter) => !filter.there || filter.there(state));

  // Which rows pass all filters that are set.
  Atlas.passes = (state) => {
    const set = Atlas.filtersOf(state).filter((filter) => state[filter.name] !== filter.standard(state));
    return (row) => set.every((filter) => filter.passes(row, state[filter.name], state));
  };
})();
