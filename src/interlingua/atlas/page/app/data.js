// Data files: each is a script that calls window.__atlas(name, data), loaded when it is first needed. A page opened
// from disk may not fetch files, but it may add scripts.
"use strict";

(function () {
  /** @type {Map<string, Promise<any>>} */
  const promises = new Map();
  /** @type {Map<string, unknown>} */
  const arrived = new Map();

  window.__atlas = (name, data) => arrived.set(name, data);

  Atlas.load = (name) => {
    let promise = promises.get(name);
    if (!promise) {
      promise = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `data/${name.split("/").map(encodeURIComponent).join("/")}.js`;
        /** @param {string} fault */
        const no = (fault) =>
          reject(new Error(`data/${name}.js ${fault}: make the atlas again (interlingua atlas RESULTS)`));
        script.onload = () => {
          script.remove();
          if (arrived.has(name)) resolve(arrived.get(name));
          else no("is damaged"); // it ran, but did not hand over what it is to hold
        };
        script.onerror = () => no("is missing");
        document.head.append(script);
      });
      promises.set(name, promise);
    }
    return promise;
  };

  /** @param {string} text */
  function bytes(text) {
    const binary = window.atob(text);
    const out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) out[i] = binary.charCodeAt(i);
    return out;
  }

  // Long columns of numbers, as interlingua.atlas.files.pack writes them (little-endian, as all browsers' machines).
  Atlas.unpack = {
    u1: bytes,
    i2: (text) => new Int16Array(bytes(text).buffer),
    f4: (text) => new Float32Array(bytes(text).buffer),
  };

  // Tables: {columns, rows} to a list of objects.
  Atlas.records = (table) =>
    table ? table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i]]))) : [];

  const cells = new Map();

  // A cell (model and variable) with its tables as lists of objects.
  Atlas.loadCell = async (number) => {
    if (!cells.has(number)) {
      const raw = await Atlas.load(`cells/${number}`);
      const tables = Object.fromEntries(
        Object.entries(raw.tables).map(([name, table]) => [name, Atlas.records(table)]),
      );
      const carried = raw.carried.map((/** @type {any} */ { least, ...of }) => ({ least, by: byUnit(of) }));
      cells.set(number, { tables, unitColumns: raw.unit_columns.map(readUnitColumn), weights: raw.weights, carried });
    }
    return cells.get(number);
  };

  /** @type {(column: { units: number[], values: any[] }) => Map<number, any>} */
  const byUnit = ({ units, values }) => new Map(units.map((unit, i) => [unit, values[i]]));
  /** @type {<A, B>(object: Record<string, A>, change: (value: A) => B) => Record<string, B>} */
  const mapValues = (object, change) =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

  /** @type {(raw: any) => LoadedColumn} */
  const readUnitColumn = ({ table, column, means, languages }) => ({
    table,
    column,
    means: mapValues(means, byUnit),
    languages: mapValues(languages, (/** @type {any} */ ofRanking) => mapValues(ofRanking, byUnit)),
  });

  // What the study's questions put beside every unit, for a ranking: those columns that have values there. Each is a
  // column for Atlas.table, with `mean(unit)`, and `of(unit, language)` where its table has languages; null where it
  // has no value.
  Atlas.unitColumns = (data, ranking) =>
    data.unitColumns
      .map(({ table, column, means, languages }) => ({
        ...Atlas.column(table, column),
        key: `${table}_${column}`,
        means: means[ranking] || means[""],
        languages: languages[ranking] || languages[""],
      }))
      .filter((column) => column.means)
      .map((column) => ({
        ...column,
        mean: (unit) => column.means.get(unit) ?? null,
        of: column.languages && ((unit, code) => column.languages[code]?.get(unit) ?? null),
      }));

  // Where the units of a cell's site stand: a layer's units follow each other, and layers follow each other. Nothing
  // else on the page computes with ids.
  Atlas.layout = ({ site, layout: { widths, first, layers, heads } }) => {
    /** @param {number} unit */
    const place = (unit) => {
      const layer = first.filter((id) => id <= unit).length - 1;
      return { layer, index: unit - first[layer] };
    };
    /** @param {number} layer */
    const before = (layer) => layers.filter((other) => other < layer).reduce((sum, other) => sum + widths[other], 0);
    const prefix = site === "resid" ? "" : site;
    // Units of a head that has several are called by the head and their number in it.
    /** @param {number} layer */
    const size = (layer) => (heads ? widths[layer] / heads : 1);
    /** @param {number} unit */
    const numbers = (unit) => {
      const { layer, index } = place(unit);
      return size(layer) > 1 ? [layer, Math.floor(index / size(layer)), index % size(layer)] : [layer, index];
    };
    /** @param {number} unit */
    const typed = (unit) => `${prefix && `${prefix}.`}L${numbers(unit).join(".")}`;
    return {
      layers,
      first: first[layers[0]],
      last: first[layers[layers.length - 1]] + widths[layers[layers.length - 1]] - 1,
      width: (layer) => widths[layer],
      unit: (layer, index) => first[layer] + index,
      place,
      name: (unit) => `${prefix && `${prefix} `}L${numbers(unit).join("·")}`,
      typed,
      // The id of a unit by its number, or by its name as it is typed, with the site or without.
      find: (text) => {
        const layerOf = (/** @type {number} */ unit) => (layers.includes(place(unit).layer) ? unit : null);
        if (/^\d+$/.test(text)) {
          return Number(text) < first[0] + widths.reduce((a, b) => a + b, 0) ? layerOf(Number(text)) : null;
        }
        const found = /^(?:([a-z]+)[. ])?L(\d+)[.·](\d+)(?:[.·](\d+))?$/i.exec(text.trim());
        if (!found || ![prefix, undefined].includes(found[1]?.toLowerCase())) return null;
        const [layer, one, two] = [found[2], found[3], found[4]].map((part) =>
          part === undefined ? null : Number(part),
        );
        if (layer === null || one === null || !layers.includes(layer) || (two === null) !== (size(layer) === 1)) {
          return null;
        }
        const index = two === null ? one : one * size(layer) + two;
        return index < widths[layer] && (two === null || two < size(layer)) ? first[layer] + index : null;
      },
      // Among numbers for all units that were read: where a unit's is, and those of a layer.
      at: (unit) => before(place(unit).layer) + place(unit).index,
      block: (values, layer) => values.subarray(before(layer), before(layer) + widths[layer]),
    };
  };

  const ranks = new Map();

  // Signed ranks of all units by language: the rank with the sign of the weight, 0 where the weight is 0.
  Atlas.loadRanks = async (number, method) => {
    const name = `ranks/${number}-${method}`;
    if (!ranks.has(name)) {
      const raw = await Atlas.load(name);
      ranks.set(name, Object.fromEntries(Object.entries(raw).map(([code, text]) => [code, Atlas.unpack.i2(text)])));
    }
    return ranks.get(name);
  };

  const transfers = new Map();

  // t and percentile of all units in each unseen language; empty where the study has none.
  Atlas.loadTransfer = async (number) => {
    if (!Atlas.index.cells[number].unseen.length) return {};
    if (!transfers.has(number)) {
      const raw = await Atlas.load(`transfer/${number}`);
      /** @param {[string, any]} entry */
      const read = ([code, columns]) => [
        code,
        { t: Atlas.unpack.f4(columns.t_words), percentile: Atlas.unpack.f4(columns.percentile) },
      ];
      transfers.set(number, Object.fromEntries(Object.entries(raw).map(read)));
    }
    return transfers.get(number);
  };

  const steered = new Map();

  // What edits do; null where the study edits no units.
  Atlas.loadSteered = async (number) => {
    if (!Atlas.index.cells[number].readouts.length) return null;
    if (!steered.has(number)) {
      const { units, slopes, sets, edited, pairs } = await Atlas.load(`steered/${number}`);
      /** @param {Record<string, string>} byLanguage */
      const unpacked = (byLanguage) => mapValues(byLanguage, Atlas.unpack.f4);
      const tables = { edited: Atlas.records(edited), pairs: Atlas.records(pairs) };
      steered.set(number, { units, sets, slopes: mapValues(slopes, unpacked), ...tables });
    }
    return steered.get(number);
  };

  const layers = new Map();

  // One layer's units in one language: means by word, mean and deviation, and quoted sentences.
  Atlas.loadUnits = async (name, code) => {
    const key = `units/${name}-${code}`;
    if (!layers.has(key)) {
      const raw = await Atlas.load(key);
      const [low, step, mean, sd] = ["low", "step", "mean", "sd"].map((column) => Atlas.unpack.f4(raw[column]));
      layers.set(key, {
        mean,
        sd,
        r: mapValues(raw.r, (text) => Atlas.unpack.f4(String(text))),
        top: raw.top,
        bottom: raw.bottom,
        means: (/** @type {number} */ position) =>
          Array.from(Atlas.unpack.u1(raw.rows[position]), (level) => low[position] + step[position] * level),
      });
    }
    return layers.get(key);
  };

  // Where the words of a layer of a cell's model and site are and of which units, or undefined where there are none.
  Atlas.pagesOf = ({ model, site }, layer) => {
    const sites = [...new Set(Atlas.index.cells.map((cell) => `${cell.model} ${cell.site}`))];
    const page = Atlas.index.pages.find(
      (entry) => entry.model === model && entry.site === site && entry.layer === layer,
    );
    return page && { name: `${sites.indexOf(`${model} ${site}`)}-${layer}`, units: page.units };
  };
})();
