// The choice: model, variable, ranking, layer, k, view and unit. It lives in the address, so that a view can be sent.
"use strict";

(function () {
  const VIEWS = ["overview", "units", "unit", "word"];

  // Read "#unit/2709?model=...&k=71&with=2736"; what is missing or unknown becomes the study's own choice.
  Atlas.readState = (hash) => {
    const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
    const [view, ...parts] = path.split("/").map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part; // a stray % in a link that was typed by hand
      }
    });
    const asked = new URLSearchParams(query);
    const { cells, methods, headline } = Atlas.index;
    const model = cells.some((cell) => cell.model === asked.get("model")) ? asked.get("model") : cells[0].model;
    const ofModel = cells.filter((cell) => cell.model === model);
    const cell = ofModel.find((candidate) => candidate.variable === asked.get("variable")) || ofModel[0];
    const whole = (name, low, high, otherwise) => {
      const value = Number(asked.get(name));
      return asked.get(name) && Number.isInteger(value) && value >= low && value <= high ? value : otherwise;
    };
    const layout = Atlas.layout(cell);
    const unit = /^\d+$/.test(parts[0] || "") && Number(parts[0]) <= layout.last ? Number(parts[0]) : null;
    const layer = whole("layer", 0, layout.layers - 1, cell.layer);
    return {
      view: VIEWS.includes(view) && !(view === "unit" && unit === null) ? view : "overview",
      number: cells.indexOf(cell),
      cell,
      model,
      variable: cell.variable,
      ranking: methods.some((method) => method.key === asked.get("ranking")) ? asked.get("ranking") : headline,
      layer,
      k: whole("k", 1, layout.width(layer), cell.k),
      unit: view === "unit" ? unit : null,
      with: view === "unit" ? whole("with", 0, layout.last, null) : null,
      language: view === "word" && Atlas.index.languages.some((l) => l.code === parts[0]) ? parts[0] : null,
      word: view === "word" ? parts[1] || null : null,
      layers: asked.get("layers") === "all" ? "all" : "one",
    };
  };

  // The address of a state; `change` is laid over it. Another model or variable brings its own layer and k.
  Atlas.href = (state, change = {}) => {
    const next = { ...state, ...change };
    const moved = next.model !== state.model || next.variable !== state.variable;
    const query = new URLSearchParams({ model: next.model, variable: next.variable, ranking: next.ranking });
    if (!moved || "layer" in change) query.set("layer", next.layer);
    if (!moved || "k" in change) query.set("k", next.k);
    if (next.view === "unit" && next.with !== null) query.set("with", next.with);
    if (next.view === "units" && next.layers === "all") query.set("layers", "all");
    let path = next.view;
    if (next.view === "unit") path += `/${next.unit}`;
    if (next.view === "word" && next.word) path += `/${next.language}/${encodeURIComponent(next.word)}`;
    return `#${path}?${query}`;
  };

  // Whether the study tested the overlap at this layer and k.
  Atlas.isTested = (state) => state.layer === state.cell.layer && state.k === state.cell.k;

  Atlas.describe = (state, layers = state.layer) =>
    `${Atlas.modelName(state.model)} · ${state.variable} · ranked by ${Atlas.label(state.ranking)} · ` +
    `layer ${layers} · top ${state.k} of ${Atlas.layout(state.cell).width(state.layer)}`;
})();
