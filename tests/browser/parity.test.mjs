// The page and the command give the same report, byte for byte, whatever is dropped in any order.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { article, FILE_URL, launch, settled, view } from "./browser.mjs";
import { corpus, offwire } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

const ARTICLE = [
	"access.log",
	"dns.log",
	"ftp-iis-syslog.log",
	"known_services.log",
	"nfdump-line.txt",
	"x509.json",
].map(article);
/** Larger files of the corpus would take long in a build without optimisation. */
const MOST_BYTES = 200_000;
/** Files taken of each folder of the corpus; of the hostile ones more. */
const OF_EACH = 2;
const OF_HOSTILE = 12;

let browser;
const scratch = scratchFolder("parity");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

/** Both reports as the page saves them, in a case of these files in this order. */
async function ofPage(paths) {
	const context = await browser.newContext({ offline: true, acceptDownloads: true });
	const page = await context.newPage();
	await page.goto(FILE_URL);
	await page.setInputFiles("input[type=file]", paths);
	assert.equal(await settled(page, 120_000), "done", paths.join(" "));
	await view(page, "report");
	const reports = {};
	for (const [form, button] of [
		["json", "Save as JSON"],
		["text", "Save as text"],
	]) {
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("button", { name: button }).click(),
		]);
		reports[form] = readFileSync(await download.path(), "utf8");
	}
	await context.close();
	return reports;
}

async function assertSame(paths, dropped = paths, forms = ["json", "text"]) {
	const page = await ofPage(dropped);
	for (const form of forms) {
		const command = offwire("report", ...paths, "--format", form).toString("utf8");
		const names = paths.map((path) => basename(path)).join(" ");
		assert.ok(command.length > 100, names);
		// A difference is told by its first line: two whole reports say nothing to a person.
		if (page[form] !== command) {
			const [a, b] = [page[form].split("\n"), command.split("\n")];
			const at = b.findIndex((line, i) => line !== a[i]);
			assert.equal(`${at}: ${a[at]}`, `${at}: ${b[at]}`, `${form} of ${names}`);
			assert.equal(page[form].length, command.length, `${form} of ${names}`);
		}
	}
}

test("the article's samples, one by one", async () => {
	for (const path of ARTICLE) {
		await assertSame([path]);
	}
});

test("the article's samples together, in any order, and compressed", async () => {
	await assertSame(ARTICLE);
	await assertSame(ARTICLE, [...ARTICLE].reverse());
	await assertSame(
		ARTICLE,
		[3, 0, 5, 1, 4, 2].map((i) => ARTICLE[i]),
	);
	const zipped = ARTICLE.map((path) => {
		const to = scratch.write(`${basename(path)}.gz`, gzipSync(readFileSync(path)));
		return to;
	});
	await assertSame(zipped);
});

/** A capture cut between its packets, each third part compressed; names tell nothing of the order. */
function parts(capture, n) {
	const ends = [];
	for (let at = 24; at + 16 <= capture.length; ) {
		at += 16 + capture.readUInt32LE(at + 8);
		ends.push(at);
	}
	const each = Math.ceil(ends.length / n);
	const cuts = [24, ...ends.filter((_, i) => (i + 1) % each === 0 || i === ends.length - 1)];
	return cuts.slice(1).map((end, i) => {
		const part = Buffer.concat([capture.subarray(0, 24), capture.subarray(cuts[i], end)]);
		const to = scratch.write(
			`${"kqxzwvjy"[(i * 3) % 8]}${"abcdefgh"[i % 8]}.part`,
			i % 3 === 1 ? gzipSync(part) : part,
		);
		return to;
	});
}

test("a capture in parts, some compressed, in any order", async (t) => {
	const where = corpus();
	if (!where) {
		t.skip("no corpus");
		return;
	}
	const paths = parts(readFileSync(join(where, "ftp/lab_ftp_lab.pcap")), 8);
	assert.equal(paths.length, 8);
	await assertSame(paths, [...paths].reverse());
	await assertSame(
		paths,
		[5, 2, 7, 0, 3, 6, 1, 4].map((i) => paths[i]),
	);
});

/** Small files of every folder of the corpus, spread over their names. */
function sample(where) {
	const isEvidence = (path) =>
		!/\.(expected|md|tsv)$/.test(path) &&
		statSync(path).isFile() &&
		statSync(path).size <= MOST_BYTES;
	return readdirSync(where, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.flatMap(({ name }) => {
			const folder = join(where, name);
			const files = readdirSync(folder)
				.map((file) => join(folder, file))
				.filter(isEvidence)
				.sort();
			const n = name === "hostile" ? OF_HOSTILE : OF_EACH;
			const step = Math.max(1, Math.floor(files.length / n));
			return files.filter((_, i) => i % step === 0).slice(0, n);
		});
}

test("files of the corpus, hostile ones too", async (t) => {
	const where = corpus();
	if (!where) {
		t.skip("no corpus");
		return;
	}
	const files = sample(where);
	assert.ok(files.length > 30, `${files.length} files`);
	// Two pages at once: one waits while the other works.
	const next = files.values();
	const work = async () => {
		for (const path of next) {
			await assertSame([path]);
		}
	};
	await Promise.all([work(), work()]);
	await assertSame(files, [...files].reverse());
});

/** The corpus by folder, as its list of contents has it. */
function folders(where) {
	const list = readFileSync(join(where, "MANIFEST.tsv"), "utf8").split("\n").slice(1);
	const paths = list.map((line) => line.split("\t")[0]).filter(Boolean);
	const byFolder = new Map();
	for (const path of paths) {
		const name = path.split("/")[0];
		byFolder.set(name, [...(byFolder.get(name) ?? []), join(where, path)]);
	}
	return [...byFolder.values()];
}

// One by one they would take a quarter of an hour. A difference in one file is one in its folder.
test("every file of the corpus, a folder a case, in another order", async (t) => {
	const where = corpus();
	if (!where) {
		t.skip("no corpus");
		return;
	}
	const all = folders(where);
	assert.ok(all.flat().length > 900, `${all.flat().length} files`);
	for (const files of all) {
		// The text says in other words what the form of data says; of the sample both are compared.
		await assertSame(files, [...files].reverse(), ["json"]);
	}
});
