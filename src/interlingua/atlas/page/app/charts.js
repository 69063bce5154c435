// Figures: a drawing by Observable Plot that follows the width of the page, with its legend, numbers and files.
"use strict";

(function () {
  const el = Atlas.el;

  // Okabe & Ito (2008); both stand out on white and on dark.
  Atlas.colours = { main: "var(--accent)", second: "var(--second)", soft: "var(--soft)", paper: "var(--paper)" };

  // An element of a drawing.
  Atlas.svg = (tag, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, String(value));
    node.append(...children);
    return node;
  };
  const svg = Atlas.svg;

  /** @type {WeakMap<Element, { draw: Draw, width: number }>} */
  const drawn = new WeakMap();
  const watcher = new ResizeObserver((changes) => {
    for (const { target, contentRect } of changes) {
      const { draw, width } = /** @type {{ draw: Draw, width: number }} */ (drawn.get(target));
      const room = Math.floor(contentRect.width);
      if (room > 0 && Math.abs(room - width) > 4) paint(target, draw, room);
    }
  });

  // To a screen reader the holder is one image with a label, and the numbers beside it say the rest.
  /** @type {(holder: Element, draw: Draw, width: number) => void} */
  function paint(holder, draw, width) {
    drawn.set(holder, { draw, width });
    const drawing = draw(width);
    drawing.setAttribute("aria-hidden", "true");
    holder.replaceChildren(drawing);
  }

  // A place for a drawing; `draw(width)` gives the SVG.
  Atlas.chart = (draw, label) => {
    const holder = el("div", { class: "chart", role: "img", "aria-label": label });
    drawn.set(holder, { draw, width: 0 });
    watcher.observe(holder);
    return holder;
  };

  // The mark of a legend's entry, by itself, with its width; marks are 12 high.
  /** @type {Record<Mark, (entry: LegendEntry) => { width: number, nodes: SVGElement[] }>} */
  const SWATCHES = {
    bar: ({ colour }) => ({ width: 14, nodes: [svg("rect", { x: 2, y: 1, width: 10, height: 10, fill: colour })] }),
    dot: ({ colour }) => ({ width: 14, nodes: [svg("circle", { cx: 7, cy: 6, r: 4.5, fill: colour })] }),
    ring: ({ colour }) => ({
      width: 14,
      nodes: [svg("circle", { cx: 7, cy: 6, r: 4, fill: Atlas.colours.paper, stroke: colour, "stroke-width": 2 })],
    }),
    line: ({ colour, dashes = null, thick = 2 }) => ({
      width: 26,
      nodes: [
        svg("line", { x1: 0, x2: 24, y1: 6, y2: 6, stroke: colour, "stroke-width": thick, "stroke-dasharray": dashes }),
      ],
    }),
    ramp: ({ colours = [] }) => ({
      width: colours.length * 5 + 4,
      nodes: colours.map((fill, i) => svg("rect", { x: i * 5, y: 0, width: 5.2, height: 12, fill })),
    }),
  };
  Atlas.swatch = (entry) => {
    const { width, nodes } = SWATCHES[entry.mark](entry);
    return {
      width,
      node: svg(
        "svg",
        { class: "swatch", width, height: 12, viewBox: `0 0 ${width} 12`, "aria-hidden": "true" },
        ...nodes,
      ),
    };
  };

  Atlas.legend = (entries) =>
    entries.length
      ? el("ul", { class: "legend" }, ...entries.map((entry) => el("li", {}, Atlas.swatch(entry).node, entry.label)))
      : null;

  // The buttons that save a drawing.
  Atlas.saveButtons = (figure) => [
    Atlas.saveButton("SVG", figure.title, () => Atlas.saveSvg(figure)),
    Atlas.saveButton("PNG", figure.title, () => Atlas.savePng(figure)),
  ];

  // A figure with heading, drawing, legend, caption, files and numbers.
  Atlas.figure = (figure) => {
    const { state, title, caption, legend, draw, columns, rows, name, file } = figure;
    return el(
      "figure",
      { id: `figure-${name}` },
      el("h2", {}, title),
      Atlas.chart(draw, `${title}. ${caption}`),
      Atlas.legend(legend),
      el("figcaption", {}, caption),
      el(
        "div",
        { class: "tools" },
        ...Atlas.saveButtons(figure),
        el(
          "details",
          {},
          el("summary", {}, "Numbers"),
          Atlas.table(columns, rows, { label: title, name, file, state }),
        ),
      ),
    );
  };

  // What a mark says when it is pointed at. Its lines break so that on a narrow page it fits beside any mark.
  Atlas.tip = (rows, { pointer = Plot.pointer, width, ...options }) =>
    Plot.tip(rows, pointer({ lineWidth: Math.max(9, Math.min(24, Math.floor((width / 2 - 32) / 12))), ...options }));

  // Labels of points, each above, below, left or right of its point: the first place that is free. `width` and
  // `height` are about those of the frame, in pixels.
  Atlas.labels = (rows, x, y, text, width, height) => {
    const places = [
      [0, -10],
      [0, 12],
      [-15, 1],
      [15, 1],
      [0, -22],
      [0, 24],
    ];
    /** @type {(key: string, size: number) => (row: Row) => number} */
    const scale = (key, size) => {
      const values = rows.map((row) => row[key]);
      const low = Math.min(...values);
      return (row) => ((row[key] - low) / (Math.max(...values) - low || 1)) * size;
    };
    const [across, up] = [scale(x, width), scale(y, height)];
    const taken = rows.map((row) => [across(row), -up(row)]);
    /** @type {Row[][]} */
    const placed = places.map(() => []);
    for (const row of rows) {
      const at = places.map(([dx, dy]) => [across(row) + dx, dy - up(row)]);
      const free = at.findIndex(([px, py]) =>
        taken.every(([qx, qy]) => Math.abs(px - qx) > 17 || Math.abs(py - qy) > 9),
      );
      const chosen = Math.max(free, 0);
      taken.push(at[chosen]);
      placed[chosen].push(row);
    }
    return places.map(([dx, dy], i) => Plot.text(placed[i], { x, y, text, dx, dy }));
  };

  // Black or white, whichever is read more easily on a colour: one of the two always has a contrast of 4.5 or more.
  Atlas.inkOn = (colour) => {
    const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  };

  // What all drawings have in common.
  Atlas.plot = (options) =>
    Plot.plot({
      marginBottom: 42,
      style: { background: "transparent", fontSize: "12px", overflow: "visible" },
      ...options,
    });
})();
