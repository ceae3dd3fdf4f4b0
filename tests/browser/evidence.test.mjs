// Packets as evidence: from a row to its packets and streams, search, carving, series, stories.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { FILE_URL, launch, settled, view } from "./browser.mjs";
import { corpus, offwire, pcap, talk } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

const CLIENT = ["10.0.0.1", 40_000];
const OTHER = ["10.0.0.2", 50_000];
const SERVER = ["192.0.2.7", 80];
const WIDE = [..."Password"].map((c) => `${c}\0`).join("");

/** A web request whose answer lacks a piece, and a conversation with a word in UTF-16. */
const PACKETS = [
	...talk(CLIENT, SERVER, [
		[true, "GET /one HTTP/1.1\r\nHost: shop.example\r\n\r\n"],
		[false, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nfirst ten!"],
		[false, 10],
		[false, "last ten!!"],
	]),
	...talk(
		OTHER,
		["192.0.2.9", 9000],
		[
			[true, "my pass"],
			[true, "word is \u202e<b>x</b>"],
			[true, WIDE],
		],
	),
];

let browser;
const scratch = scratchFolder("evidence");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

async function open(paths) {
	const context = await browser.newContext({ offline: true, acceptDownloads: true });
	const page = await context.newPage();
	const problems = [];
	page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	await page.goto(FILE_URL);
	await page.setInputFiles("input[type=file]", paths);
	assert.equal(await settled(page), "done");
	return { page, problems };
}

/** Chooses connections in the Packets view. */
async function choose(page, filter) {
	await view(page, "packets");
	await page.getByRole("textbox", { name: "Connections" }).fill(filter);
}

const tab = (page, name) => page.locator(".tabs").getByRole("button", { name }).click();

/** What the Streams tab shows, part by part. */
async function said(page) {
	await tab(page, "Streams");
	await page.locator("[data-pass=done]").waitFor({ state: "attached" });
	return page
		.locator(".stream > *")
		.evaluateAll((parts) =>
			parts.map((part) => [
				part.classList.contains("orig") ? "orig" : "resp",
				part.querySelector("pre")?.textContent ?? part.textContent,
			]),
		);
}

async function saved(page, name) {
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "Save as pcapng" }).click(),
	]);
	assert.equal(download.suggestedFilename(), "offwire-carved.pcapng");
	const path = scratch.path(name);
	await download.saveAs(path);
	return readFileSync(path);
}

/** The same packets as the command carves them. */
function carved(name, filter, paths) {
	const out = scratch.path(name);
	rmSync(out, { force: true });
	offwire("carve", ...paths, "-o", out, "--filter", filter);
	return readFileSync(out);
}

const WEB = [
	["orig", "GET /one HTTP/1.1\nHost: shop.example\n\n"],
	["resp", "HTTP/1.1 200 OK\nContent-Length: 30\n\nfirst ten!"],
	["resp", "resp: 10 bytes missing in the capture"],
	["resp", "last ten!!"],
];

