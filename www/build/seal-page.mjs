// Puts the core and the licences into the built page as data, and its policy to the scripts in it.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const PAGE = new URL("../../dist/index.html", import.meta.url);
const WASM = new URL("../src/wasm/", import.meta.url);
const CASES = new URL("../../tests/cases/", import.meta.url);

/** Where index.html leaves room for the hashes. */
const PLACE = "'sha256-SET-BY-THE-BUILD'";

/** A block that no browser runs: page/data.ts unpacks it by its id. */
function dataBlock(id, file) {
	const packed = gzipSync(readFileSync(file), { level: 9 }).toString("base64");
	return `<script type="application/gzip" id="${id}">${packed}</script>\n`;
}

/** The hashes of all inline scripts that run, as a policy names them. */
function scriptHashes(html) {
	const scripts = [
		...html.matchAll(/<script(?: type="module")?(?: crossorigin)?>([\s\S]*?)<\/script>/g),
	];
	return scripts
		.map(([, code]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`)
		.join(" ");
}

export function sealPage() {
	return {
		name: "offwire:seal-page",
		apply: "build",
		// Last of all: only then has the single-file plugin inlined the script that is hashed here.
		enforce: "post",
		closeBundle: {
			order: "post",
			sequential: true,
			handler() {
				let html = readFileSync(PAGE, "utf8");
				const blocks = [
					dataBlock("core", new URL("offwire_wasm_bg.wasm", WASM)),
					dataBlock("licences", new URL("licences.txt", WASM)),
					dataBlock("warm-up-busy", new URL("busy-hour/input/busy-hour.pcap", CASES)),
					dataBlock("warm-up-logins", new URL("plaintext-logins/logins.pcap", CASES)),
					dataBlock("warm-up-office", new URL("everyday/input/office.pcap", CASES)),
				];
				html = html.replace("</body>", () => `${blocks.join("")}</body>`);
				const hashes = scriptHashes(html);
				if (!html.includes(PLACE) || /<script[^>]* src=/.test(html)) {
					throw new Error("the page has no place for its hashes, or a script was not inlined");
				}
				writeFileSync(
					PAGE,
					html.replace(PLACE, () => hashes),
				);
			},
		},
	};
}
