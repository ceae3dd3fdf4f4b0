// Archives: what is in a dropped zip is read as files, and shown again from inside it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { aCase, article, launch, openPage, settled, view } from "./browser.mjs";
import { archive, offwire, pcap, talk } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

/** A web request, and a scan: its packets are evidence of a finding. */
const PACKETS = [
	...talk(["10.0.0.1", 40_000], ["192.0.2.7", 80], [[true, "GET /one HTTP/1.1\r\n\r\n"]]),
	...Array.from({ length: 16 }, (_, n) => n + 1).flatMap((n) =>
		talk(["10.0.0.1", 40_000], ["192.0.2.7", 1000 + n], []).slice(0, 1),
	),
];

const DNS = readFileSync(article("dns.log"));
let browser;
const scratch = scratchFolder("archives");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

/** A log and a capture, both compressed, and the capture's second half stored. */
const evidence = () =>
	scratch.write(
		"evidence.zip",
		archive([
			["logs/dns.log", DNS],
			["tap/b.pcap", pcap(PACKETS.slice(4), 4)],
			["tap/a.pcap", pcap(PACKETS.slice(0, 4))],
			["again/dns.log.gz", gzipSync(DNS)],
		]),
	);

/** The page after it has read these files. */
async function read(paths) {
	const { page, problems } = await openPage(browser);
	await page.setInputFiles("input[type=file]", paths);
	assert.equal(await settled(page), "done");
	return { page, problems };
}

test("an evidence row of a log in an archive shows its raw line", async () => {
	const { page, problems } = await read([evidence()]);
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "c2.evil.org" }).first().click();
	for (const row of [0, 1]) {
		await page.locator(".evidence-place").nth(row).click();
		await page.locator(".evidence-panel", { hasText: "evidence.zip/" }).waitFor();
		const text = await page.locator(".raw-line").textContent();
		assert.ok(DNS.toString().split("\n").includes(text), text);
	}
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("packets in an archive are shown, and one capture goes on in the next", async () => {
	const { page, problems } = await read([evidence()]);
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "Port scan" }).first().click();
	await page.locator(".evidence-place").first().click();
	const panel = page.locator(".evidence-panel", { hasText: /evidence\.zip\/tap\/[ab]\.pcap/ });
	await panel.locator(".fields tr", { hasText: "192.0.2.7" }).first().waitFor();
	await view(page, "files");
	await page.locator(".series-list", { hasText: "2 captures as one" }).waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

/** The report as the page saves it. */
async function saved(page) {
	await view(page, "report");
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "Save as JSON" }).click(),
	]);
	return readFileSync(await download.path(), "utf8");
}

test("page and command give the same report of archives, dropped in any order", async () => {
	const archives = [
		evidence(),
		scratch.write("mixed.zip", readFileSync(aCase("archives", "evidence.zip"))),
		aCase("archives", "cut.zip"),
		article("access.log"),
		scratch.write("nested.zip", archive([["inner.zip", archive([["dns.log", DNS]])]])),
	];
	const command = offwire("report", ...archives, "--format", "json").toString("utf8");
	for (const order of [archives, [...archives].reverse()]) {
		const { page, problems } = await read(order);
		assert.equal(await saved(page), command);
		assert.deepEqual(problems, []);
		await page.context().close();
	}
});

test("what a second drop brings in an archive joins the case, with its sensor", async () => {
	const { page, problems } = await read([article("access.log")]);
	await page.setInputFiles("input[type=file]", [evidence()]);
	assert.equal(await settled(page), "done");
	await view(page, "files");
	const cards = page.locator(".file-card");
	assert.equal(await cards.count(), 6);
	await cards.nth(1).getByRole("textbox", { name: "sensor" }).fill("tap 7");
	await page.keyboard.press("Tab");
	const sensors = await cards
		.getByRole("textbox", { name: "sensor" })
		.evaluateAll((boxes) => boxes.map((box) => box.value));
	assert.deepEqual(sensors, ["", ...Array(5).fill("tap 7")]);
	// The archive has a digest as a file, and so has what each member holds, compressed or not.
	await page.waitForFunction(() => document.querySelectorAll(".digest .data").length === 6);
	const digests = await page.locator(".digest .data").allTextContents();
	for (const content of [DNS, pcap(PACKETS.slice(4), 4), pcap(PACKETS.slice(0, 4))]) {
		assert.ok(digests.includes(createHash("sha256").update(content).digest("hex")));
	}
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a member whose content can't be had whole says that it has no digest", async () => {
	const damaged = archive([["dns.log", DNS]]);
	// Within the compressed data: 255 begins no code there for long.
	damaged.fill(255, 60, 120);
	const { page } = await read([scratch.write("damaged.zip", damaged)]);
	await view(page, "files");
	await page.locator(".digest", { hasText: "No SHA-256: not all of it could be read" }).waitFor();
	assert.equal(await page.locator(".digest .data").count(), 1);
	await page.context().close();
});
