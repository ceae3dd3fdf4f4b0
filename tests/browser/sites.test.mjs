// Sites: one private address at two of them is two hosts, each with a story of its own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FILE_URL, launch, settled, view } from "./browser.mjs";
import { pcap, talk } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

let browser;
const scratch = scratchFolder("sites");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

/** A request of the same private address, written down at another place. */
function capture(name, uri, from) {
	const request = `GET ${uri} HTTP/1.1\r\nHost: shop.example\r\n\r\n`;
	const said = [
		[true, request],
		[false, "HTTP/1.1 204 No Content\r\n\r\n"],
	];
	const path = scratch.write(name, pcap(talk(["10.0.0.1", 40_000], ["192.0.2.7", 80], said), from));
	return path;
}

test("a private address at two sites is two hosts, a public one is one", async () => {
	const context = await browser.newContext({ offline: true });
	const page = await context.newPage();
	await page.goto(FILE_URL);
	const paths = [capture("basel.pcap", "/basel", 0), capture("bern.pcap", "/bern", 90_000_000)];
	await page.setInputFiles("input[type=file]", paths);
	assert.equal(await settled(page), "done");
	const hosts = page.locator(".related li", { hasText: "10.0.0.1" });
	await view(page, "entities");
	await hosts.first().waitFor();
	assert.equal(await hosts.count(), 1, "without sites it is one host");

	await view(page, "files");
	for (const site of ["Basel", "Bern"]) {
		const card = page.locator(".file-card", { hasText: `${site.toLowerCase()}.pcap` });
		await card.locator("label", { hasText: "site" }).locator("input").fill(site);
	}
	await page.getByRole("button", { name: "Read all files again" }).click();
	assert.equal(await settled(page), "done");
	await view(page, "entities");
	await hosts.nth(1).waitFor();
	const shown = (await hosts.allTextContents()).sort();
	assert.deepEqual(
		shown.map((text) => text.match(/^10\.0\.0\.1 at \p{L}+/u)?.[0]),
		["10.0.0.1 at Basel", "10.0.0.1 at Bern"],
	);
	assert.equal(await page.locator(".related li", { hasText: "192.0.2.7" }).count(), 1);

	await hosts.filter({ hasText: "Bern" }).locator(".pivot").click();
	await page.locator("main.entity h1", { hasText: "10.0.0.1 at Bern" }).waitFor();
	const story = () => page.locator(".story-row", { hasText: "http" }).allTextContents();
	assert.match((await story()).join(), /\/bern/);
	assert.doesNotMatch((await story()).join(), /\/basel/);

	// From the rows of everybody's host to that of the row.
	await page.locator(".story-text .pivot", { hasText: "192.0.2.7" }).first().click();
	await page.locator("main.entity h1", { hasText: /^192\.0\.2\.7$/ }).waitFor();
	const basel = page.locator(".story-row", { hasText: "/basel" });
	await basel.locator(".pivot", { hasText: "10.0.0.1" }).click();
	await page.locator("main.entity h1", { hasText: "10.0.0.1 at Basel" }).waitFor();
	assert.match((await story()).join(), /\/basel/);
	await context.close();
});

/** Failed logins and failed connections of one private address: findings of two kinds. */
function logsOf(site, from) {
	const ends = { "id.orig_h": "10.0.0.1", "id.resp_h": "192.0.2.7" };
	const ftp = Array.from({ length: 30 }, (_, n) => ({
		...{ _path: "ftp", ts: from + n, uid: `F${site}${n}`, ...ends, "id.orig_p": 4000 + n },
		...{ "id.resp_p": 21, user: `${site}-user`, command: "PASS", reply_code: 530 },
	}));
	const conn = Array.from({ length: 30 }, (_, n) => ({
		...{ _path: "conn", ts: from + n, uid: `C${site}${n}`, ...ends, "id.orig_p": 50_000 + n },
		...{ "id.resp_p": 1000 + n, proto: "tcp", conn_state: "S0", history: "S" },
	}));
	return [ftp, conn].map((rows, i) => ({
		name: `${site}-${i}.log`,
		mimeType: "text/plain",
		buffer: Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")),
	}));
}

test("from an actor and from a row of evidence the way leads to the host of that site", async () => {
	const context = await browser.newContext({ offline: true });
	const page = await context.newPage();
	await page.goto(FILE_URL);
	const files = [...logsOf("basel", 1_700_000_000), ...logsOf("bern", 1_700_090_000)];
	await page.setInputFiles("input[type=file]", files);
	assert.equal(await settled(page), "done");
	await view(page, "files");
	for (const { name } of files) {
		const card = page.locator(".file-card", { hasText: name });
		await card.locator("label", { hasText: "site" }).locator("input").fill(name.split("-")[0]);
	}
	await page.getByRole("button", { name: "Read all files again" }).click();
	assert.equal(await settled(page), "done");
	for (const site of ["basel", "bern"]) {
		await view(page, "overview");
		const actor = page.locator(".actor", { hasText: `10.0.0.1 at ${site}` });
		await actor.locator(".actor-head .pivot").click();
		await page.locator("main.entity h1", { hasText: `10.0.0.1 at ${site}` }).waitFor();
		await view(page, "overview");
		await actor.locator(".links a", { hasText: "Password guessing" }).click();
		await page.locator(".evidence-row .pivot", { hasText: "10.0.0.1" }).first().click();
		await page.locator("main.entity h1", { hasText: `10.0.0.1 at ${site}` }).waitFor();
	}
	await context.close();
});
