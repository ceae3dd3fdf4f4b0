// What helps to read the evidence, dropped on the built page: secrets, files of networks, hashes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { aCase, article, FILE_URL, launch, settled, view } from "./browser.mjs";

let browser;

before(async () => {
	browser = await launch();
});

after(() => browser?.close());

async function open(...files) {
	const page = await browser.newPage();
	await page.goto(FILE_URL);
	await page.setInputFiles("input[type=file]", files);
	assert.equal(await settled(page), "done");
	return page;
}

async function titles(page) {
	await view(page, "findings");
	return (await page.locator("#findings li").allTextContents()).join("\n");
}

const FRONTING = /Domain fronting pattern: www\.front\.example\.com/;

test("a key log opens what TLS carries, with the capture and after it", async () => {
	const [capture, keys] = ["web.pcap", "zz-keys.log"].map((name) =>
		aCase("tls-with-secrets", name),
	);
	const page = await open(capture);
	assert.doesNotMatch(await titles(page), FRONTING, "without the secrets it cannot show");
	await page.setInputFiles("input[type=file]", keys);
	await page
		.locator("[data-state=running]")
		.waitFor({ state: "attached", timeout: 2000 })
		.catch(() => {});
	assert.equal(await settled(page), "done");
	await page.locator("#findings li").filter({ hasText: FRONTING }).waitFor();
	await page.close();
	const together = await open(keys, capture);
	assert.match(await titles(together), FRONTING);
	await together.close();
});

test("the report names the files of networks that terms come from", async () => {
	const files = ["asn.mmdb", "dns.log", "kinds.csv"].map((name) => aCase("networks", name));
	const page = await open(...files);
	await view(page, "report");
	const text = await page.locator("main").textContent();
	for (const file of [files[0], files[2]]) {
		const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
		assert.ok(text.includes(`SHA-256 ${sha256}`), `${file} is not named with its hash`);
	}
	await page.close();
});

test("files are hashed once the findings are there", async () => {
	const file = article("access.log");
	const page = await open(file);
	await view(page, "files");
	const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
	await page.getByText(sha256).waitFor();
	await page.close();
});
