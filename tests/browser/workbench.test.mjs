// The page as a bench that is worked at all day: what goes away by itself, what is at hand, what is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, openSampleCase, settled, view, warmWorkers } from "./browser.mjs";
import { pcap, talk } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

let browser;
const scratch = scratchFolder("workbench");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
const openSample = (options) => openSampleCase(browser, options);
const openKind = (page, name) => page.locator(".kind", { hasText: name }).first().click();

test("a menu goes away when something else is clicked, with Escape, and with a choice", async () => {
	const { page } = await openSample();
	await view(page, "records");
	await openKind(page, "http");
	const menu = (name) => page.locator(`.menu:has(> summary:text-is("${name}"))`);
	const body = (name) => menu(name).locator(".menu-body");
	await menu("Columns").locator("summary").click();
	await body("Columns").waitFor();
	await menu("Export").locator("summary").click();
	await body("Columns").waitFor({ state: "hidden" });
	await page.keyboard.press("Escape");
	await body("Export").waitFor({ state: "hidden" });
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Export");
	await menu("Columns").locator("summary").click();
	await body("Columns").getByRole("checkbox").first().uncheck();
	assert.ok(await body("Columns").isVisible());
	await page.locator(".table-note").click({ position: { x: 4, y: 4 } });
	await body("Columns").waitFor({ state: "hidden" });
	await menu("Filter help").locator("summary").click();
	await body("Filter help").getByRole("button").first().click();
	await body("Filter help").waitFor({ state: "hidden" });
	await page.context().close();
});

test("text of a cell is marked without filtering by it", async () => {
	const { page } = await openSample();
	await view(page, "records");
	await openKind(page, "http");
	const cell = page.locator(".grid td", { hasText: "/phpMyAdmin" }).first();
	const { x, y, width, height } = await cell.boundingBox();
	await page.mouse.move(x + 12, y + height / 2);
	await page.mouse.down();
	await page.mouse.move(x + width - 20, y + height / 2, { steps: 4 });
	await page.mouse.up();
	assert.notEqual(await page.evaluate(() => getSelection().toString()), "");
	assert.equal(await page.getByRole("textbox", { name: "Filter" }).inputValue(), "");
	// A click with Shift is one, wherever the last one was.
	await page.locator(".grid td", { hasText: /^GET$/ }).nth(3).click();
	await page.getByRole("button", { name: "Clear" }).click();
	await page.locator(".grid[aria-rowcount='17']").waitFor();
	await page
		.locator(".grid td", { hasText: /^GET$/ })
		.nth(9)
		.click({ modifiers: ["Shift"] });
	assert.match(await page.getByRole("textbox", { name: "Filter" }).inputValue(), /method == "GET"/);
	await page.context().close();
});

