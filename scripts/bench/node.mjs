// `node node.mjs FILE MB`: the page's own wasm reads FILE under Node; prints seconds and memory.
// Without a browser around it, what is measured is the core: time spent on reading is left out.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { Case, initSync } from "../../www/src/wasm/offwire_wasm.js";

const SLICE = 16 << 20;
const [file, megabytes] = process.argv.slice(2);

const wasm = new URL("../../www/src/wasm/offwire_wasm_bg.wasm", import.meta.url);
initSync({ module: new WebAssembly.Module(readFileSync(wasm)) });
const begin = new Case(undefined);
const settings = begin.settings();
begin.free();
settings.caps.records = BigInt(megabytes) << 20n;

const handle = openSync(file, "r");
const { size } = fstatSync(handle);
const its = { name: file, size, sensor: "", site: "", more_follow: false };
const theCase = new Case(settings);
// The handle is for second passes, of which there are none here.
const id = theCase.open({ name: file, size }, its);
const slice = new Uint8Array(SLICE);
let seconds = 0;
for (let offset = 0; offset < size; ) {
	const chunk = slice.subarray(0, readSync(handle, slice, 0, SLICE, offset));
	const begun = performance.now();
	for (let from = 0; from < chunk.length; ) {
		from += theCase.feed(id, chunk, from);
	}
	seconds += (performance.now() - begun) / 1000;
	offset += chunk.length;
}
const begun = performance.now();
theCase.close(id);
theCase.settle();
theCase.report();
seconds += (performance.now() - begun) / 1000;
closeSync(handle);
console.log(JSON.stringify({ seconds, memory: Case.memory() }));
