// On paper all is there: foldouts open, long tables whole. What is too long to print says that it is left out.
"use strict";

(function () {
  /** @type {Map<HTMLElement, () => HTMLElement>} */
  const onPaper = new Map();

  // Say what stands after an element on paper; it is made when the page is printed.
  Atlas.onPaper = (element, make) => {
    onPaper.set(element, make);
  };

  /** @type {(() => void)[]} */
  let undo = [];

  window.addEventListener("beforeprint", () => {
    for (const [element, make] of onPaper) {
      if (!element.isConnected) {
        onPaper.delete(element);
        continue;
      }
      const made = make();
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
