// Data files: each is a script that calls window.__atlas(name, data), loaded when it is first needed. A page opened
// from disk may not fetch files, but it may add scripts.
"use strict";

(function () {
  const promises = new Map();
  const arrived = new Map();

  window.__atlas = (name, data) => arrived.set(name, data);

  Atlas.load = (name) => {
    if (!promises.has(name)) {
      promises.set(
        name,
        new Promise((resolve, reject) => {
          const script = document.createElement("script");
          script.src = `data/${name.split("/").map(encodeURIComponent).join("/")}.js`;
          script.onload = () => {
            script.remove();
            resolve(arrived.get(name));
          };
          script.onerror = () => reject(new Error(`data/${name}.js is missing: make the atlas again`));
          document.head.append(script);
        }),
      );
    }
    return promises.get(name);
  };

  function bytes(text) {
    const binary = window.atob(text);
    const out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) out[i] = binary.charCodeAt(i);
    return out;
  }

  // Long columns of numbers, as interlingua.report.atlas.pack writes them (little-endian, as all browsers' machines).
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
      // How often a language's top units come back when its words are drawn anew; null where the study has no such table.
      const stability = tables.stability ? new Map() : null;
      for (const { unit, language, frequency } of tables.stability || []) {
        stability.set(unit, { ...stability.get(unit), [language]: frequency });
      }
      cells.set(number, { tables, stability, weights: raw.weights });
    }
    return cells.get(number);
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
      const read = ([code, columns]) => [
        code,
        { t: Atlas.unpack.f4(columns.t_cluster), percentile: Atlas.unpack.f4(columns.percentile) },
      ];
      transfers.set(number, Object.fromEntries(Object.entries(raw).map(read)));
    }
    return transfers.get(number);
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
        top: raw.top,
        bottom: raw.bottom,
        means: (position) => Array.from(Atlas.unpack.u1(raw.rows[position]), (level) => low[position] + step[position] * level),
      });
    }
    return layers.get(key);
  };

  // Where the words of a model's layer are, or undefined where the atlas has none.
  Atlas.pagesOf = (model, layer) => {
    const models = [...new Set(Atlas.index.cells.map((cell) => cell.model))];
    const page = Atlas.index.pages.find((entry) => entry.model === model && entry.layer === layer);
    return page && { name: `${models.indexOf(model)}-${layer}`, units: page.units };
  };
})();
