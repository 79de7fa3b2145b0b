// Load Python and its files, then start the stations.
import { loadPyodide } from "./pyodide/pyodide.mjs";
import { start as build } from "./build.js";
import { start as flip } from "./flip.js";
import { start as replay } from "./window.js";
import { start as reuse } from "./reuse.js";

const STATIONS = { "station-1": build, "station-2": flip, "station-3": replay, "station-4": reuse };
const status = document.getElementById("status");

const say = (text, state) => {
  status.firstElementChild.textContent = text;
  document.body.dataset.state = state;
};

const octets = async (name) => {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.arrayBuffer();
};

const load = async () => {
  const bundle = octets("macsec.zip");
  const python = await loadPyodide({ indexURL: new URL("pyodide/", location.href).href });
  python.unpackArchive(await bundle, "zip");
  python.runPython("from macsec.classroom.substitutes import install; install()");
  const call = python.pyimport("macsec.classroom.calls").call;
  return (name, given) => JSON.parse(call(name, JSON.stringify(given)));
};

try {
  const call = await load();
  for (const [id, start] of Object.entries(STATIONS)) {
    const station = document.querySelector(`#${id} .station`);
    station.disabled = false;
    start(station, call);
  }
  say("Python is ready: every frame below is judged here.", "ready");
} catch (error) {
  say(`Python did not start: ${error.message}`, "failed");
}
