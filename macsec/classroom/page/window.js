// Station 3: a replay window.
import { element, fault, focusAt, roving, settingsOf, stopAt } from "./html.js";

const ORDER = [1, 0, 4, 2, 9, 3];
const MARKS = { received: "✓", refused: "×", next: "▸" };
const ROWS_MOST = 100;

/** Start the station; `call` asks Python. PNs are text: long numbers would be rounded. */
export function start(station, call) {
  const strip = station.querySelector(".strip");
  const log = station.querySelector("tbody");
  const control = (name) => station.querySelector(`[name=${name}]`);
  let next = "1";

  const show = (state) => {
    next = state.next_pn;
    station.querySelector(".pns").textContent =
      `next PN ${state.next_pn}, lowest PN ${state.lowest_pn}; ` +
      (Object.entries(state.counters).map(([name, n]) => `${name} ${n}`).join(", ") || "no frame yet");
    strip.replaceChildren(...state.cells.map((cell) => element("button", {
      type: "button", tabindex: -1, class: cell.state.replace(" ", "-"), "data-pn": cell.pn,
      "aria-label": `PN ${cell.pn}, ${cell.state}`,
    }, element("span", {}, cell.pn.length > 6 ? `…${cell.pn.slice(-4)}` : cell.pn),
    element("small", {}, MARKS[cell.state] || " "))));
    stopAt(strip, state.cells.findIndex((cell) => cell.pn === next));
  };

  const begin = () => {
    const answer = call("start", settingsOf(station));
    if (fault(station, answer)) return;
    log.replaceChildren();
    control("pn").value = answer.next_pn;
    show(answer);
  };

  const send = (pn) => {
    const answer = call("send", { pn });
    if (fault(station, answer)) return;
    const judgement = answer.judgement;
    log.prepend(element("tr", { class: judgement.goes_on ? "good" : "bad" },
      element("td", {}, answer.pn),
      element("td", { class: "word" }, `${judgement.goes_on ? "✓" : "×"} ${judgement.verdict}`),
      element("td", {}, answer.shown), element("td", {}, answer.recovered),
      element("td", { class: "word" }, judgement.counter),
      element("td", {}, answer.state.lowest_pn),
      element("td", { class: "word reason" }, judgement.reason)));
    while (log.children.length > ROWS_MOST) log.lastChild.remove();
    show(answer.state);
  };

  const actions = {
    start: begin,
    send: () => send(control("pn").value),
    next: () => send(next),
    mixed: () => {
      const base = BigInt(next);
      for (const step of ORDER) send(String(base + BigInt(step)));
    },
    wrap: () => {
      control("xpn").checked = true;
      control("next_pn").value = String(2n ** 32n - 3n);
      begin();
    },
  };
  station.addEventListener("click", (event) => {
    const action = actions[event.target.closest("[data-do]")?.dataset.do];
    if (action) action();
    const cell = event.target.closest("[data-pn]");
    if (!cell) return;
    const pn = cell.dataset.pn;
    send(pn);
    const at = [...strip.children].findIndex((each) => each.dataset.pn === pn);
    focusAt(strip, Math.max(at, 0));
  });
  control("pn").addEventListener("keydown", (event) => {
    if (event.key === "Enter") actions.send();
  });
  roving(strip, () => 1);
  begin();
}
