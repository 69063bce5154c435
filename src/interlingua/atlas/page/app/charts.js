// Figures: a drawing by Observable Plot that follows the width of the page, with its numbers, SVG and CSV.
"use strict";

(function () {
  const el = Atlas.el;

  // Okabe & Ito (2008); both stand out on white and on dark.
  Atlas.colours = { main: "var(--accent)", second: "var(--second)", soft: "var(--soft)" };

  const drawn = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    for (const entry of entries) {
      const { draw, width } = drawn.get(entry.target);
      const room = Math.floor(entry.contentRect.width);
      if (room > 0 && Math.abs(room - width) > 4) paint(entry.target, draw, room);
    }
  });

  // To a screen reader the holder is one image with a label, and the numbers beside it say the rest.
  function paint(holder, draw, width) {
    drawn.set(holder, { draw, width });
    const svg = draw(width);
    svg.setAttribute("aria-hidden", "true");
    holder.replaceChildren(svg);
  }

  // A place for a drawing; `draw(width)` gives the SVG.
  Atlas.chart = (draw, label) => {
    const holder = el("div", { class: "chart", role: "img", "aria-label": label });
    drawn.set(holder, { draw, width: 0 });
    watcher.observe(holder);
    return holder;
  };

  Atlas.saveSvgButton = (holder, name, label) =>
    el(
      "button",
      {
        type: "button",
        class: "save",
        "aria-label": `Save SVG: ${label}`,
        onclick: () => Atlas.saveSvg(holder.querySelector("svg"), label, name),
      },
      "Save SVG",
    );

  // A figure with heading, drawing, caption and numbers.
  Atlas.figure = ({ title, caption, draw, columns, rows, name }) => {
    const holder = Atlas.chart(draw, `${title}. ${caption}`);
    return el(
      "figure",
      { id: `figure-${name}` },
      el("h2", {}, title),
      holder,
      el("figcaption", {}, caption),
      el(
        "div",
        { class: "tools" },
        Atlas.saveSvgButton(holder, name, title),
        el("details", {}, el("summary", {}, "Numbers"), Atlas.table(columns, rows, { label: title, name })),
      ),
    );
  };

  // Labels of points, each above, below, left or right of its point: the first place that is free. `width` and
  // `height` are about those of the frame, in pixels.
  Atlas.labels = (rows, x, y, text, width, height) => {
    const places = [[0, -10], [0, 12], [-15, 1], [15, 1], [0, -22], [0, 24]];
    const scale = (key, size) => {
      const values = rows.map((row) => row[key]);
      const low = Math.min(...values);
      return (row) => ((row[key] - low) / (Math.max(...values) - low || 1)) * size;
    };
    const [across, up] = [scale(x, width), scale(y, height)];
    const taken = rows.map((row) => [across(row), -up(row)]);
    const placed = places.map(() => []);
    for (const row of rows) {
      const at = places.map(([dx, dy]) => [across(row) + dx, dy - up(row)]);
      const free = at.findIndex(([px, py]) => taken.every(([qx, qy]) => Math.abs(px - qx) > 17 || Math.abs(py - qy) > 9));
      const chosen = Math.max(free, 0);
      taken.push(at[chosen]);
      placed[chosen].push(row);
    }
    return places.map(([dx, dy], i) => Plot.text(placed[i], { x, y, text, dx, dy }));
  };

  // What all drawings have in common.
  Atlas.plot = (options) =>
    Plot.plot({ marginBottom: 42, style: { background: "transparent", fontSize: "12px", overflow: "visible" }, ...options });
})();
