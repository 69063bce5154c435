// Which units stand at the top, and how many languages share them, for any layer and k. Counting only: tests and
// permuted ratings come from the study's tables, which has them for its own layer and k.
"use strict";

(function () {
  // For each language the sign (1 or -1) of each of the layer's top k units, 0 for all others.
  Atlas.tops = (ranks, cell, layer, k) =>
    Object.fromEntries(
      cell.languages.map((code) => {
        const ofLayer = Atlas.layout(cell).block(ranks[code], layer);
        return [code, Int8Array.from(ofLayer, (rank) => (rank !== 0 && Math.abs(rank) <= k ? Math.sign(rank) : 0))];
      }),
    );

  /** @param {Int8Array} signs @returns {number} */
  const size = (signs) => signs.reduce((count, sign) => count + Number(sign !== 0), 0);

  Atlas.pairCounts = (tops, cell) => {
    const sizes = Object.fromEntries(Object.entries(tops).map(([code, signs]) => [code, size(signs)]));
    const width = tops[cell.languages[0]].length;
    /** @type {Row[]} */
    const rows = [];
    cell.languages.forEach((a, i) => {
      for (const b of cell.languages.slice(i + 1)) {
        let observed = 0;
        let same = 0;
        for (let unit = 0; unit < width; unit += 1) {
          if (tops[a][unit] && tops[b][unit]) {
            observed += 1;
            same += Number(tops[a][unit] === tops[b][unit]);
          }
        }
        const expected = (sizes[a] * sizes[b]) / width;
        rows.push({
          language_a: a,
          language_b: b,
          observed,
          expected,
          fe: expected > 0 ? observed / expected : null,
          same_sign: observed ? same / observed : null,
        });
      }
    });
    return rows;
  };

  // Units at the top of at least d languages, and how many independent sets of these sizes would have.
  Atlas.degreeCounts = (tops, cell) => {
    const counts = new Array(cell.languages.length + 1).fill(0);
    const width = tops[cell.languages[0]].length;
    for (let unit = 0; unit < width; unit += 1) {
      counts[cell.languages.filter((code) => tops[code][unit]).length] += 1;
    }
    let chances = [1]; // of a unit to be in 0, 1, 2, ... of the sets so far
    for (const code of cell.languages) {
      const chance = size(tops[code]) / width;
      const next = new Array(chances.length + 1).fill(0);
      chances.forEach((value, d) => {
        next[d] += value * (1 - chance);
        next[d + 1] += value * chance;
      });
      chances = next;
    }
    /** @type {(values: number[], d: number) => number} */
    const atLeast = (values, d) => values.slice(d).reduce((sum, value) => sum + value, 0);
    return cell.languages.map((_, i) => ({
      n_languages: i + 1,
      observed: atLeast(counts, i + 1),
      expected: width * atLeast(chances, i + 1),
    }));
  };

  // Of counts of at least 1, 2, 3 ... (rows in that order), those of exactly so many.
  Atlas.exactly = (rows, column) => rows.map((row, i) => row[column] - (i + 1 < rows.length ? rows[i + 1][column] : 0));

  // The nulls that a table has rows of, each with its name, in the order of the index.
  Atlas.nullsOf = (rows) => Atlas.index.nulls.filter(({ key }) => rows.some((row) => row.null === key));

  // Mean number of units that a language shares with the others (MPO).
  Atlas.meanOverlap = (pairs, code) => {
    const own = pairs.filter((pair) => pair.language_a === code || pair.language_b === code);
    return own.reduce((sum, pair) => sum + pair.observed, 0) / own.length;
  };

  /** @param {number[]} values */
  const meanOf = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

  // A row a unit of one layer: where it stands in each language, together, and what questions put beside it.
  Atlas.unitRows = (ranks, transfer, unitColumns, cell, layer, k) => {
    const layout = Atlas.layout(cell);
    /** @type {UnitRow[]} */
    const rows = [];
    for (let index = 0; index < layout.width(layer); index += 1) {
      const unit = layout.unit(layer, index);
      const at = layout.at(unit);
      const top = cell.languages.filter((code) => ranks[code][at] !== 0 && Math.abs(ranks[code][at]) <= k);
      const ranked = cell.languages.map((code) => Math.abs(ranks[code][at])).filter((rank) => rank > 0);
      const positive = top.filter((code) => ranks[code][at] > 0).length;
      /** @type {UnitRow} */
      const row = {
        unit,
        layer,
        index,
        n_languages: top.length,
        languages: top.join(" "),
        mean_rank: meanOf(ranked),
        n_positive: positive,
        n_negative: top.length - positive,
      };
      for (const column of unitColumns) row[column.key] = column.mean(unit);
      for (const code of cell.unseen) row[`t_${code}`] = transfer[code].t[at];
      rows.push(row);
    }
    return rows;
  };
})();