test("from the evidence of one row to that of the next, by button and by key", async () => {
	const { page, problems } = await openSample();
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "98.252.16.36" }).first().click();
	const open = page.locator(".evidence-row.open");
	const panel = page.locator(".evidence-panel");
	const previous = panel.getByRole("button", { name: "Previous" });
	const next = panel.getByRole("button", { name: "Next" });
	const rows = page.locator(".evidence-row");
	const isOpen = async (n) =>
		page.waitForFunction(
			(index) =>
				document.querySelectorAll(".evidence-row")[index].matches(".open") &&
				document.querySelectorAll(".evidence-row.open").length === 1,
			n,
		);
	await rows.first().locator(".evidence-place").click();
	await open.waitFor();
	assert.ok(await previous.isDisabled());
	await next.click();
	await isOpen(1);
	assert.ok(await previous.isEnabled());
	// The button stays where the focus is, to be pressed again.
	await page.keyboard.press("Enter");
	await isOpen(2);
	await page.keyboard.press("p");
	await isOpen(1);
	const last = (await rows.count()) - 1;
	for (let n = 2; n <= last; n++) {
		await page.keyboard.press("n");
		await isOpen(n);
	}
	await page.waitForFunction(() =>
		[...document.querySelectorAll(".panel-buttons button")].some(
			(button) => button.textContent === "Next" && button.disabled,
		),
	);
	// In a table too.
	await view(page, "records");
	await openKind(page, "http");
	await page.locator(".grid tbody th").first().click();
	await page.locator(".grid tr[aria-rowindex='2'][aria-selected=true]").waitFor();
	await page.keyboard.press("n");
	await page.locator(".grid tr[aria-rowindex='3'][aria-selected=true]").waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a finding is copied as text for a ticket, defanged, and a packet's bytes as hex", async () => {
	const { page } = await openSample();
	await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
	const copied = async (name) => {
		await page.getByRole("button", { name }).click();
		await page.getByRole("button", { name: "Copied" }).waitFor();
		return page.evaluate(() => navigator.clipboard.readText());
	};
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "98.252.16.36" }).first().click();
	const text = await copied("Copy as text");
	assert.match(text, /^Port scan: 123\[\.\]150\[\.\]207\[\.\]231 asked/);
	assert.match(text, /\(threshold: .*; met\)/);
	assert.match(text, /nfdump-line\.txt \d+: conn/);
	await page.context().close();
	const { page: packets } = await openPage(browser);
	await packets.context().grantPermissions(["clipboard-read", "clipboard-write"]);
	const said = [[true, "GET / HTTP/1.1\r\n\r\n"]];
	const buffer = Buffer.from(pcap(talk(["10.0.0.1", 40_000], ["192.0.2.7", 80], said)));
	await packets.setInputFiles("input[type=file]", { name: "a.pcap", mimeType: "", buffer });
	assert.equal(await settled(packets), "done");
	await view(packets, "records");
	await openKind(packets, "http");
	await packets.locator(".grid tbody th").first().click();
	await packets.getByRole("button", { name: "Copy hex" }).click();
	await packets.getByRole("button", { name: "Copied" }).waitFor();
	const hex = await packets.evaluate(() => navigator.clipboard.readText());
	const bytes = Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
	assert.match(bytes.toString("latin1"), /GET \/ HTTP\/1\.1\r\n/);
	await packets.context().close();
});

test("what was saved is told where it can be seen, and why something was not", async () => {
	const { page } = await openSample();
	await view(page, "records");
	const save = async () => {
		await page.locator(".menu", { hasText: "Export" }).locator("summary").click();
		await page.getByRole("button", { name: "CSV", exact: true }).click();
	};
	await save();
	await page.locator(".notice", { hasText: "Saved as offwire-" }).waitFor();
	await page.getByRole("textbox", { name: "Filter" }).fill("no_such_field == 1");
	await page.locator(".filter-wrong").waitFor();
	await save();
	await page.locator(".notice", { hasText: "Not saved" }).waitFor();
	await page.context().close();
});

test("a stop tells how much was read, and what comes then has its own progress", async () => {
	const { page } = await openPage(browser);
	// Eight slices, each slow to come.
	for (const worker of await warmWorkers(page)) {
		await worker.evaluate(() => {
			const { read } = ReadableStreamBYOBReader.prototype;
			ReadableStreamBYOBReader.prototype.read = async function (...given) {
				await new Promise((resolve) => setTimeout(resolve, 700));
				return read.apply(this, given);
			};
		});
	}
	const line = '192.0.2.1 - - [01/Jan/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl"\n';
	const path = scratch.write("large.log", line.repeat(Math.ceil((64 << 20) / line.length)));
	await page.setInputFiles("input[type=file]", path);
	await page.locator(".progress-strip .num", { hasText: /^[1-9].* MB of 67\.1 MB/ }).waitFor();
	// In its card in Files a file says the same of itself.
	await view(page, "files");
	await page.locator(".file-card", { hasText: /MB of 67\.1 MB, .*\/s, .* left/ }).waitFor();
	await page.getByRole("button", { name: "Cancel" }).click();
	await page.locator("[data-state=cancelled]").waitFor();
	// What it says was read is what the lines that were read come to.
	await page.waitForFunction((length) => {
		const textOf = (what) => document.querySelector(what).textContent;
		const [, said] = /after ([\d.]+) MB of 67\.1 MB/.exec(textOf(".progress-strip")) ?? [];
		const [, lines] = /http ([\d,]+)/.exec(textOf(".file-card")) ?? [];
		const read = (Number(lines?.replaceAll(",", "")) * length) / 1e6;
		return read > 0 && read < 60 && Math.abs(read - Number(said)) < 1;
	}, line.length);
	await page.setInputFiles(".top input[type=file]", file("b.log", line));
	assert.equal(await settled(page), "done");
	await page.context().close();
});

