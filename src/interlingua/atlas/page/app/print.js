// On paper all is there: foldouts open, long tables whole. What is too long to print says that it is left out.
"use strict";

(function () {
  /** @type {WeakMap<Element, () => HTMLElement>} */
  const onPaper = new WeakMap();

  // Say what stands after an element on paper; it is made when the page is printed.
  Atlas.onPaper = (element, make) => {
    element.dataset.paper = "";
    onPaper.set(element, make);
  };

  /** @type {(() => void)[]} */
  let undo = [];

  window.addEventListener("beforeprint", () => {
    for (const element of document.querySelectorAll("[data-paper]")) {
      const made = onPaper.get(element)?.();
      if (!made) continue;
      element.after(made);
      undo.push(() => made.remove());
    }
    for (const details of document.querySelectorAll("main details:not([open]):not(.long)")) {
      details.setAttribute("open", "");
      undo.push(() => details.removeAttribute("open"));
    }
  });

  window.addEventListener("afterprint", () => {
    for (const back of undo) back();
    undo = [];
  });
})();
