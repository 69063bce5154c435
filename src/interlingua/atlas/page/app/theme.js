// Light or dark before anything is drawn: what the reader chose here, or else what the system has.
"use strict";
window.Atlas = /** @type {AtlasPage} */ ({});

(function () {
  const KEY = "interlingua-atlas-theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let choice = stored();

  /** @returns {Theme} */
  function stored() {
    try {
      const text = window.localStorage.getItem(KEY);
      return text === "light" || text === "dark" ? text : "system";
    } catch {
      return "system"; // storage is closed to the page: a choice lasts as long as the page
    }
  }

  const apply = () => {
    document.documentElement.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  };

  Atlas.themes = ["system", "light", "dark"];
  Atlas.theme = () => choice;

  Atlas.setTheme = (theme) => {
    choice = theme;
    apply();
    try {
      if (theme === "system") window.localStorage.removeItem(KEY);
      else window.localStorage.setItem(KEY, theme);
    } catch {
      // see above
    }
  };

  dark.addEventListener("change", apply);
  apply();
})();