test("the tab says how far reading is, and asks before a case of one's own is lost", async () => {
	const { page } = await openPage(browser);
	const lines = Array.from(
		{ length: 2000 },
		(_, n) =>
			`192.0.2.${n % 200} - - [01/Jan/2024:00:00:00 +0000] "GET /${n} HTTP/1.1" 200 12 "-" "curl"`,
	);
	const buffer = Buffer.from(lines.join("\n"));
	await page.evaluate(() => {
		window.titles = new Set();
		new MutationObserver(() => window.titles.add(document.title)).observe(
			document.querySelector("title"),
			{ childList: true },
		);
	});
	await page.setInputFiles("input[type=file]", { name: "a.log", mimeType: "text/plain", buffer });
	assert.equal(await settled(page), "done");
	const titles = await page.evaluate(() => [...window.titles]);
	assert.match(titles.join("\n"), /^\d+% · Offwire$/m);
	assert.equal(await page.title(), "Offwire");
	// The browser asks only on pages that were used.
	await page.locator("h1").click();
	const asked = page.waitForEvent("dialog");
	const closing = page.close({ runBeforeUnload: true });
	const dialog = await asked;
	assert.equal(dialog.type(), "beforeunload");
	await dialog.accept();
	await closing;
});

/** A Zeek log of web requests with these URIs, a second apart. */
const requests = (uris, host = "2001:db8:85a3:1234:5678:8a2e:370:7334") =>
	uris
		.map((uri, n) =>
			JSON.stringify({
				...{ _path: "http", ts: 1_700_000_000 + n, uid: `H${n}`, "id.orig_h": host },
				...{ "id.orig_p": 4000, "id.resp_h": "192.0.2.1", "id.resp_p": 80 },
				...{ method: "GET", uri, status_code: 200 },
			}),
		)
		.join("\n");

test("columns are as wide as their values, and stay so while rows go by", async () => {
	const { page } = await openPage(browser);
	const uris = Array.from({ length: 400 }, (_, n) => (n < 300 ? `/${n}` : `/${"long".repeat(90)}`));
	await page.setInputFiles("input[type=file]", file("http.log", requests(uris)));
	assert.equal(await settled(page), "done");
	await view(page, "records");
	const cell = page.locator(".grid td", { hasText: "2001:db8:85a3:1234" }).first();
	await cell.waitFor();
	assert.ok(await cell.evaluate((td) => td.scrollWidth <= td.clientWidth), "an address is cut");
	const widths = () =>
		page.locator(".grid thead th").evaluateAll((all) => all.map((th) => th.offsetWidth));
	const before = await widths();
	await page.locator(".grid-box").evaluate((box) => box.scrollTo(0, box.scrollHeight));
	await page.locator(".grid td", { hasText: "longlong" }).first().waitFor();
	assert.deepEqual(await widths(), before);
	const [place, , , , port] = before;
	assert.ok(place === 84 && port < 140, before.join(" "));
	await page.context().close();
});

test("rows of several files name theirs, which leads to the evidence and is no value to filter by", async () => {
	const { page } = await openPage(browser);
	await page.setInputFiles("input[type=file]", [
		file("first.log", requests(["/a"])),
		file("second.log", requests(["/b", "/c"])),
	]);
	assert.equal(await settled(page), "done");
	await view(page, "records");
	const heads = page.locator(".grid thead th");
	assert.equal(await heads.nth(1).textContent(), "file");
	assert.equal(await heads.nth(1).locator("button").count(), 0);
	const files = page.locator(".grid tbody td:nth-child(2)");
	assert.deepEqual((await files.allTextContents()).sort(), [
		"first.log",
		"second.log",
		"second.log",
	]);
	await page.locator(".grid td", { hasText: "first.log" }).click();
	await page.locator(".evidence-panel", { hasText: "first.log" }).waitFor();
	assert.equal(await page.getByRole("textbox", { name: "Filter" }).inputValue(), "");
	// The value beside it is still the one that is clicked.
	await page.locator(".grid td", { hasText: /^\/b$/ }).click();
	assert.equal(await page.getByRole("textbox", { name: "Filter" }).inputValue(), 'uri == "/b"');
	await page.context().close();
	const { page: one } = await openSample();
	await view(one, "records");
	assert.equal(await one.locator(".grid thead th", { hasText: /^file$/ }).count(), 0);
	// What a column holds is said without marks of a markup.
	await openKind(one, "ftp");
	await one.locator(".menu summary", { hasText: "Columns" }).click();
	const docs = await one.locator(".column-list").textContent();
	assert.ok(docs.includes("tcp") && !docs.includes("`"), docs);
	await one.context().close();
});

