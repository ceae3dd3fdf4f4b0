// The built page opened as people open it: from disk and from a server, with files chosen and dragged.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	article,
	breakAt,
	drag,
	FILE_URL,
	launch,
	servePage,
	settled,
	view,
	warmWorkers,
	watchRequests,
} from "./browser.mjs";
import { scratchFolder } from "./scratch.mjs";

let browser;
let server;
const scratch = scratchFolder("page");

before(async () => {
	browser = await launch();
	server = await servePage();
});

after(async () => {
	await browser?.close();
	server?.close();
});

/** The page at `url` in a context of its own, with what it asked for beyond itself. */
async function open(url) {
	const context = await browser.newContext({ offline: url.startsWith("file:") });
	const page = await context.newPage();
	const problems = [];
	page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	const requests = watchRequests(page);
	await page.goto(url);
	return { page, problems, requests: () => requests.filter((r) => r !== url) };
}

async function findings(page) {
	await view(page, "findings");
	return page.locator("#findings li").allTextContents();
}

for (const [place, url] of [
	["from disk", () => FILE_URL],
	["at /", () => `${server.url}/`],
	["at /a/b/", () => `${server.url}/a/b/`],
]) {
	test(`a chosen file gives findings, page ${place}`, async () => {
		const { page, problems, requests } = await open(url());
		await page.setInputFiles("input[type=file]", article("nfdump-line.txt"));
		assert.equal(await settled(page), "done");
		assert.notDeepEqual(await findings(page), []);
		assert.deepEqual(problems, []);
		assert.deepEqual(requests(), []);
		await page.context().close();
	});

	test(`a dragged file gives findings, page ${place}`, async () => {
		const { page, problems, requests } = await open(url());
		await drag(page, [article("nfdump-line.txt")]);
		assert.equal(await settled(page), "done");
		assert.notDeepEqual(await findings(page), []);
		assert.deepEqual(problems, []);
		assert.deepEqual(requests(), []);
		await page.context().close();
	});
}

test("a dragged folder gives all its files, page from disk", async () => {
	const { page } = await open(FILE_URL);
	const folder = scratch.path("folder");
	mkdirSync(join(folder, "inner"), { recursive: true });
	copyFileSync(article("dns.log"), join(folder, "dns.log"));
	copyFileSync(article("x509.json"), join(folder, "inner", "x509.json"));
	await drag(page, [folder, article("access.log")]);
	assert.equal(await settled(page), "done");
	assert.equal(await page.locator("[data-files]").getAttribute("data-files"), "3");
	await page.context().close();
});

test("a running analysis is cancelled, and the next one starts at once", async () => {
	const { page } = await open(FILE_URL);
	// However fast the machine is, this file is not read before the button is pressed.
	for (const worker of await warmWorkers(page)) {
		await worker.evaluate(() => {
			Blob.prototype.arrayBuffer = () => new Promise(() => undefined);
		});
	}
	await page.setInputFiles("input[type=file]", article("access.log"));
	await page.locator("[data-state=running]").waitFor();
	await page.getByRole("button", { name: "Cancel" }).click();
	await page.locator("[data-state=cancelled]").waitFor();
	// On a narrow screen too the way on is in sight.
	const size = page.viewportSize();
	await page.setViewportSize({ width: 400, height: 800 });
	const again = await page.getByRole("button", { name: "Read all again" }).boundingBox();
	assert.ok(again.x >= 0 && again.x + again.width <= 400);
	assert.ok((await page.locator(".progress-strip").boundingBox()).height >= again.height);
	await page.setViewportSize(size);
	await page.setInputFiles("input[type=file]", article("nfdump-line.txt"));
	assert.equal(await settled(page), "done");
	await page.context().close();
});

/** A file of some 200 MB. */
function largeFile() {
	const path = scratch.path("large.log");
	const text = readFileSync(article("access.log"), "utf8");
	writeFileSync(path, text.repeat(Math.ceil(200e6 / text.length)));
	return path;
}

test("the memory of a worker stays below what the caps allow", async () => {
	const { page } = await open(FILE_URL);
	await page.setInputFiles("input[type=file]", largeFile());
	assert.equal(await settled(page, 120_000), "done");
	const memory = Number(await page.locator("[data-memory]").getAttribute("data-memory"));
	// Tables may take 384 MB and detectors 96 by their caps, whatever the file's size.
	assert.ok(memory > 0 && memory < 600e6, `${memory} bytes for a file of 200 MB`);
	await page.context().close();
});

test("a breakdown names the file and the offset, and keeps what was found before", async () => {
	const { page } = await open(FILE_URL);
	const bad = scratch.write("z-last.log", readFileSync(article("access.log")).subarray(0, 777));
	await breakAt(page, 777);
	await page.setInputFiles("input[type=file]", [article("access.log"), bad]);
	assert.equal(await settled(page), "crashed");
	assert.match(await page.getByRole("alert").textContent(), /z-last\.log at byte 0: .*unreachable/);
	assert.notDeepEqual(await findings(page), []);
	await page.context().close();
});
