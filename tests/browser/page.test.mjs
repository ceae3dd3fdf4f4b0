// The built page opened as people open it: from disk and from a server, with files chosen and dragged.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { article, drag, FILE_URL, launch, servePage, settled, watchRequests } from "./browser.mjs";

let browser;
let server;

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

const findings = (page) => page.locator("#findings li").allTextContents();

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