test("a range that was chosen limits the overview's findings as it does the list", async () => {
	const { page } = await openSample();
	const overview = page.locator(".finding-line");
	const all = await overview.count();
	const track = await page.locator(".tl-lanes .tl-track").boundingBox();
	await page.mouse.move(track.x + track.width * 0.7, track.y + 20);
	await page.mouse.down();
	await page.mouse.move(track.x + track.width * 0.9, track.y + 20, { steps: 4 });
	await page.mouse.up();
	await page.locator(".tl-note", { hasText: /^Only 2023-\d\d-\d\d.* UTC/ }).waitFor();
	const limited = await overview.count();
	assert.ok(limited > 0 && limited < all, `${limited} of ${all}`);
	assert.equal(await page.locator(".finding-line", { hasText: "hawkeye" }).count(), 0);
	await page.getByRole("link", { name: `${limited} of ${all}` }).click();
	await page.locator("main.findings").waitFor();
	assert.equal(await page.locator("#findings .finding-row").count(), limited);
	await page.getByRole("textbox", { name: "Text in findings" }).fill("hawkeye");
	await page.getByRole("button", { name: `Show all ${all}` }).click();
	await page.locator("#findings .finding-row", { hasText: "hawkeye" }).waitFor();
	await page.context().close();
});

test("what findings are about stands before the busiest hosts, with how grave they are", async () => {
	const { page, problems } = await openSample();
	await view(page, "entities");
	const suspects = page.locator(".suspects li");
	await suspects.first().waitFor();
	assert.match(await suspects.first().textContent(), /1 finding, the gravest high.*account$/);
	const scanner = suspects.filter({ hasText: "123.150.207.231" });
	assert.match(await scanner.textContent(), /2 findings, the gravest medium/);
	const busiest = page.locator(".related li", { hasText: "123.150.207.231" });
	assert.match(await busiest.textContent(), /2 findings, the gravest medium/);
	// The view is scrolled, however long it is; the frame around it never is.
	await page.setViewportSize({ width: 400, height: 300 });
	const frame = () =>
		page.evaluate(() => document.scrollingElement.scrollHeight - window.innerHeight);
	assert.equal(await frame(), 0);
	await page.getByRole("textbox", { name: "Text of entities" }).fill("hawk");
	assert.equal(await suspects.count(), 1);
	await suspects.locator(".pivot").click();
	await page.locator("main.entity h1", { hasText: "hawkeye" }).waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("an inventory has no empty thresholds, and nothing of a report is wider than its view", async () => {
	const { page } = await openSample();
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "Service inventory" }).click();
	await page.getByRole("heading", { name: "Terms", exact: true }).waitFor();
	const heads = page.locator(".terms thead th");
	assert.deepEqual(await heads.allTextContents(), ["Term", "Value", "Basis"]);
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "Port scan" }).click();
	await heads.filter({ hasText: "Threshold" }).waitFor();
	await page.context().close();
	const { page: long } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
	const user = "x".repeat(400);
	const log = Array.from({ length: 40 }, (_, n) =>
		JSON.stringify({
			...{ _path: "ftp", ts: 1_700_000_000 + n, uid: `F${n}`, "id.orig_h": "203.0.113.9" },
			...{ "id.orig_p": 4000 + n, "id.resp_h": "192.0.2.1", "id.resp_p": 21 },
			...{ user, command: "PASS", reply_code: 530 },
		}),
	).join("\n");
	await long.setInputFiles("input[type=file]", file("ftp.log", log));
	assert.equal(await settled(long), "done");
	await view(long, "report");
	await long.locator(".report-rows li").first().waitFor();
	assert.ok(await long.locator("main").evaluate((m) => m.scrollWidth <= m.clientWidth));
	await long.context().close();
});

