// The frame: navigation, the choices, and drawing the view that the address names.
"use strict";

(function () {
  const { el } = Atlas;
  const VIEWS = { overview: "Overview", units: "Units", unit: "A unit", word: "A word" };
  const draw = {
    overview: (state) => Atlas.viewOverview(state),
    units: (state) => Atlas.viewUnits(state),
    unit: (state) => Atlas.viewUnit(state),
    word: (state) => Atlas.viewWord(state),
  };
  let ticket = 0;
  let before = null;

  function navigation(state) {
    const target = (view) => {
      if (view !== "unit" || state.view === "unit") return Atlas.href(state, { view });
      const page = Atlas.pagesOf(state.model, state.cell.layer);
      return page && page.units.length ? Atlas.href(state, { view, unit: bestUnit(state, page) }) : null;
    };
    document.getElementById("views").replaceChildren(
      ...Object.entries(VIEWS)
        .map(([view, title]) => [view, title, target(view)])
        .filter(([, , href]) => href)
        .map(([view, title, href]) => el("a", { href, "aria-current": state.view === view ? "page" : null }, title)),
    );
  }

  // The unit that "A unit" opens: the first that most languages share, or the first there is.
  function bestUnit(state, page) {
    const shared = Atlas.index.cells[state.number].first_unit;
    return shared ?? page.units[0];
  }

  function choices(state) {
    const { cells, methods } = Atlas.index;
    const go = (change) => { window.location.hash = Atlas.href(state, change); };
    const select = (id, label, options, value, change) => {
      const input = el("select", { id, onchange: (event) => go(change(event.target.value)) }, ...options.map(([key, text]) => el("option", { value: key, selected: String(key) === String(value) }, text)));
      return el("label", {}, label, " ", input);
    };
    const unique = (values) => [...new Set(values)];
    const variables = cells.filter((cell) => cell.model === state.model).map((cell) => cell.variable);
    const layout = Atlas.layout(state.cell);
    const layers = Array.from({ length: layout.layers }, (_, i) => [i, i === state.cell.layer ? `${i} (chosen)` : String(i)]);
    const k = el("input", { id: "k", type: "number", min: "1", max: layout.width(state.layer), value: state.k, onchange: (event) => go({ k: event.target.value }) });
    const focused = document.activeElement && document.activeElement.id;
    const form = document.getElementById("choices");
    form.replaceChildren(
      select("model", "Model", unique(cells.map((cell) => cell.model)).map((model) => [model, Atlas.modelName(model)]), state.model, (model) => ({ model })),
      select("variable", "Variable", variables.map((variable) => [variable, variable]), state.variable, (variable) => ({ variable })),
      select("ranking", "Ranking", methods.map((method) => [method.key, method.name]), state.ranking, (ranking) => ({ ranking })),
      select("layer", "Layer", layers, state.layer, (layer) => ({ layer: Number(layer) })),
      el("label", {}, "Top k ", k),
    );
    if (focused && form.querySelector(`#${focused}`)) form.querySelector(`#${focused}`).focus();
  }

  async function show() {
    const mine = (ticket += 1);
    const state = Atlas.readState(window.location.hash);
    const main = document.getElementById("main");
    main.setAttribute("aria-busy", "true");
    let view;
    try {
      view = await draw[state.view](state);
    } catch (error) {
      view = [el("h1", { tabindex: "-1" }, "This can't be shown"), el("p", {}, error.message)];
    }
    if (mine !== ticket) return; // another choice was made meanwhile
    navigation(state);
    choices(state);
    main.replaceChildren(...view);
    if (view.after) view.after();
    main.dataset.view = state.view;
    main.removeAttribute("aria-busy");
    const heading = main.querySelector("h1");
    document.title = `${heading.textContent} · ${Atlas.index.study} · atlas`;
    const at = `${state.view}/${state.unit}/${state.word}`;
    if (before !== null && before !== at) {
      heading.focus();
      window.scrollTo(0, 0);
    }
    before = at;
  }

  function themeButton() {
    const button = document.getElementById("theme");
    const update = () => button.setAttribute("aria-pressed", String(Atlas.theme() === "dark"));
    button.addEventListener("click", () => {
      Atlas.setTheme(Atlas.theme() === "dark" ? "light" : "dark");
      update();
    });
    update();
  }

  async function start() {
    themeButton();
    document.getElementById("skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address holds the choice, not a place on the page
      document.getElementById("main").focus();
    });
    document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
    Atlas.index = await Atlas.load("index");
    document.getElementById("study").textContent = Atlas.index.study;
    const norms = [...new Set(Atlas.index.languages.map((language) => `${language.norms} (${language.licence})`))];
    document.getElementById("sources").textContent = `Ratings: ${norms.join("; ")}.`;
    window.addEventListener("hashchange", show);
    await show();
  }

  start();
})();