test("a row leads to its packets, one decoded beside its bytes, and to both streams", async () => {
	const { page, problems } = await open([scratch.write("talk.pcap", pcap(PACKETS))]);
	await view(page, "records");
	await page.locator(".kind", { hasText: "http" }).click();
	await page.locator(".grid tbody th").first().click();
	await page.locator(".its-connection").getByRole("button", { name: "Packets" }).click();
	await page.locator("main.packets .grid[aria-rowcount='10']").waitFor();
	assert.match(await page.locator(".scope").textContent(), /10\.0\.0\.1:40000 > 192\.0\.2\.7:80/);
	const request = page.locator(".grid tbody tr").nth(3);
	assert.match(await request.textContent(), /orig →.*TCP 40000 → 80/);
	await request.locator("td").first().click();
	await page.locator(".fields tr", { hasText: "GET /one" }).first().hover();
	const lit = await page.locator(".hex-chars .lit").allTextContents();
	assert.match(lit.join(""), /^GET \/one HTTP\/1\.1/);
	assert.deepEqual(await said(page), WEB);
	await page.getByRole("button", { name: "Responder", exact: true }).click();
	assert.equal(await page.locator(".said.orig").count(), 0);
	await page.getByRole("button", { name: "Hex", exact: true }).click();
	const hex = await page.locator(".said pre").last().textContent();
	assert.match(hex, /^00003b\s+6c 61 73 74 20 .*last ten!!$/);
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("packets of several connections name their ends, and those of several captures their file", async () => {
	const files = [
		scratch.write("one.pcap", pcap(PACKETS)),
		scratch.write("two.pcap", pcap(PACKETS, 9_000_000)),
	];
	const { page } = await open(files);
	await view(page, "packets");
	await page.locator(`main.packets .grid[aria-rowcount='${2 * PACKETS.length + 1}']`).waitFor();
	const heads = await page.locator(".grid thead th").allTextContents();
	assert.deepEqual(heads.slice(3, 5), ["from", "to"]);
	assert.equal(heads.at(-1), "capture");
	const row = async (n) => page.locator(`.grid tr[aria-rowindex='${n + 2}'] td`).allTextContents();
	const [first, second] = [await row(0), await row(1)];
	assert.deepEqual(first.slice(2, 4), second.slice(2, 4).reverse());
	assert.match(first[2], /^10\.0\.0\.\d:\d+$/);
	assert.equal(first.at(-1), "one.pcap");
	await page.context().close();
	// Of one connection the ends stand above the list.
	const { page: single } = await open(files.slice(0, 1));
	await choose(single, "id.resp_p == 80");
	await single.locator(".scope", { hasText: "192.0.2.7:80" }).waitFor();
	await single.locator("main.packets td", { hasText: "SYN ACK" }).waitFor();
	const few = await single.locator(".grid thead th").allTextContents();
	assert.ok(!few.includes("from") && !few.includes("capture"), few.join(" "));
	await single.context().close();
});

test("a finding leads to the packets of its evidence", async () => {
	const scan = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16].flatMap((n) =>
		talk(CLIENT, ["192.0.2.7", 1000 + n], []).slice(0, 1),
	);
	const { page } = await open([scratch.write("scan.pcap", pcap(scan))]);
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "10.0.0.1" }).first().click();
	await page.locator(".section", { hasText: "Evidence" }).getByText("Packets").click();
	await page.locator("main.packets .grid[aria-rowcount='17']").waitFor();
	await page.context().close();
});

for (const [form, paths] of [
	["a capture", () => [scratch.write("whole.pcap", pcap(PACKETS))]],
	["a gzip'd capture", () => [scratch.write("whole.pcap.gz", gzipSync(pcap(PACKETS)))]],
	[
		"a series of captures, dropped in another order",
		() => [
			scratch.write("c.pcap", pcap(PACKETS.slice(6), 6)),
			scratch.write("a.pcap", pcap(PACKETS.slice(0, 2))),
			scratch.write("b.pcap", pcap(PACKETS.slice(2, 6), 2)),
		],
	],
]) {
	test(`streams, carved packets and hits are those of the command: ${form}`, async () => {
		const files = paths();
		const { page, problems } = await open(files);
		const filter = "id.resp_p == 80";
		await choose(page, filter);
		await page.locator(".scope", { hasText: "192.0.2.7:80" }).waitFor();
		assert.deepEqual(await said(page), WEB);
		assert.deepEqual(await saved(page, "page.pcapng"), carved("cli.pcapng", filter, files));
		await choose(page, "");
		await page.locator(".scope", { hasText: "2 connections" }).waitFor();
		await tab(page, "Search");
		await page.getByRole("textbox", { name: "What to search for" }).fill("PASSWORD");
		await page.keyboard.press("Enter");
		await page.locator("[data-pass=done]").waitFor({ state: "attached" });
		const rows = await page.locator(".hit-row").allTextContents();
		assert.equal(rows.length, 2);
		// Across two packets, and in UTF-16.
		assert.match(rows[0], /10\.0\.0\.2:50000 → 192\.0\.2\.9:9000, orig byte 3my password is /);
		assert.match(rows[1], /UTF-16.*P·a·s·s·w·o·r·d·/);
		await page.getByRole("combobox", { name: "Where" }).selectOption("packets");
		await page.getByRole("button", { name: "Hex", exact: true }).click();
		await page.getByRole("textbox", { name: "What to search for" }).fill("47 45 54 20");
		await page.getByRole("button", { name: "Search", exact: true }).last().click();
		await page.locator(".hit-row", { hasText: "byte 40" }).click();
		await page.locator(".hex .lit").first().waitFor();
		assert.equal((await page.locator(".hex-chars .lit").allTextContents()).join(""), "GET ");
		await page.keyboard.press("Escape");
		await page.getByRole("textbox", { name: "What to search for" }).fill("00 0");
		await page.getByRole("button", { name: "Search", exact: true }).last().click();
		await page.locator("[data-pass=failed]", { hasText: "hexadecimal" }).waitFor();
		assert.deepEqual(problems, []);
		await page.context().close();
	});
}

