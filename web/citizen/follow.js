/**
 * Following a report with its secret link.
 *
 * The key is in the part of the address that browsers send to nobody. It is put into the page's own form, and the form
 * is sent; what comes back is the page that a browser without a script would see, shown here without leaving the link.
 */
import { tell } from "./dom.js";
import { voice } from "./known.js";
import { all, put, remove } from "./store.js";

const form = document.querySelector("#follow");
const main = document.querySelector("#main");
const words = JSON.parse(form.dataset.words);

main.addEventListener("submit", async (event) => {
  const { target } = event;
  if (!target.matches("form[action^='/suivi']")) return;
  event.preventDefault();
  await show(new FormData(target, event.submitter));
});

const token = new URLSearchParams(location.hash.slice(1)).get("t");
if (token) form.elements.token.value = token;
if (form.elements.reference.value) show(new FormData(form));

/** Ask, and show the answer in place of what is here. */
async function show(data) {
  const problem = document.querySelector("#follow-problem");
  const reference = data.get("reference").trim().toUpperCase();
  data.set("reference", reference);
  const acts = !["", "show", null].includes(data.get("action"));
  if (acts && data.get("action") !== "delete") data.set("idempotency_key", await voice(reference));
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(data), headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = page.querySelector("main");
    if (!answer.ok) {
      tell(problem ?? main, told.querySelector("[role=alert]")?.textContent ?? words.away);
    } else {
      document.title = page.title;
      main.replaceChildren(...[...told.childNodes].map((node) => document.importNode(node, true)));
      main.focus();
      await remember(reference, data, page);
    }
  } catch {
    if (problem) tell(problem, words.away);
  }
  main.removeAttribute("aria-busy");
}

/** Keep the link among this device's, if it was opened with its key; forget a report that was deleted. */
async function remember(reference, data, page) {
  try {
    if (data.get("action") === "delete") return await remove("mine", reference);
    if (!data.get("token") || (await all("mine")).some((one) => one.reference === reference && one.token)) return undefined;
    const { nature, date } = page.querySelector("[data-nature]")?.dataset ?? {};
    if (nature) await put("mine", { reference, token: data.get("token"), nature, made: date, status: null });
  } catch {
    // a device that keeps nothing can still look
  }
  return undefined;
}
