// Tables as text, and what files are called.
"use strict";

(function () {
  /** @param {unknown} value */
  const quoted = (value) => {
    const text = Atlas.missing(value) ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  // columns: [{key}]; rows: objects. The file has the keys as its heading, and numbers in full. It begins with a mark
  // of its encoding: without it spreadsheets take letters with accents, Arabic and Chinese for something else.
  Atlas.csv = (columns, rows) =>
    `\ufeff${[columns.map((column) => column.key), ...rows.map((row) => columns.map((column) => row[column.key]))]
      .map((line) => line.map(quoted).join(","))
      .join("\n")}\n`;

  // What no file system minds, in any script.
  /** @param {string} text */
  const plain = (text) => text.replace(/[^\p{L}\p{M}\p{N}._]+/gu, "-").replace(/^-+|-+$/g, "");

  // The name of a file that shows something of a choice: study, model, variable, ranking, layer and k stand in it.
  Atlas.fileName = (state, what) => {
    const layers = Atlas.layersOf(state);
    const all = state.layers === "all";
    return [
      Atlas.index.study,
      Atlas.modelName(state.model),
      ...(state.site === "resid" ? [] : [state.site]),
      state.variable,
      state.ranking,
      all ? "all-layers" : layers.length > 1 ? `layers-${layers.join("-")}` : `layer-${layers[0]}`,
      `k-${state.k}`,
      what,
    ]
      .map(plain)
      .join("_");
  };
})();