test("hostile streams are shown as text", async () => {
	const { page } = await open([scratch.write("hostile.pcap", pcap(PACKETS))]);
	await choose(page, "id.resp_p == 9000");
	await page.locator(".scope", { hasText: "9000" }).waitFor();
	const text = (await said(page)).map(([, part]) => part).join("");
	// The mark is written in one byte, as packets hold bytes: it is no UTF-8 and shown as one.
	assert.match(text, /my password is .<b>x<\/b>/);
	assert.equal(await page.locator("main b").count(), 0);
	await page.context().close();
});

test("a search is cancelled in the middle, what it found stays, and the page answers meanwhile", async () => {
	const many = Array.from({ length: 12 }, (_, n) =>
		talk(["10.0.1.1", 1000 + n], SERVER, Array(40).fill([true, `needle ${"x".repeat(1300)}`])),
	).flat();
	const parts = [0, 1, 2, 3].map((n) =>
		scratch.write(`part${n}.pcap`, pcap(many.slice(n * 138, (n + 1) * 138), n * 1_000_000)),
	);
	const { page } = await open(parts);
	for (const worker of page.workers()) {
		await worker.evaluate(() => {
			const read = globalThis.FileReaderSync?.prototype.readAsArrayBuffer;
			FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
				const end = performance.now() + 700;
				while (performance.now() < end) {}
				return read.call(this, blob);
			};
		});
	}
	await view(page, "packets");
	await page.locator(".scope", { hasText: "connection" }).waitFor();
	await tab(page, "Search");
	await page.getByRole("combobox", { name: "Where" }).selectOption("packets");
	await page.getByRole("textbox", { name: "What to search for" }).fill("needle");
	await page.keyboard.press("Enter");
	await page.locator(".hit-row").first().waitFor();
	const before = performance.now();
	await page.evaluate(() => new Promise(requestAnimationFrame));
	assert.ok(performance.now() - before < 400, "the page draws while the worker reads");
	await page.locator(".pass-line").getByRole("button", { name: "Cancel" }).click();
	await page.locator("[data-pass=cancelled]").waitFor();
	const n = Number((await page.locator(".pass-line").textContent()).match(/^\d+/)[0]);
	assert.ok(n > 0 && n < 12 * 40, `${n} hits`);
	await page.context().close();
});

test("captures of one series are shown, split apart and joined again", async () => {
	const paths = [
		scratch.write("first.pcap", pcap(PACKETS.slice(0, 5))),
		scratch.write("second.pcap", pcap(PACKETS.slice(5), 5)),
	];
	const { page } = await open(paths);
	const conns = () => page.locator(".side a", { hasText: "Records" }).textContent();
	await view(page, "files");
	const rows = page.locator(".series-list > li");
	assert.match(await rows.first().textContent(), /2 captures as one.*first\.pcap.*second\.pcap/);
	const joined = await conns();
	await page.getByRole("button", { name: "Split apart" }).click();
	await page.getByText("hold from the next reading on", { exact: false }).last().waitFor();
	await page.getByRole("button", { name: "Read all files again" }).click();
	assert.equal(await settled(page), "done");
	await page.locator(".series-list > li").nth(1).waitFor();
	assert.match(await rows.first().textContent(), /^ ?alone.*as you said/);
	assert.notEqual(await conns(), joined);
	for (const box of await page.locator(".series-list input").all()) {
		await box.check();
	}
	await page.getByRole("button", { name: "Join the chosen ones" }).click();
	await page.getByRole("button", { name: "Read all files again" }).click();
	assert.equal(await settled(page), "done");
	await rows.filter({ hasText: "2 captures as one" }).waitFor();
	assert.equal(await conns(), joined);
	await page.context().close();
});

