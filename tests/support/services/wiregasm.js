// Wireshark's engine over a capture: node wiregasm.js PROFILE CAPTURE
// The files of PROFILE are its profile, read by itself as it starts. One JSON object for each frame:
// the data that MACsec gave, and whether the ICV was found good.
"use strict";
const fs = require("fs");
const path = require("path");

const dist = path.dirname(require.resolve("@goodtools/wiregasm/dist/wiregasm.js"));
const load = require("@goodtools/wiregasm/dist/wiregasm.js");
const PERSONAL = "/home/web_user/.config/wireshark";
const DATA = "/wireshark";

function* nodes(tree) {
  for (let i = 0; i < tree.size(); i++) {
    yield tree.get(i);
    yield* nodes(tree.get(i).tree);
  }
}

async function main(profile, capture) {
  const wg = await load({
    locateFile: (name) => path.join(dist, name),
    print: () => {},
    printErr: () => {},
  });
  wg.FS.mkdirTree(PERSONAL);
  for (const name of fs.readdirSync(profile)) {
    for (const folder of [PERSONAL, DATA]) {
      wg.FS.writeFile(`${folder}/${name}`, fs.readFileSync(path.join(profile, name)));
    }
  }
  wg.init();
  wg.FS.mkdirTree("/uploads");
  wg.FS.writeFile("/uploads/capture", fs.readFileSync(capture));
  const session = new wg.DissectSession("/uploads/capture");
  const loaded = session.load();
  if (loaded.code !== 0) throw new Error(loaded.error);
  for (let number = 1; number <= loaded.summary.packet_count; number++) {
    const frame = session.getFrame(number);
    const seen = { sources: {}, labels: [] };
    for (let i = 0; i < frame.data_sources.size(); i++) {
      const source = frame.data_sources.get(i);
      seen.sources[source.name] = Buffer.from(source.data, "base64").toString("hex");
    }
    for (const node of nodes(frame.tree)) seen.labels.push([node.filter, node.label]);
    console.log(JSON.stringify(seen));
  }
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
