// Station 2: flip bits of a frame.
import { element, fault, focusAt, roving, settingsOf, stopAt, tint, verdict } from "./html.js";

/** Start the station; `call` asks Python. */
export function start(station, call) {
  const bits = station.querySelector(".bits");
  const card = station.querySelector(".verdict");
  const hint = station.querySelector(".hint");
  const flips = new Set();

  const bitOf = (octet, place) => octet.at * 8 + place;

  const row = (octet) => element("div", { class: "octet" },
    element("span", { class: "label" }, octet.name),
    ...octet.bits.map((bit, place) => {
      const at = bitOf(octet, place);
      const [name] = octet.names[place].split(":");
      const short = octet.name === "TCI, AN" ? name : "";
      return element("button", {
        type: "button", tabindex: -1, "data-bit": at, "data-hint": octet.names[place],
        "aria-pressed": flips.has(at) ? "true" : "false",
        "aria-label": `${octet.names[place]}, ${bit}`,
      }, element("span", {}, String(bit)), ...(short ? [element("small", {}, short)] : []));
    }));

  const show = () => {
    const answer = call("flip", { ...settingsOf(station), flips: [...flips] });
    if (fault(station, answer)) return;
    bits.replaceChildren(...answer.tag.map(row));
    stopAt(bits, 0);
    const counts = Object.entries(answer.counters).map(([name, count]) => `${name} ${count}`);
    card.replaceChildren(...verdict(answer.judgement),
      element("p", { class: "quiet" }, `Counters of the SecY: ${counts.join(", ") || "all zero"}`));
    tint(card, answer.judgement);
  };

  bits.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const bit = Number(button.dataset.bit);
    const place = [...bits.querySelectorAll("button")].indexOf(button);
    if (!flips.delete(bit)) flips.add(bit);
    show();
    focusAt(bits, place);
  });
  const look = (event) => {
    const button = event.target.closest("button");
    if (button) hint.textContent = button.dataset.hint;
  };
  bits.addEventListener("mouseover", look);
  bits.addEventListener("focusin", look);
  roving(bits, () => 8);
  station.querySelector(".controls").addEventListener("input", show);
  station.querySelector("[data-do=none]").addEventListener("click", () => {
    flips.clear();
    show();
  });
  show();
}
