// Elements, keyboard and octets, for all stations.

/** Make an element with attributes and children; text is never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Return the octets of a text of hex digits, each as two digits. */
export function octetsOf(hex) {
  return hex.match(/../g) || [];
}

/** One tab stop for all buttons of a group: arrow keys, Home and End move among them. */
export function roving(group, across) {
  const buttons = () => [...group.querySelectorAll("button")];
  group.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const steps = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(), ArrowUp: -across(),
      Home: -at, End: all.length - 1 - at,
    };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const to = Math.min(Math.max(at + steps[event.key], 0), all.length - 1);
    focusAt(group, to);
  });
  group.addEventListener("focusin", (event) => {
    for (const button of buttons()) button.tabIndex = button === event.target ? 0 : -1;
  });
}

/** Make one button of a group its tab stop, and give it the focus. */
export function focusAt(group, at) {
  const all = [...group.querySelectorAll("button")];
  stopAt(group, at);
  all[at]?.focus();
}

/** Make one button of a group its tab stop. */
export function stopAt(group, at) {
  [...group.querySelectorAll("button")].forEach((button, place) => {
    button.tabIndex = place === at ? 0 : -1;
  });
}

/** Return the settings of a station: the values of its named controls. */
export function settingsOf(station) {
  const found = {};
  for (const control of station.querySelectorAll("[name]")) {
    if (control.type === "checkbox") found[control.name] = control.checked;
    else if (control.type === "number") found[control.name] = Math.trunc(Number(control.value));
    else found[control.name] = control.value;
  }
  return found;
}

/** Show or clear the fault of a station; return whether there is one. */
export function fault(station, answer) {
  station.querySelector(".fault").textContent = answer.error || "";
  return Boolean(answer.error);
}

/** Return the parts of a verdict, with a mark besides its colour. */
export function verdict(judgement) {
  const mark = judgement.goes_on ? "✓ delivered" : "× stops here";
  return [
    element("p", { class: "word-of" }, element("strong", {}, judgement.verdict), ` ${mark}`),
    element("dl", {},
      element("dt", {}, "counter"), element("dd", {}, judgement.counter),
      element("dt", {}, "clause"), element("dd", {}, judgement.clause),
      element("dt", {}, "reason"), element("dd", {}, judgement.reason)),
  ];
}

/** Colour a card by whether the frame goes on. */
export function tint(card, judgement) {
  card.classList.toggle("good", judgement.goes_on);
  card.classList.toggle("bad", !judgement.goes_on);
}