test("of a finding that shows some of its rows the others are one click away", async () => {
	const { page } = await openPage(browser);
	const lines = Array.from({ length: 60 }, (_, n) =>
		JSON.stringify({
			...{ _path: "ftp", ts: 1_700_000_000 + n, uid: `F${n}`, "id.orig_h": "203.0.113.9" },
			...{ "id.orig_p": 4000 + n, "id.resp_h": "192.0.2.1", "id.resp_p": 21 },
			...{ user: "bob", command: "PASS", reply_code: 530 },
		}),
	);
	const other = lines[0].replaceAll("203.0.113.9", "203.0.113.10");
	await page.setInputFiles("input[type=file]", file("ftp.log", [...lines, other].join("\n")));
	assert.equal(await settled(page), "done");
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "Password guessing" }).first().click();
	assert.ok((await page.locator(".evidence-row").count()) < 60);
	await page.getByRole("button", { name: "Around them in Records" }).click();
	await page.locator("main.records .grid[aria-rowcount='61']").waitFor();
	await page.locator(".kind[aria-current]", { hasText: "ftp 60" }).waitFor();
	await page.context().close();
});

/** DNS rows of one day, one each three minutes, and rows of absurd dates. */
function withDates(...absurd) {
	const day = Array.from({ length: 400 }, (_, i) => 1_700_000_000 + i * 180);
	const rows = [...day, ...absurd].map((ts, i) =>
		JSON.stringify({
			...{ _path: "dns", ts, uid: `C${i}`, "id.orig_h": "10.0.0.9", "id.orig_p": 4000 },
			...{ "id.resp_h": "10.0.0.53", "id.resp_p": 53, query: `h${i}.example.com` },
		}),
	);
	return file("dns.log", rows.join("\n"));
}

test("one absurd date leaves the day's events in sight, and is told", async () => {
	const { page, problems } = await openPage(browser);
	await page.setInputFiles("input[type=file]", withDates(5, 4_294_967_295));
	assert.equal(await settled(page), "done");
	const note = page.locator(".tl-note");
	await note.filter({ hasText: "2 events lie far outside, in 1970-01-01" }).waitFor();
	assert.match(await note.textContent(), /Shown is 2023-11-1[45] .* – 2023-11-15 /);
	const lane = page.locator(".tl-lanes svg");
	assert.match(await lane.getAttribute("aria-label"), /dns 400$/);
	const nBars = async () => (await lane.locator("path").getAttribute("d")).split("M").length - 1;
	assert.ok((await nBars()) > 100);
	await note.getByRole("button", { name: "Show all times" }).click();
	await note.filter({ hasText: /^1970-01-01 .* – 2106-02-07 / }).waitFor();
	assert.equal(await nBars(), 3);
	await note.getByRole("button", { name: "Show where most events are" }).click();
	await note.filter({ hasText: "Shown is" }).waitFor();
	// No filter of records comes with it.
	await view(page, "records");
	await page.getByText("402 of 402 rows").waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a range of times is chosen by keyboard alone", async () => {
	const { page } = await openPage(browser);
	await page.setInputFiles("input[type=file]", withDates());
	assert.equal(await settled(page), "done");
	const from = page.getByRole("textbox", { name: "From" });
	const to = page.getByRole("textbox", { name: "to", exact: true });
	assert.equal(await from.inputValue(), "2023-11-14 22:13:20");
	await from.focus();
	const outline = await from.evaluate((it) => getComputedStyle(it).outlineStyle);
	assert.notEqual(outline, "none");
	await page.keyboard.press("Control+a");
	await page.keyboard.type("2023-11-15");
	await page.keyboard.press("Tab");
	assert.ok(await to.evaluate((it) => it === document.activeElement));
	await page.keyboard.press("Control+a");
	await page.keyboard.type("soon");
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: "The end is no time" }).waitFor();
	await page.keyboard.press("Control+a");
	await page.keyboard.type("2023-11-14");
	await page.keyboard.press("Enter");
	await page.getByRole("alert").filter({ hasText: "The end is before the beginning" }).waitFor();
	await page.keyboard.press("Control+a");
	await page.keyboard.type("2023-11-15 00:59");
	await page.keyboard.press("Enter");
	const note = page.locator(".tl-note", { hasText: "Only 2023-11-15 00:00:00 – 00:59:59 UTC" });
	await note.waitFor();
	await view(page, "records");
	await page.getByText("20 of 400 rows").waitFor();
	await view(page, "overview");
	await page.getByRole("button", { name: "Show all times" }).focus();
	await page.keyboard.press("Enter");
	await page.locator(".tl-note", { hasText: /^2023-11-14 22:13:20/ }).waitFor();
	await page.context().close();
});
