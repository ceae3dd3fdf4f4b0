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
/** How often each way is measured, in turns with the others: one run alone says more of the hour. */
const ROUNDS = 3;
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

/** Our ways to read a file, and the peer first: seconds, and memory where it is told. */
const WAYS = {
	"a worker that only reads": (file) => bare(file),
	"the page, whole analysis": (file) => analysed(file),
	"a worker that only reads, streaming": (file) => bare(file, true),
	"the same wasm under Node": (file) =>
		json([process.execPath, join(ROOT, "scripts/bench/node.mjs"), file, String(RECORDS_MB)]),
	"the command, native": async (file) => {
		const { seconds, peak } = await run(reading(file));
		return { seconds, process: peak };
	},
};
/** Others' ways, measured once. */
const OTHERS = [["capinfos"], ["tshark", "-n", "-q", "-z", "conv,tcp", "-r"]];

async function analysed(file) {
	const built = await page(file, RECORDS_MB);
	if (built.state !== "done") {
		throw new Error(`the page ended as ${built.state}`);
	}
	return built;
}

/** Every way to read one file, as rows of the table. */
async function measure(file) {
	const rounds = [];
	for (let round = 0; round < ROUNDS; round++) {
		const took = {};
		for (const [who, way] of Object.entries(WAYS)) {
			took[who] = await way(file);
		}
		rounds.push(took);
	}
	const [best] = Object.keys(WAYS);
	const rows = Object.keys(WAYS).map((who) => ({
		who,
		rate: rate(file, median(rounds.map((took) => took[who].seconds))),
		shares: rounds.map((took) => took[best].seconds / took[who].seconds),
		memory: most(rounds.map((took) => took[who].memory)),
		process: most(rounds.map((took) => took[who].process)),
	}));
	for (const command of OTHERS) {
		const [name] = command;
		if (!isThere(name)) {
			say(`${name} is not installed: not measured`);
			continue;
		}
		const { seconds, peak } = await run([...command, file]);
		const its = rate(file, seconds);
		const who = `\`${command.join(" ")} FILE\` (for information)`;
		rows.push({ who, rate: its, shares: [its / rows[0].rate], process: peak });
	}
	return rows;
}

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const median = (numbers) => sorted(numbers)[numbers.length >> 1];
const most = (numbers) => sorted(numbers.filter((n) => n !== undefined)).at(-1);

function table(title, rows) {
	const cell = (bytes) => (bytes === undefined ? "" : mb(bytes));
	const percent = (share) => (100 * share).toFixed(0);
	say(`\n### ${title}\n`);
	say("| | MB/s | of bare reading | wasm memory | peak of the process |");
	say("|---|---:|---:|---:|---:|");
	for (const { who, rate, shares, memory, process } of rows) {
		const [low, high] = [Math.min(...shares), Math.max(...shares)].map(percent);
		const range = low === high ? "" : ` (${low} to ${high})`;
		const share = `${percent(median(shares))} %${range}`;
		say(`| ${who} | ${rate.toFixed(0)} | ${share} | ${cell(memory)} | ${cell(process)} |`);
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
