// The billing page: asks the API, opens checkout, shows what came of it.
(function () {
  "use strict";
  const page = document.getElementById("billing");
  const says = document.getElementById("billing-says");
  const dialog = document.getElementById("billing-ask");
  const root = page.dataset.root;
  const token = page.querySelector("[name=csrfmiddlewaretoken]").value;

  function say(text, isBad) {
    says.textContent = text;
    says.classList.toggle("fp-hidden", !text);
    says.classList.toggle("fp-bad", !!isBad);
    if (text) says.scrollIntoView({ block: "nearest" });
  }

  async function call(method, path, body, key) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    if (key) headers["Idempotency-Key"] = key;
    const answer = await fetch(`${root}/${path}`, {
      method, headers, body: body && JSON.stringify(body), credentials: "same-origin",
    });
    const told = await answer.json();
    if (!answer.ok) {
      throw new Error(told.errors.map((e) => (e.attr ? `${e.attr}: ` : "") + e.detail).join(" "));
    }
    return told;
  }

  function load(source) {
    return new Promise((done, failed) => {
      if (window.Razorpay) return done();
      const script = document.createElement("script");
      script.src = source;
      script.onload = done;
      script.onerror = () => failed(new Error("Checkout cannot be loaded: try again."));
      document.head.append(script);
    });
  }

  async function pay(checkout) {
    await load(checkout.script);
    const options = { ...checkout };
    delete options.script;
    options.handler = async (proof) => {
      say("Paid. Looking at what Razorpay says…");
      try {
        await call("POST", "verify", proof);
        location.reload();
      } catch (error) { say(error.message, true); }
    };
    options.modal = { ondismiss: () => say("Not paid yet. You can finish it later.") };
    const razorpay = new window.Razorpay(options);
    razorpay.on("payment.failed", (told) => say(told.error.description, true));
    razorpay.open();
  }

  function sure(text) {
    return new Promise((done) => {
      dialog.querySelector("p").textContent = text;
      dialog.returnValue = "";
      dialog.onclose = () => done(dialog.returnValue === "yes");
      dialog.showModal();
    });
  }

  const deeds = {
    async subscribe(button) {
      const told = await call("POST", "subscribe", { plan: button.dataset.plan }, button.key);
      if (told.checkout) return pay(told.checkout);
      say("Razorpay has not answered yet: we are finding out. Reload in a minute.");
    },
    async change(button) {
      const late = button.dataset.late === "true";
      const told = await call(
        "POST", "change", { plan: button.dataset.plan, at_period_end: late }, button.key);
      if (!told.needs_mandate) return location.reload();
      say(told.reason);
      if (told.checkout) return pay(told.checkout);
    },
    async cancel(button) {
      const late = button.dataset.late === "true";
      await call("POST", "cancel", { at_period_end: late }, button.key);
      location.reload();
    },
    async pause(button) { await call("POST", "pause", {}, button.key); location.reload(); },
    async resume(button) { await call("POST", "resume", {}, button.key); location.reload(); },
    async pay() { await pay(JSON.parse(document.getElementById("checkout").textContent)); },
  };

  page.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
    // one key for one wish: a second click repeats it, a new page is a new wish
    button.key = button.key || crypto.randomUUID();
    button.disabled = true;
    say("");
    try {
      await deeds[button.dataset.do](button);
    } catch (error) {
      say(error.message, true);
      button.key = null;
    }
    button.disabled = false;
  });

  const details = document.getElementById("billing-details");
  if (details) {
    details.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const given = Object.fromEntries(new FormData(details));
        const told = await call("PUT", "billing-details", given);
        details.elements.state.value = told.state;
        details.elements.gstin.value = told.gstin;
        say("Saved. Invoices from now on are made out to this.");
      } catch (error) { say(error.message, true); }
    });
  }
})();
