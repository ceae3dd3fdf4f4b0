// Sites: one private address at two of them is two hosts, each with a story of its own.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FILE_URL, launch, settled, view } from "./browser.mjs";
import { pcap, talk } from "./captures.mjs";

let browser;
const scratch = mkdtempSync(join(tmpdir(), "offwire-sites-"));

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
	rmSync(scratch, { recursive: true });
});

/** A request of the same private address, written down at another place. */
function capture(name, uri, from) {
	const request = `GET ${uri} HTTP/1.1\r\nHost: shop.example\r\n\r\n`;
	const said = [
		[true, request],
		[false, "HTTP/1.1 204 No Content\r\n\r\n"],
	];
	const path = join(scratch, name);
	writeFileSync(path, pcap(talk(["10.0.0.1", 40_000], ["192.0.2.7", 80], said), from));
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
