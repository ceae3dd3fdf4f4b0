// Collects the licences of everything inside the page and refuses what may not be inside.
// With a path it writes their texts there; without one it only checks.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const WASM = "wasm32-unknown-unknown";

// All are permissive. A new one is added here by a person who has read it.
const ALLOWED = new Set([
	"0BSD",
	"Apache-2.0",
	"BSD-2-Clause",
	"BSD-3-Clause",
	"ISC",
	"MIT",
	"Unicode-3.0",
	"Unlicense",
	"Zlib",
]);

/** The crates that the linker sees: normal dependencies of the binding, without procedural macros. */
function crates() {
	const args = ["metadata", "--format-version=1", "--locked", `--filter-platform=${WASM}`];
	const metadata = JSON.parse(execFileSync("cargo", args, { cwd: ROOT, maxBuffer: 1 << 28 }));
	const packages = new Map(metadata.packages.map((p) => [p.id, p]));
	const nodes = new Map(metadata.resolve.nodes.map((n) => [n.id, n]));
	const isMacro = (p) => p.targets.some((t) => t.kind.includes("proc-macro"));
	const reached = new Set();
	const visit = (id) => {
		if (reached.has(id) || isMacro(packages.get(id))) {
			return;
		}
		reached.add(id);
		for (const dep of nodes.get(id).deps) {
			if (dep.dep_kinds.some((k) => k.kind === null)) {
				visit(dep.pkg);
			}
		}
	};
	visit(metadata.packages.find((p) => p.name === "offwire-wasm").id);
	return [...reached]
		.map((id) => packages.get(id))
		.filter((p) => p.source !== null)
		.map((p) => ({
			name: p.name,
			version: p.version,
			licence: p.license,
			dir: dirname(p.manifest_path),
		}));
}

/** The npm packages that are no mere tools: those the lock file does not mark as development. */
function npmPackages() {
	const lock = JSON.parse(readFileSync(join(ROOT, "www/package-lock.json"), "utf8"));
	return Object.entries(lock.packages)
		.filter(([path, p]) => path && !p.dev && !p.devOptional)
		.map(([path, p]) => ({
			name: path.replace(/^.*node_modules\//, ""),
			version: p.version,
			licence: p.license,
			dir: join(ROOT, "www", path),
		}));
}

/** The licences that we take of a choice, or undefined if no choice is allowed. */
function taken(expression) {
	const choices = (expression ?? "")
		.replace(/[()]/g, "")
		.split(/ OR |\//)
		.map((choice) => choice.split(" AND ").map((name) => name.trim()));
	const allowed = choices.filter((choice) => choice.every((name) => ALLOWED.has(name)));
	// MIT first: it is the shortest and the most common.
	return allowed.find((choice) => choice.includes("MIT")) ?? allowed[0];
}

/** The texts a package ships, only those of the licence taken where several lie side by side. */
function texts({ dir, licences }) {
	const files = readdirSync(dir).filter((f) => /^(licen[cs]e|copying|notice|unlicense)/i.test(f));
	const named = files.filter((f) =>
		licences.some((l) => f.toLowerCase().includes(l.split("-")[0].toLowerCase())),
	);
	return (named.length > 0 ? named : files)
		.sort()
		.map((f) => join(dir, f))
		.filter((f) => existsSync(f))
		.map((f) => readFileSync(f, "utf8").replaceAll("\r\n", "\n").trim());
}

const inside = [...crates(), ...npmPackages()]
	.map((p) => ({ ...p, licences: taken(p.licence) }))
	.sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));

const refused = inside.filter((p) => !p.licences);
for (const p of refused) {
	console.error(`x: licence not allowed: ${p.name} ${p.version}: ${p.licence}`);
}
if (refused.length > 0) {
	process.exit(1);
}

if (process.argv[2]) {
	// Many packages share one text to the letter: it is given once, under all their names.
	const byText = new Map();
	for (const p of inside) {
		const label = `${p.name} ${p.version} (${p.licences.join(" AND ")})`;
		for (const text of texts(p).length > 0
			? texts(p)
			: ["The package ships no text of its licence."]) {
			byText.set(text, [...(byText.get(text) ?? []), label]);
		}
	}
	const rust = "The Rust standard library (MIT): Copyright (c) The Rust Project Contributors";
	const own = readFileSync(join(ROOT, "LICENSE-MIT"), "utf8").trim();
	const blocks = [...byText].map(([text, labels]) => `${labels.join("\n")}\n\n${text}\n`);
	const line = `\n${"-".repeat(80)}\n\n`;
	writeFileSync(
		process.argv[2],
		[`Offwire (MIT OR Apache-2.0)\n${rust}\n\n${own}\n`, ...blocks].join(line),
	);
}
