// Station 1: a frame, octet by octet.
import { element, fault, focusAt, octetsOf, roving, settingsOf, stopAt } from "./html.js";

/** Start the station; `call` asks Python. */
export function start(station, call) {
  const octets = station.querySelector(".octets");
  const card = station.querySelector(".field");
  let frame = null;
  let shown = 0;

  const fieldAt = (at) => frame.fields.find((field) => field.start <= at && at < field.stop);

  const explain = (at) => {
    const field = frame && fieldAt(at);
    if (!field) {
      card.replaceChildren(element("p", { class: "quiet" },
        "Add an octet: here is the field that it belongs to."));
      return;
    }
    const place = field.stop - field.start === 1 ? `octet ${field.start + 1}`
      : `octets ${field.start + 1} to ${field.stop}`;
    card.replaceChildren(
      element("h3", {}, element("i", { class: `mark ${field.kind}` }), field.name),
      element("dl", {},
        element("dt", {}, "place"), element("dd", {}, place),
        element("dt", {}, "value"), element("dd", {}, field.value),
        element("dt", {}, "clause"), element("dd", {}, field.clause)),
      element("p", {}, field.meaning));
  };

  const show = () => {
    const digits = octetsOf(frame.octets);
    shown = Math.min(shown, digits.length);
    octets.replaceChildren(...digits.slice(0, shown).map((digit, at) =>
      element("button", {
        type: "button", class: fieldAt(at).kind, tabindex: -1,
        "aria-label": `octet ${at + 1}, ${digit}, ${fieldAt(at).name}`,
      }, digit)));
    stopAt(octets, shown - 1);
    station.querySelector(".count").textContent = `The frame: ${shown} of ${digits.length} octets`;
    station.querySelector(".nonce").textContent = `Nonce of AES-GCM: ${frame.iv}`;
    explain(shown - 1);
  };

  const build = () => {
    const whole = frame && shown === octetsOf(frame.octets).length;
    const answer = call("build", settingsOf(station));
    if (fault(station, answer)) return;
    frame = answer;
    if (whole) shown = Infinity;
    show();
  };

  const moves = {
    octet: () => shown + 1,
    field: () => fieldAt(shown)?.stop ?? Infinity,
    all: () => Infinity,
    none: () => 0,
  };
  station.addEventListener("click", (event) => {
    const move = moves[event.target.dataset?.do];
    if (!move || !frame) return;
    shown = move();
    show();
  });
  const look = (event) => {
    const at = [...octets.children].indexOf(event.target);
    if (at >= 0) explain(at);
  };
  octets.addEventListener("mouseover", look);
  octets.addEventListener("focusin", look);
  octets.addEventListener("click", (event) => {
    const at = [...octets.children].indexOf(event.target);
    if (at >= 0) focusAt(octets, at);
  });
  const across = () => {
    const [first] = octets.children;
    return [...octets.children].filter((each) => each.offsetTop === first.offsetTop).length;
  };
  roving(octets, across);
  station.querySelector(".controls").addEventListener("input", build);
  build();
}
