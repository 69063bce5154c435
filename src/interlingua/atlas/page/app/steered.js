// What edits of units do: the matrix of languages that choose and languages in which units are shifted, and on a unit's
// page what it does by itself and with its set. All of it is of the study's own layer and sets.
"use strict";

(function () {
  const { el, fixed } = Atlas;
  const name = Atlas.languageName;

  /** @param {State} state */
  const readoutOf = (state) => {
    const found = state.cell.readouts.find(({ key }) => key === state.readout);
    if (!found) throw new Error(`there is no readout “${state.readout}”`);
    return found;
  };

  Atlas.effectMap = (state, { pairs }) => {
    const readout = readoutOf(state);
    const rows = pairs.filter((pair) => pair.readout === readout.key);
    /** @param {string} column */
    const codes = (column) =>
      Atlas.index.languages.map(({ code }) => code).filter((code) => rows.some((row) => row[column] === code));
    const [down, across] = [codes("chosen_in"), codes("language")];
    const effects = rows.map((row) => row.effect);
    const [least, most] = [Math.min(0, ...effects), Math.max(0.01, ...effects)];
    const colour = Plot.scale({ color: { type: "linear", scheme: "YlGnBu", domain: [least, most] } });
    /** @param {Row} row */
    const fill = (row) => colour.apply(row.effect);
    /** @param {Row} row */
    const title = (row) =>
      `${row.n_units} units chosen in ${name(row.chosen_in)}, shifted in ${name(row.language)}:\n` +
      `${fixed(row.effect, 2)} ${readout.in_units} with each SD\n${row.n_shared} of them are at its top, too`;
    return {
      title: "What units of one language move in another",
      caption:
        `Units that the language of a row chooses alone, with its signs, are shifted by one SD in the language of a column: predicted ` +
        `change of the ${readout.name}, in ${readout.in_units}. On the diagonal a language's own units.`,
      legend: [
        {
          mark: "ramp",
          colours: Array.from({ length: 24 }, (_, i) => colour.apply(least + ((most - least) * i) / 23)),
          label: `${fixed(least, 2)} to ${fixed(most, 2)} SD: the darker, the more`,
        },
      ],
      draw: (width) =>
        Atlas.plot({
          width,
          height: Math.min(width, 460),
          marginLeft: 56,
          marginBottom: 40,
          x: { domain: across, label: "shifted in", tickSize: 0 },
          y: { domain: down, label: "chosen in", tickSize: 0 },
          marks: [
            Plot.cell(rows, { x: "language", y: "chosen_in", fill, inset: 0.5 }),
            Plot.text(rows, {
              x: "language",
              y: "chosen_in",
              text: (/** @type {Row} */ row) => fixed(row.effect, 2).replace(/^(−?)0\./, "$1."),
              fill: (/** @type {Row} */ row) => Atlas.inkOn(fill(row)),
              fontSize: width / across.length < 40 ? 9 : 12,
            }),
            Atlas.tip(rows, { x: "language", y: "chosen_in", title, width }),
          ],
        }),
      name: "effects",
      file: `effects-${readout.key}`,
      rows,
      columns: Atlas.columns("causal_pairs", ["chosen_in", "language", "n_units", "n_shared", "effect"]),
    };
  };

  // Least and greatest of numbers, as text.
  /** @type {(values: number[]) => string} */
  const span = (values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) =>
      fixed(value, 3).replace(/^−(0\.0+)$/, "$1"),
    );
    return low === high ? low : `${low} to ${high}`;
  };

  /** @type {(state: State, steered: Steered, unit: number) => HTMLElement} */
  Atlas.shifted = (state, steered, unit) => {
    const at = steered.units.indexOf(unit);
    return el(
      "div",
      { class: "shifted" },
      el("h3", {}, "If it is shifted"),
      ...(at < 0 ? [el("p", { class: "note" }, whyNot(state, steered, unit))] : told(state, steered, unit, at)),
    );
  };

  // Why nothing is known of a unit.
  /** @type {(state: State, steered: Steered, unit: number) => string} */
  function whyNot(state, steered, unit) {
    const { cell } = state;
    const { layer } = Atlas.layout(cell).place(unit);
    return layer === cell.layer
      ? `It stands in none of the sets that the study edits: of ${steered.units.length} of the layer's ${Atlas.layout(cell).width(layer)} units, which stand in one, the atlas knows what they do.`
      : `The study edits units of layer ${cell.layer} only.`;
  }

  /** @type {(state: State, steered: Steered, unit: number, at: number) => HTMLElement[]} */
  function told(state, { slopes, sets, edited }, unit, at) {
    const { others = {}, ...rest } = sets;
    const chosen = Object.keys(others).filter((code) => others[code].includes(unit));
    const { readouts } = state.cell;
    const alone = readouts.map(
      ({ key, name: label, in_units: inUnits }) =>
        `the ${label} by ${span(Object.values(slopes[key]).map((values) => values[at]))} ${inUnits}`,
    );
    const together = readouts.map(({ key, name: label }) => {
      const whole = edited.filter((row) => row.readout === key && chosen.includes(row.language));
      return whole.length ? `the ${label} by ${span(whole.map((row) => row.effect))}` : "";
    });
    const of = `of ${Object.keys(others).length} languages`;
    const sentences = [
      `Shifted alone by one SD, in the direction that the other languages say, it moves ${Atlas.listing(alone)}.`,
      chosen.length
        ? `In ${chosen.length} ${of} it is among the units that the others choose; all of these together move ${Atlas.listing(together.filter(Boolean))}.`
        : `In none ${of} is it among the units that the others choose.`,
    ];
    const readout = readoutOf(state);
    const rows = Object.entries(slopes[readout.key]).map(([code, values]) => {
      const own = chosen.includes(code)
        ? edited.find((row) => row.readout === readout.key && row.language === code)
        : undefined;
      const also = Object.keys(rest).filter((set) => rest[set][code]?.includes(unit));
      return {
        ...own,
        language: code,
        slope: values[at],
        place: own ? others[code].indexOf(unit) + 1 : null,
        chosen_by: also.join(", ") || null,
      };
    });
    const columns = [
      Atlas.column("causal_slopes", "language"),
      Atlas.column("causal_slopes", "slope", { write: (value) => fixed(value, 4) }),
      Atlas.column("causal_units", "place", { label: "Place in the others' choice" }),
      Atlas.column("causal", "effect", { label: "All of that choice" }),
      ...Atlas.columns("causal", ["effect_low", "effect_high", "matched", "p_bh"]),
      Atlas.column("causal_units", "chosen_by", { label: "Also in the sets" }),
    ];
    return [
      el("p", {}, sentences.join(" ")),
      el(
        "p",
        { class: "note" },
        `The ${readout.name}, in ${readout.in_units} with each SD. Alone: predicted by the gradient. All of the others' choice: measured, beside the median of matched sets.`,
      ),
      Atlas.table(columns, rows, {
        label: `Unit ${unit}, shifted: ${readout.name}`,
        name: `shifted-${unit}`,
        file: `shifted-${unit}-${readout.key}`,
        state,
      }),
    ];
  }
})();
