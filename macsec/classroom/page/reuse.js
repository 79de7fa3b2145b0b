// Station 4: one nonce, two frames.
import { element, fault, octetsOf, settingsOf, tint, verdict } from "./html.js";

const spaced = (hex) => element("code", { class: "hex" }, octetsOf(hex).join(" "));

/** Start the station; `call` asks Python. */
export function start(station, call) {
  const steps = station.querySelector(".steps");

  const step = (title, ...parts) => element("li", {}, element("h3", {}, title), ...parts);

  const forgery = (candidate) => {
    const card = element("div", { class: "card" }, element("p", {}, "Hash key"),
      spaced(candidate.key), element("p", {}, "Forged frame"), spaced(candidate.frame),
      element("p", {}, "The receiver, which has the real key, says:"),
      ...verdict(candidate.judgement));
    tint(card, candidate.judgement);
    return card;
  };

  const attack = () => {
    const answer = call("reuse", settingsOf(station));
    if (fault(station, answer)) return;
    const found = answer.candidates;
    const same = answer.ciphertexts === answer.plaintexts;
    steps.replaceChildren(
      step("Two frames leave with one nonce", spaced(answer.nonce),
        element("p", {}, "First frame"), spaced(answer.first),
        element("p", {}, "Second frame"), spaced(answer.second)),
      step("The key stream falls out", element("p", {}, "Ciphertext XOR ciphertext"),
        spaced(answer.ciphertexts), element("p", {}, "Text XOR text"), spaced(answer.plaintexts),
        element("p", { class: "equal" }, same ? "✓ The same octets." : "× Different octets.")),
      step("Who knows the first text reads the second",
        element("p", {}, element("q", { class: "read" }, answer.read.trimEnd()))),
      found.length
        ? step("The hash key is a root", element("p", {},
          `The XOR of the ICVs is a polynomial of degree ${answer.degree}; it has ` +
          `${found.length} ${found.length === 1 ? "root" : "roots, and one is the key"}.`),
        ...found.map(forgery))
        : step("No more to learn",
          element("p", {}, "Both frames are the same: their XOR is zero. Choose two texts.")));
  };
  station.querySelector("[data-do=attack]").addEventListener("click", attack);
  attack();
}
