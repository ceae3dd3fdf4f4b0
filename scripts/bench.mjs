// Measures the built page: seconds and memory for evidence given as files, or made up when none is.
import {
	closeSync,
	mkdtempSync,
	openSync,
	readFileSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { article, FILE_URL, launch, settled } from "../tests/browser/browser.mjs";

const MADE_UP_BYTES = 512 << 20;

/** The article's access log again and again, until it is large. */
function makeUp(dir) {
	const path = join(dir, "access.log");
	const block = Buffer.from(readFileSync(article("access.log"), "utf8").repeat(500));
	const file = openSync(path, "w");
	for (let written = 0; written < MADE_UP_BYTES; written += block.length) {
		writeSync(file, block);
	}
	closeSync(file);
	return path;
}

async function measure(browser, file) {
	const page = await browser.newPage();
	await page.goto(FILE_URL);
	// The workers warm up behind the page; what is measured is the reading.
	await page.waitForTimeout(1000);
	const begun = performance.now();
	await page.setInputFiles("input[type=file]", file);
	const state = await settled(page, 0);
	const seconds = (performance.now() - begun) / 1000;
	const memory = Number(await page.locator("[data-memory]").getAttribute("data-memory"));
	await page.close();
	const mb = statSync(file).size / 1e6;
	console.log(
		`${state}  ${mb.toFixed(0)} MB  ${seconds.toFixed(1)} s  ${(mb / seconds).toFixed(0)} MB/s  ` +
			`${(memory / 1e6).toFixed(0)} MB of memory  ${file}`,
	);
}

const dir = mkdtempSync(join(tmpdir(), "offwire-bench-"));
const browser = await launch();
try {
	const given = process.argv.slice(2);
	for (const file of given.length > 0 ? given : [makeUp(dir)]) {
		await measure(browser, file);
	}
} finally {
	await browser.close();
	rmSync(dir, { recursive: true });
}
