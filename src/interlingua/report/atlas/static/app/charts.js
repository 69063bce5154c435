// Figures: a drawing by Observable Plot that follows the width of the page, with its numbers, SVG and CSV.
"use strict";

(function () {
  const el = Atlas.el;

  // Okabe & Ito (2008); both stand out on white and on dark.
  Atlas.colours = { main: "var(--accent)", second: "var(--second)", soft: "var(--soft)" };

  const drawn = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    for (const entry of entries) {
      const { draw, label, width } = drawn.get(entry.target);
      const room = Math.floor(entry.contentRect.width);
      if (room > 0 && Math.abs(room - width) > 4) paint(entry.target, draw, label, room);
    }
  });

  function paint(holder, draw, label, width) {
    drawn.set(holder, { draw, label, width });
    const svg = draw(width);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    svg.removeAttribute("aria-description");
    holder.replaceChildren(svg);
  }

  // A place for a drawing; `draw(width)` gives the SVG.
  Atlas.chart = (draw, label) => {
    const holder = el("div", { class: "chart" });
    drawn.set(holder, { draw, label, width: 0 });
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
        onclick: () => Atlas.saveSvg(holder.querySelector("svg"), name),
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

  // What all drawings have in common.
  Atlas.plot = (options) =>
    Plot.plot({ marginBottom: 42, style: { background: "transparent", fontSize: "12px", overflow: "visible" }, ...options });
})();
