// The frame: navigation, the choices, and drawing the view that the address names.
"use strict";

(function () {
  const { el, byId } = Atlas;
  let ticket = 0;
  /** @type {string | null} */
  let before = null;

  /** @type {Record<View, (state: State) => Promise<Drawn>>} */
  const draw = {
    overview: (state) => Atlas.viewOverview(state),
    units: (state) => Atlas.viewUnits(state),
    unit: (state) => Atlas.viewUnit(state),
    word: (state) => Atlas.viewWord(state),
  };

  /** @param {State} state */
  function navigation(state) {
    // "A unit" opens the first that most languages share, or the first that has a page.
    const { first_unit: first } = Atlas.index.cells[state.number];
    const unit = first ?? Atlas.pagesOf(state.cell, state.cell.layer)?.units[0] ?? null;
    /** @param {View} view */
    const href = (view) => Atlas.href(state, view === "unit" && state.unit === null ? { view, unit } : { view });
    byId("views").replaceChildren(
      .../** @type {[View, string][]} */ (Object.entries(Atlas.views)).map(([view, title]) =>
        el("a", { href: href(view), "aria-current": state.view === view ? "page" : null }, title),
      ),
    );
  }

  // Go where a choice leads, as it was asked for: what can't be is told there.
  Atlas.go = (state, change) => {
    window.location.hash = Atlas.asked(state, change);
  };

  // Note in the address what changed on the page, without drawing it anew.
  Atlas.note = (state) => window.history.replaceState(null, "", Atlas.href(state));

  /** @param {State} state */
  function choices(state) {
    /** @type {(offered: Offered) => HTMLElement} */
    const field = ({ name, label, options, most }) => {
      /** @param {Event} event */
      const onchange = (event) => Atlas.go(state, { [name]: /** @type {HTMLInputElement} */ (event.target).value });
      if (!options) {
        return el(
          "label",
          {},
          label,
          " ",
          el("input", { id: name, type: "number", min: "1", max: most, value: state[name], onchange }),
        );
      }
      const shown = options.map(([key, text]) => el("option", { value: key, selected: key === state[name] }, text));
      return el("label", {}, label, " ", el("select", { id: name, onchange }, ...shown));
    };
    const offered = Atlas.offered(state);
    const focused = document.activeElement && document.activeElement.id;
    byId("choices").replaceChildren(...offered.map(field));
    byId("fold").hidden = !offered.length;
    byId("chosen").textContent = Atlas.describe(state);
    if (focused && offered.some(({ name }) => name === focused)) byId(focused).focus();
  }

  /** @param {string[]} problems */
  const told = (problems) =>
    problems.length
      ? [el("div", { class: "told", role: "status" }, ...problems.map((problem) => el("p", {}, problem)))]
      : [];

  async function show() {
    const mine = (ticket += 1);
    const { state, problems } = Atlas.readState(window.location.hash);
    const address = Atlas.href(state);
    if (address !== window.location.hash) window.history.replaceState(null, "", address);
    const main = byId("main");
    main.setAttribute("aria-busy", "true");
    /** @type {Drawn} */
    let view;
    try {
      view = await draw[state.view](state);
    } catch (error) {
      view = {
        nodes: [el("h1", { tabindex: "-1" }, "This can't be shown"), el("p", { class: "told" }, message(error))],
      };
    }
    if (mine !== ticket) return; // another choice was made meanwhile
    navigation(state);
    choices(state);
    main.replaceChildren(...told(problems), ...view.nodes);
    if (view.after) view.after();
    main.dataset.view = state.view;
    main.removeAttribute("aria-busy");
    const heading = /** @type {HTMLElement} */ (main.querySelector("h1"));
    document.title = `${heading.textContent} · ${Atlas.index.study} · atlas`;
    const at = `${state.view}/${state.unit}/${state.word}`;
    if (before !== null && before !== at) {
      heading.focus();
      window.scrollTo(0, 0);
    }
    before = at;
  }

  /** @param {unknown} error */
  const message = (error) => (error instanceof Error ? error.message : String(error));

  function themeButton() {
    const button = byId("theme");
    const update = () => {
      button.textContent = `Theme: ${Atlas.theme()}`;
    };
    button.addEventListener("click", () => {
      Atlas.setTheme(Atlas.themes[(Atlas.themes.indexOf(Atlas.theme()) + 1) % Atlas.themes.length]);
      update();
      Atlas.say(`Theme: ${Atlas.theme()}`);
    });
    update();
  }

  // Where there is little room, the choices are folded until they are asked for.
  function foldChoices() {
    const little = window.matchMedia("(max-width: 48rem), (max-height: 30rem)");
    const fold = /** @type {HTMLDetailsElement} */ (byId("fold"));
    const update = () => {
      fold.open = !little.matches;
    };
    little.addEventListener("change", update);
    update();
  }

  async function start() {
    themeButton();
    foldChoices();
    byId("skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address holds the choice, not a place on the page
      byId("main").focus();
    });
    byId("choices").addEventListener("submit", (event) => event.preventDefault());
    try {
      Atlas.index = await Atlas.load("index");
    } catch (error) {
      byId("fold").hidden = true;
      byId("main").replaceChildren(
        el("h1", {}, "This atlas has no data"),
        el("p", { class: "told" }, `${message(error)}. The folder data is to stand beside index.html.`),
      );
      return;
    }
    byId("study").textContent = Atlas.index.study;
    byId("sources").textContent = Atlas.sources();
    window.addEventListener("hashchange", show);
    await show();
  }

  start();
})();