test("captures of two taps are read side by side, and what both saw counts once", async () => {
	const seen = (rows) => rows.locator(".side a", { hasText: "Records" }).textContent();
	const alone = await open([scratch.write("east.pcap", pcap(PACKETS))]);
	const want = await seen(alone.page);
	await alone.page.context().close();
	// The other tap began later, and lacks some of the packets that the first has.
	const { page } = await open([
		scratch.write("west.pcap", pcap(PACKETS.slice(2), 2)),
		scratch.write("east.pcap", pcap(PACKETS.filter((_, i) => i !== 7))),
	]);
	assert.equal(await seen(page), want);
	await view(page, "files");
	const row = page.locator(".series-list > li").first();
	assert.match(await row.textContent(), /2 captures as one.*east\.pcap.*west\.pcap.*another tap/);
	await page.context().close();
});

test("how far the clocks of taps are apart is a setting, in the page and in the command", async () => {
	const many = [...Array(500).keys()].flatMap((i) =>
		talk(["10.0.0.1", 40000 + i], SERVER, [[true, "GET / HTTP/1.0\r\n\r\n"]]),
	);
	const east = scratch.write("east.pcap", pcap(many));
	const west = scratch.write("west.pcap", pcap(many, 400));
	const rows = (...args) =>
		String(offwire("records", "conn", ...args, east, west)).match(/\n/g).length;
	assert.ok(rows() > 500, "copies that are further apart are packets of their own");
	assert.equal(rows("--tap-ms", "1000"), 500);
	const { page } = await open([east, west]);
	const conns = async () => {
		await view(page, "records");
		const text = await page.locator(".kind", { hasText: /^conn/ }).textContent();
		return Number(text.replace(/\D/g, ""));
	};
	assert.equal(await conns(), rows());
	await page.getByRole("button", { name: "Settings" }).click();
	await page.locator("select[name=clocks]").selectOption("1000");
	await page.keyboard.press("Escape");
	await view(page, "files");
	await page.getByRole("button", { name: "Read all files again" }).click();
	assert.equal(await settled(page), "done");
	assert.equal(await conns(), 500);
	await page.context().close();
});

