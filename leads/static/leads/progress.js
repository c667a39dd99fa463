/* The bar of a running operation: asks how far it is, and shows the result at the end. */
(function () {
  "use strict";
  const box = document.querySelector("[data-progress]");
  if (!box) return;
  const bar = box.querySelector("[role=progressbar]");
  const text = box.querySelector("[data-text]");
  let pause = 500;
  async function look() {
    try {
      const answer = await fetch(box.dataset.progress, { credentials: "same-origin" });
      if (answer.ok) {
        const found = await answer.json();
        bar.setAttribute("aria-valuenow", found.percent);
        bar.firstElementChild.style.width = found.percent + "%";
        text.textContent = found.text;
        if (!found.running) {
          window.location.reload();
          return;
        }
        pause = 500;
      }
    } catch (error) {
      pause = Math.min(pause * 2, 8000);
    }
    window.setTimeout(look, pause);
  }
  window.setTimeout(look, pause);
})();
