// A figure as a file: in the light palette whatever the page has, at one width whatever the screen has, and with all
// that it needs to stand by itself: title, choice, legend, caption, source and licence.
"use strict";

(function () {
  const svg = Atlas.svg;
  const WIDTH = 640;
  const EDGE = 16;
  const PNG_SCALE = 4; // pixels of the PNG to one of the drawing: 2560 across
  const SANS = 'Helvetica, Arial, "Liberation Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans Arabic", sans-serif';

  // Where the ratings come from and what may be done with them.
  Atlas.sources = (codes = null) => {
    const shown = Atlas.index.languages.filter(({ code }) => codes === null || codes.includes(code));
    const norms = new Set(shown.map(({ norms: from, licence }) => `${from} (${licence})`));
    return `Ratings: ${[...norms].join("; ")}.`;
  };

  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  /** @type {(text: string, font: string) => number} */
  const widthOf = (text, font) => {
    pen.font = font;
    return pen.measureText(text).width;
  };

  // The lines of a text that is to be no wider than the file.
  /** @type {(text: string, font: string) => string[]} */
  function broken(text, font) {
    /** @type {string[]} */
    const lines = [];
    for (const word of text.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && widthOf(longer, font) <= WIDTH - 2 * EDGE) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }

  // The light value of each colour of the page, whatever the page has now.
  function palette() {
    const probe = Atlas.el("div", { "data-theme": "light", hidden: true });
    document.body.append(probe);
    const style = getComputedStyle(probe);
    /** @type {(name: string) => string} */
    const value = (name) => {
      const found = style.getPropertyValue(name === "--plot-background" ? "--paper" : name).trim();
      if (!found) throw new Error(`the page has no colour ${name}`);
      return found;
    };
    const ink = value("--ink");
    /** @param {string} text */
    const literal = (text) =>
      text.replace(/var\((--[\w-]+)\)/g, (_, name) => value(name)).replaceAll("currentColor", ink);
    return { literal, remove: () => probe.remove() };
  }

  // Write every colour that the page's style gives into the drawing itself.
  /** @param {SVGElement} root */
  function fixColours(root) {
    const { literal, remove } = palette();
    for (const node of [root, ...root.querySelectorAll("*")]) {
      for (const { name, value } of [...node.attributes]) {
        const fixed = literal(value);
        if (fixed !== value) node.setAttribute(name, fixed);
      }
    }
    remove();
  }

  // Lay parts out beneath each other; each adds its nodes at a height and says how high it is.
  /** @type {(...parts: ((y: number) => { nodes: SVGElement[], height: number })[]) => { nodes: SVGElement[], height: number }} */
  const stacked = (...parts) =>
    parts.reduce(
      ({ nodes, height }, part) => {
        const next = part(height);
        return { nodes: [...nodes, ...next.nodes], height: height + next.height };
      },
      { nodes: /** @type {SVGElement[]} */ ([]), height: EDGE },
    );

  /** @type {(text: string, size: number, weight?: string, fill?: string) => (y: number) => { nodes: SVGElement[], height: number }} */
  const paragraph =
    (text, size, weight = "400", fill = "var(--ink)") =>
    (y) => {
      const lines = broken(text, `${weight} ${size}px ${SANS}`);
      const step = size * 1.35;
      return {
        nodes: lines.map((line, i) =>
          svg("text", { x: EDGE, y: y + step * (i + 0.8), "font-size": size, "font-weight": weight, fill }, line),
        ),
        height: step * lines.length + 5,
      };
    };

  /** @type {(entries: LegendEntry[]) => (y: number) => { nodes: SVGElement[], height: number }} */
  const legend = (entries) => (top) => {
    /** @type {SVGElement[]} */
    const nodes = [];
    let x = EDGE;
    let y = top + 4;
    for (const entry of entries) {
      const { node, width } = Atlas.swatch(entry);
      const room = width + 6 + widthOf(entry.label, `400 12px ${SANS}`);
      if (x > EDGE && x + room > WIDTH - EDGE) {
        x = EDGE;
        y += 18;
      }
      node.setAttribute("x", String(x));
      node.setAttribute("y", String(y));
      nodes.push(node, svg("text", { x: x + width + 6, y: y + 10, "font-size": 12, fill: "var(--ink)" }, entry.label));
      x += room + 18;
    }
    return { nodes, height: entries.length ? y - top + 24 : 0 };
  };

  // The drawing of a figure by itself, and its size.
  Atlas.drawing = ({ state, title, caption, legend: entries, draw, languages = null }) => {
    const chart = draw(WIDTH - 2 * EDGE);
    const tall = Number(chart.getAttribute("height"));
    const { nodes, height } = stacked(
      paragraph(title, 16, "700"),
      paragraph(Atlas.describe(state), 12, "400", "var(--soft)"),
      (y) => {
        chart.setAttribute("x", String(EDGE));
        chart.setAttribute("y", String(y));
        chart.setAttribute("font-family", SANS);
        return { nodes: [chart], height: tall + 6 };
      },
      legend(entries),
      paragraph(caption, 12),
      paragraph(
        `${Atlas.sources(languages)} Study “${Atlas.index.study}”, drawn by interlingua.`,
        10.5,
        "400",
        "var(--soft)",
      ),
    );
    const size = { width: WIDTH, height: Math.ceil(height + EDGE) };
    const root = svg(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        ...size,
        viewBox: `0 0 ${size.width} ${size.height}`,
        role: "img",
        "aria-label": `${title}. ${caption}`,
        "font-family": SANS,
        color: "var(--ink)",
      },
      svg("title", {}, title),
      svg("desc", {}, caption),
      svg("rect", { ...size, fill: "var(--paper)" }),
      ...nodes,
    );
    fixColours(root);
    return { text: new XMLSerializer().serializeToString(root), ...size };
  };

  Atlas.saveSvg = (figure) =>
    Atlas.save(
      new Blob([Atlas.drawing(figure).text], { type: "image/svg+xml;charset=utf-8" }),
      `${Atlas.fileName(figure.state, figure.file ?? figure.name)}.svg`,
    );

  Atlas.savePng = async (figure) => {
    const { text, width, height } = Atlas.drawing(figure);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = /** @type {HTMLCanvasElement} */ (
      Atlas.el("canvas", { width: width * PNG_SCALE, height: height * PNG_SCALE })
    );
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      if (blob) Atlas.save(blob, `${Atlas.fileName(figure.state, figure.file ?? figure.name)}.png`);
      else Atlas.say("The browser could not make the PNG: save the SVG instead.");
    }, "image/png");
  };
})();
