// Light or dark before anything is drawn: the reader's last choice here, or else the system's.
"use strict";
window.Atlas = {};

(function () {
  const KEY = "interlingua-atlas-theme";

  function stored() {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage is closed to the page: the choice lasts as long as the page
    }
  }

  function system() {
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  Atlas.theme = () => document.documentElement.dataset.theme;

  Atlas.setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    try {
      window.localStorage.setItem(KEY, theme);
    } catch {
      // see above
    }
  };

  document.documentElement.dataset.theme = stored() || system();
})();
