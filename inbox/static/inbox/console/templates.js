// Choosing a template, and what goes into it.

import { fragment } from "./api.js";
import { all, drawn, find, make, toast } from "./dom.js";

const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;

/** Ask for a template and its values; {use, text}, or null. */
export async function choose(conversation) {
  let html;
  try {
    html = await fragment(`${conversation}/templates`);
  } catch (refused) {
    toast(refused.message, { bad: true });
    return null;
  }
  const dialog = drawn(html)[0];
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      const chosen = dialog.returnValue === "send" ? read(dialog) : null;
      dialog.remove();
      done(chosen);
    });
    find("[data-cancel]", dialog).addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("change", (event) => {
      if (event.target.name === "template") ask(dialog, event.target);
    });
    dialog.addEventListener("input", () => preview(dialog));
    find("[data-filter]", dialog)?.addEventListener("input", (event) => {
      const term = event.target.value.toLowerCase();
      for (const line of all(".template", dialog)) line.hidden = !line.textContent.toLowerCase().includes(term);
    });
    const first = find("[name=template]", dialog);
    if (first) {
      first.checked = true;
      ask(dialog, first);
    }
  });
}

const names = (chosen) => [...new Set([...chosen.dataset.body.matchAll(VARIABLE)].map((found) => found[1]))];

/** A field for each variable of the chosen template. */
function ask(dialog, chosen) {
  find("[data-fields]", dialog).replaceChildren(...names(chosen).map((name) =>
    make("label", {}, make("span", {}, `{{${name}}}`),
      make("input", { name: `value-${name}`, required: true, maxlength: "1024", autocomplete: "off" }))));
  preview(dialog);
}

function filled(dialog, chosen) {
  return chosen.dataset.body.replace(VARIABLE, (whole, name) => find(`[name="value-${name}"]`, dialog)?.value || whole);
}

function preview(dialog) {
  const chosen = find("[name=template]:checked", dialog);
  if (chosen) find("[data-preview]", dialog).textContent = filled(dialog, chosen);
}

function read(dialog) {
  const chosen = find("[name=template]:checked", dialog);
  if (!chosen) return null;
  const parameters = Object.fromEntries(names(chosen).map((name) => [name, find(`[name="value-${name}"]`, dialog).value]));
  const use = { name: chosen.dataset.name, language: chosen.dataset.language };
  if (Object.keys(parameters).length) use.parameters = parameters;
  return { use, text: filled(dialog, chosen) };
}