test("a name, a host and an account each have one story of all evidence, with pivots", async () => {
	const { page, problems } = await open([scratch.write("talk.pcap", pcap(PACKETS))]);
	await page.getByRole("link", { name: "Offwire" }).click();
	await view(page, "entities");
	await page.locator(".related .pivot", { hasText: "shop.example" }).click();
	await page.locator("main.entity h1", { hasText: "shop.example" }).waitFor();
	await page.locator(".story-row", { hasText: "http" }).waitFor();
	assert.match(new URL(page.url()).hash, /^#\/entity-\d+$/);
	assert.match(await page.locator(".finding-marks").textContent(), /first 2023-11-14 22:13:20/);
	// From one entity to the next, and from a row to its packet.
	await page.locator(".together .pivot", { hasText: "192.0.2.7" }).click();
	await page.locator("main.entity h1", { hasText: "192.0.2.7" }).waitFor();
	const kinds = page.locator(".story-kind");
	await kinds.first().waitFor();
	assert.deepEqual((await kinds.allTextContents()).sort(), ["conn", "http"]);
	await page.locator(".story-place").first().click();
	await page.locator(".its-connection").waitFor();
	await page.getByRole("button", { name: "Open in Records" }).click();
	await page.locator("main.records").waitFor();
	const filter = await page.getByRole("textbox", { name: "Filter" }).inputValue();
	assert.equal(filter, 'addr == 192.0.2.7 or text mentions "192.0.2.7"');
	// A click on a value of a table leads to its story too, with Shift it filters.
	await page.locator(".kind", { hasText: "http" }).click();
	await page.locator(".grid td.tells", { hasText: "10.0.0.1" }).first().click();
	await page.locator("main.entity h1", { hasText: "10.0.0.1" }).waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("an entity is found among many by a part of it, and any other by the whole", async () => {
	const { page } = await open([scratch.write("find.pcap", pcap(PACKETS))]);
	await view(page, "entities");
	const hosts = page.locator(".related .pivot");
	await hosts.nth(2).waitFor();
	await page.keyboard.press("/");
	await page.keyboard.type("192.0.2.7");
	await page.waitForFunction(() => document.querySelectorAll(".related .pivot").length === 1);
	await page.getByRole("button", { name: "Its story as host" }).click();
	await page.locator("main.entity h1", { hasText: "192.0.2.7" }).waitFor();
	await page.locator(".story-row").first().waitFor();
	await page.keyboard.press("Escape");
	await page.getByRole("textbox", { name: "Text of entities" }).fill("nobody.example");
	await page.getByText("None of those listed has it.").waitFor();
	await page.getByRole("button", { name: "Its story as name" }).click();
	await page.getByText("No record speaks of it.").waitFor();
	await page.context().close();
});

test("the sample's entities have the findings about them in their stories", async () => {
	const context = await browser.newContext({ offline: true });
	const page = await context.newPage();
	await page.goto(FILE_URL);
	await page.getByRole("button", { name: "Open the sample case" }).click();
	assert.equal(await settled(page), "done");
	for (const [name, title, kind] of [
		["c2.evil.org", /c2\.evil\.org/, "dns"],
		["hawkeye", /hawkeye/, "ftp"],
		["123.150.207.231", /123\.150\.207\.231/, "http"],
	]) {
		await view(page, "entities");
		await page.locator(".related .pivot", { hasText: name }).first().click();
		await page.locator("main.entity h1", { hasText: name }).waitFor();
		await page.locator(".story-kinds .kind", { hasText: kind }).waitFor();
		const findings = page.locator(".entity .finding-list .finding-title");
		assert.match((await findings.allTextContents()).join(), title);
	}
	await page.keyboard.press("Escape");
	await page.locator("main.entities").waitFor();
	await context.close();
});

test("a note's place shows the bytes, the line or the packet that it is about", async () => {
	const cut = pcap(PACKETS);
	const line = '{"query":"one.example","id.orig_h":"10.0.0.1"}\n';
	const { page, problems } = await open([
		scratch.write("cut.pcap", cut.subarray(0, cut.length - 20)),
		scratch.write("bad.log", `${line}{"query": broken\n${line}`),
	]);
	await view(page, "notes");
	const place = (file) =>
		page.locator(".note-places", { hasText: file }).getByRole("button").first();
	await place("bad.log").click();
	await page.locator(".raw-line, .hex", { hasText: "broken" }).waitFor();
	await place("cut.pcap").click();
	await page.locator(".evidence-panel .hex").waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a real capture's streams are those that the command follows", async (t) => {
	const where = corpus();
	if (!where) {
		t.skip("no corpus");
		return;
	}
	const path = join(where, "realworld/apt29_day2_SCRANTON.pcap");
	const { page } = await open([path]);
	await view(page, "records");
	await page.locator(".kind", { hasText: "http" }).click();
	await page.locator(".grid tbody th").first().click();
	await page.locator(".its-connection").getByRole("button", { name: "Streams" }).click();
	const parts = await said(page);
	const uid = /"(.+)"/.exec(await page.getByRole("textbox", { name: "Connections" }).inputValue());
	const told = offwire("follow", path, "--uid", uid[1]).toString("latin1");
	assert.equal(parts.length, told.match(/^[<>] \[/gm).length);
	for (const [side, text] of parts.slice(0, 4)) {
		const mark = side === "orig" ? ">" : "<";
		assert.ok(told.includes(`${mark} ${text.split("\n")[0].slice(0, 200)}`), text.slice(0, 200));
	}
	const filter = `uid == "${uid[1]}"`;
	assert.deepEqual(await saved(page, "real.pcapng"), carved("real-cli.pcapng", filter, [path]));
	await page.context().close();
});

test("packets are reached and read by keyboard alone", async () => {
	const { page } = await open([scratch.write("talk.pcap", pcap(PACKETS))]);
	await page.keyboard.press("5");
	await page.locator("main.packets .grid tbody td").first().waitFor();
	await page.keyboard.press("/");
	await page.keyboard.type("id.resp_p == 80");
	await page.locator(".grid[aria-rowcount='10']").waitFor();
	// From the filter over what clears it and the three tabs into the table.
	for (const name of ["Clear", "Packets", "Streams", "Search"]) {
		await page.keyboard.press("Tab");
		await page.waitForFunction((n) => document.activeElement?.textContent === n, name);
	}
	await page.keyboard.press("Tab");
	await page.waitForFunction(() => document.activeElement?.dataset.cell === "0:0");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.locator(".evidence-panel h2", { hasText: "packet 2" }).waitFor();
	await page.keyboard.press("Escape");
	await page.keyboard.press("3");
	await page.locator(".related .pivot").first().focus();
	await page.keyboard.press("Enter");
	await page.locator("main.entity .story-place").first().focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.locator(".evidence-panel .item").waitFor();
	await page.context().close();
});
