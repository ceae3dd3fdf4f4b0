// Measures the project against what it could be at best: a worker that only reads the same file.
//
// `./x bench` makes three kinds of captures out of small ones, reads them natively, as wasm under
// Node and in the built page, and prints a table; `./x bench FILE...` takes these files instead.
// OFFWIRE_BENCH_MB sets the size of the large captures.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bare, page } from "./browser.mjs";
import { isThere, json, run } from "./run.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CORPUS = process.env.OFFWIRE_CORPUS ?? join(ROOT, "../shared/corpus");
const SMALL_MB = 100;
const LARGE_MB = Number(process.env.OFFWIRE_BENCH_MB ?? 500);
/** What tables may take while memory is measured. */
const RECORDS_MB = 16;

/** What the captures are made of: classic captures over Ethernet from the corpus. */
const KINDS = {
	bulk: [
		"smb/zeek__smb_smb2.pcap",
		"ftp/lab_ftp_lab.pcap",
		"http/zeek__http_bro.org.pcap",
		"tls/zeek__tls_ssl.v3.pcap",
	],
	mixed: [
		"ftp/lab_ftp_lab.pcap",
		"http/zeek__http_bro.org.pcap",
		"tls/zeek__tls_ssl.v3.pcap",
		"realworld/apt29_day2_SCRANTON.pcap",
	],
	"small-packet": [
		"realworld/apt29_day2_SCRANTON.pcap",
		"detect-accounts/lab_accounts_http_basic.pcap",
		"http/zeek__http_methods.pcap",
		"services/ndpi__FAX-Call-t38-CA-TDM-SIP-FB-1.pcap",
	],
};
/** The fixed capture whose instructions are counted. */
const COUNTED = "realworld/apt29_day2_SCRANTON.pcap";

const OFFWIRE = join(ROOT, "target/release/offwire");
const REPEATED = join(ROOT, "target/release/repeated");
const reading = (file) => [OFFWIRE, "report", "--records-mb", String(RECORDS_MB), file];

const say = (text) => console.log(text);
const rate = (file, seconds) => statSync(file).size / 1e6 / seconds;
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

function makeCaptures(dir) {
	const made = [];
	for (const [kind, bases] of Object.entries(KINDS)) {
		const paths = bases.map((base) => join(CORPUS, base));
		const missing = paths.find((path) => !existsSync(path));
		if (missing) {
			throw new Error(`no base for the captures: ${missing} (OFFWIRE_CORPUS says where they are)`);
		}
		for (const size of [SMALL_MB, LARGE_MB]) {
			const file = join(dir, `${kind}-${size}.pcap`);
			const what = json([REPEATED, file, String(size), ...paths]);
			made.push({ kind, size, file, what });
		}
		say(`${kind} is made of ${bases.join(", ")}`);
	}
	return made;
}

/** Every way to read one file, as rows of the table: who, seconds, share of bare reading, memory. */
async function measure(file) {
	const best = await bare(file);
	const rows = [["a worker that only reads", best.seconds, undefined]];
	const built = await page(file, RECORDS_MB);
	rows.push(["the page, whole analysis", built.seconds, built.memory, built.process]);
	if (built.state !== "done") {
		throw new Error(`the page ended as ${built.state}`);
	}
	rows.push(["a worker that only reads, streaming", (await bare(file, true)).seconds, undefined]);
	const node = json([
		process.execPath,
		join(ROOT, "scripts/bench/node.mjs"),
		file,
		String(RECORDS_MB),
	]);
	rows.push(["the same wasm under Node", node.seconds, node.memory]);
	const native = await run(reading(file));
	rows.push(["the command, native", native.seconds, undefined, native.peak]);
	for (const command of [
		["capinfos", file],
		["tshark", "-n", "-q", "-z", "conv,tcp", "-r", file],
	]) {
		if (isThere(command[0])) {
			const other = await run(command);
			const shown = command.slice(0, -1).join(" ");
			rows.push([`\`${shown} FILE\` (for information)`, other.seconds, undefined, other.peak]);
		} else {
			say(`${command[0]} is not installed: not measured`);
		}
	}
	return rows.map(([who, seconds, memory, process]) => ({
		who,
		rate: rate(file, seconds),
		share: best.seconds / seconds,
		memory,
		process,
	}));
}

function table(title, rows) {
	const cell = (bytes) => (bytes === undefined ? "" : mb(bytes));
	say(`\n### ${title}\n`);
	say("| | MB/s | of bare reading | wasm memory | peak of the process |");
	say("|---|---:|---:|---:|---:|");
	for (const r of rows) {
		const share = `${(100 * r.share).toFixed(0)} %`;
		say(`| ${r.who} | ${r.rate.toFixed(0)} | ${share} | ${cell(r.memory)} | ${cell(r.process)} |`);
	}
}

function instructions() {
	const file = join(CORPUS, COUNTED);
	if (!isThere("valgrind") || !existsSync(file)) {
		say("\ninstructions: not counted (valgrind or the capture is missing)");
		return;
	}
	const out = run.text(
		["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", ...reading(file)],
		"stderr",
	);
	const count = /Collected : (\d+)/.exec(out)?.[1];
	say(`\ninstructions for ${COUNTED}: ${count} (callgrind, native, start of the program included)`);
}

const dir = mkdtempSync(join(tmpdir(), "offwire-bench-"));
try {
	const given = process.argv.slice(2);
	if (given.length > 0) {
		for (const file of given) {
			table(`${file}, ${mb(statSync(file).size)}`, await measure(file));
		}
	} else {
		const memory = {};
		for (const { kind, size, file, what } of makeCaptures(dir)) {
			const rows = await measure(file);
			const { packets, repetitions, mean_packet_bytes: mean } = what;
			const figures = `${packets} packets of ${mean} bytes on average, ${repetitions} repetitions`;
			table(`${kind}, ${size} MB: ${figures}`, rows);
			memory[kind] = [...(memory[kind] ?? []), rows[1]];
			rmSync(file);
		}
		say("");
		for (const [kind, [small, large]] of Object.entries(memory)) {
			const ratio = (of) => (large[of] / small[of]).toFixed(2);
			say(
				`${kind}: peak at ${LARGE_MB} MB over peak at ${SMALL_MB} MB: ${ratio("process")} for the page's ` +
					`process, ${ratio("memory")} for wasm memory; time ${(((LARGE_MB / SMALL_MB) * small.rate) / large.rate).toFixed(2)} times for ${LARGE_MB / SMALL_MB} times the input`,
			);
		}
		instructions();
	}
} finally {
	rmSync(dir, { recursive: true });
}
