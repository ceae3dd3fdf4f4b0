// The views, worked through as an analyst does: the sample case, its evidence, tables, keys, looks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { aCase, launch, openPage, openSampleCase, settled, VIEWS, view } from "./browser.mjs";
import { scratchFolder } from "./scratch.mjs";

let browser;
const scratch = scratchFolder("ui");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

const open = (options) => openPage(browser, options);
const openSample = (options) => openSampleCase(browser, options);

/** A file of ours with this text, dropped through the chooser. */
async function openText(name, text, options) {
	const opened = await open(options);
	const path = scratch.write(name, text);
	await opened.page.setInputFiles("input[type=file]", path);
	assert.equal(await settled(opened.page), "done");
	return opened;
}

const titles = (page) => page.locator("#findings .finding-title").allTextContents();
const openKind = (page, name) => page.locator(".kind", { hasText: name }).first().click();

test("the sample case gives its findings, its actor and no alarm on the certificate", async () => {
	const { page, problems } = await openSample();
	await view(page, "findings");
	const all = (await titles(page)).join("\n");
	for (const part of ["123.150.207.231", "c2.evil.org", "hawkeye"]) {
		assert.match(all, new RegExp(part.replaceAll(".", "\\.")));
	}
	const alarms = page.locator("#findings li", { hasText: /resource\.redcanary/ });
	for (const alarm of await alarms.all()) {
		assert.match(await alarm.textContent(), /info/);
	}
	await view(page, "overview");
	await page.locator(".actor", { hasText: "123.150.207.231" }).waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a click on evidence shows the raw line with its fields marked", async () => {
	const { page, problems } = await openSample();
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "98.252.16.36" }).first().click();
	await page.locator(".evidence-place").first().click();
	const line = page.locator(".raw-line");
	await line.waitFor();
	const text = await line.textContent();
	const file = readFileSync(new URL("../cases/article/nfdump-line.txt", import.meta.url), "utf8");
	assert.ok(file.split("\n").includes(text), text);
	assert.ok((await line.locator("mark").count()) > 3);
	// A field and its bytes light up together.
	const field = page.locator(".fields tr").filter({ hasText: "123.150.207.231" }).first();
	await field.hover();
	assert.equal(
		await line.locator("mark.lit").textContent(),
		await field.locator("td").textContent(),
	);
	await page.keyboard.press("Escape");
	assert.equal(await page.locator(".evidence-panel").count(), 0);
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("the values of evidence rows are pivots, by mouse and by keyboard", async () => {
	const { page, problems } = await openSample();
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "c2.evil.org" }).first().click();
	const row = page.locator(".evidence-row").first();
	await row.locator(".pivot", { hasText: "c2.evil.org" }).waitFor();
	assert.equal(await page.locator("button button").count(), 0);
	// The place opens the source; beside it the values are reached with Tab, the next row with an arrow.
	await row.locator(".evidence-place").focus();
	await page.keyboard.press("Enter");
	await page.locator(".raw-line").waitFor();
	await page.keyboard.press("Escape");
	await page.keyboard.press("Tab");
	const focused = () => page.evaluate(() => document.activeElement.textContent);
	assert.equal(await focused(), "192.168.75.28");
	await page.keyboard.press("ArrowDown");
	const second = page.locator(".evidence-row").nth(1).locator(".evidence-place");
	assert.ok(await second.evaluate((button) => button === document.activeElement));
	await row.locator(".pivot", { hasText: "c2.evil.org" }).click();
	await page.locator("main.entity h1", { hasText: "c2.evil.org" }).waitFor();
	assert.equal(await page.locator(".evidence-panel").count(), 0);
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("findings are narrowed down by severity, rule and text", async () => {
	const { page } = await openSample();
	await view(page, "findings");
	const all = await titles(page);
	await page.getByRole("textbox", { name: "Text in findings" }).fill("C2.EVIL");
	const some = await titles(page);
	assert.ok(some.length > 0 && some.length < all.length);
	assert.ok(some.every((title) => title.includes("c2.evil.org")));
	await page.getByRole("textbox", { name: "Text in findings" }).fill("no such word");
	await page.getByText("No finding passes the filter").waitFor();
	await page.getByRole("button", { name: `Show all ${all.length}` }).click();
	await page.getByRole("combobox", { name: "Rule" }).selectOption("port-scan");
	assert.ok((await titles(page)).every((title) => title.includes("123.150.207.231")));
	await page.context().close();
});

test("records are filtered, with the place of an error, and sorted", async () => {
	const { page, problems } = await openSample();
	await view(page, "records");
	await openKind(page, "http");
	await page.locator(".grid[aria-rowcount='17']").waitFor();
	const filter = page.getByRole("textbox", { name: "Filter" });
	await filter.fill('uri == "*2.6.0-rc*"');
	await page.locator(".grid[aria-rowcount='4']").waitFor();
	await filter.fill("uri == ");
	await page.locator(".filter-wrong mark").waitFor();
	await filter.fill("urrri == x");
	await page.locator(".filter-wrong mark", { hasText: "urrri" }).waitFor();
	await filter.fill("");
	await page.locator(".grid[aria-rowcount='17']").waitFor();
	const uri = page.locator(".grid th", { hasText: /^uri/ });
	await uri.locator(".sort").click();
	await page.locator(".grid th[aria-sort=ascending]").waitFor();
	await uri.locator(".sort").click();
	await page.locator(".grid th[aria-sort=descending]").waitFor();
	await page.locator(".grid tbody tr").first().getByText("phpMyAdmin-2.8.2").waitFor();
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("a value is a pivot: a click filters, an Alt-click filters out, in every kind", async () => {
	const { page } = await openSample();
	await view(page, "records");
	await openKind(page, "ftp");
	const refused = page.locator(".grid tbody td", { hasText: /^550$/ });
	await refused.click();
	await page.locator(".grid[aria-rowcount='2']").waitFor();
	const filter = page.getByRole("textbox", { name: "Filter" });
	assert.match(await filter.inputValue(), /reply_code == "550"/);
	await page.getByRole("button", { name: "Clear" }).click();
	await page.locator(".grid tbody td", { hasText: /^550$/ }).click({ modifiers: ["Alt"] });
	await page.waitForFunction(() => !/^550$/m.test(document.querySelector(".grid").innerText));
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "98.252.16.36" }).first().click();
	await page.locator(".subjects .pivot", { hasText: "123.150.207.231" }).click();
	await page.locator("main.entity h1", { hasText: "123.150.207.231" }).waitFor();
	await page.getByRole("button", { name: "Open in Records" }).click();
	await page.locator("main.records").waitFor();
	assert.match(await filter.inputValue(), /^addr == 123\.150\.207\.231 or /);
	// The other source of the same address is counted beside it.
	await page.locator(".kind", { hasText: /http 16/ }).waitFor();
	await page.context().close();
});

for (const [button, name, check] of [
	["Zeek JSON", "offwire-dns.json.log", (text) => JSON.parse(text.split("\n")[0]).query],
	["Zeek TSV", "offwire-dns.log", (text) => /#path\tdns/.test(text) && text],
	["CSV", "offwire-dns.csv", (text) => text],
]) {
	test(`records are saved as ${button}, under a name of ours`, async () => {
		const { page } = await openSample();
		await view(page, "records");
		await openKind(page, "dns");
		await page.locator(".menu", { hasText: "Export" }).locator("summary").click();
		const [download] = await Promise.all([
			page.waitForEvent("download"),
			page.getByRole("button", { name: button, exact: true }).click(),
		]);
		assert.equal(download.suggestedFilename(), name);
		const path = scratch.path(name);
		await download.saveAs(path);
		assert.match(check(readFileSync(path, "utf8")), /c2\.evil\.org/);
		await page.context().close();
	});
}

test("the report is saved as text, and says what the page says", async () => {
	const { page } = await openSample();
	await view(page, "report");
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("button", { name: "Save as text" }).click(),
	]);
	assert.equal(download.suggestedFilename(), "offwire-report.txt");
	const path = scratch.path("report.txt");
	await download.saveAs(path);
	assert.match(readFileSync(path, "utf8"), /^Offwire report[\s\S]*c2\.evil\.org/);
	await page.context().close();
});

test("hostile names are shown as text, with what would deceive made visible", async () => {
	const name = '\\u202Egpj.exe<img src=x onerror=\\"document.title=1\\">.evil.example';
	const rows = [1, 2, 3].map(
		(n) =>
			`{"ts":16981018${n}2.5,"id.orig_h":"10.0.0.${n}","id.orig_p":5353,"id.resp_h":"10.0.0.53","id.resp_p":53,"proto":"udp","query":"${name}"}`,
	);
	const { page, problems } = await openText("<b>x.log", `${rows.join("\n")}\n`);
	const title = await page.title();
	await view(page, "records");
	await page.locator(".grid tbody td", { hasText: "gpj.exe" }).first().waitFor();
	const text = await page.locator(".grid").innerText();
	assert.ok(text.includes("\\u{202e}gpj.exe<img src=x onerror="), text);
	assert.ok(!text.includes("\u202e"));
	await view(page, "files");
	await page.getByText("<b>x.log").first().waitFor();
	assert.equal(await page.locator("main img, main b").count(), 0);
	assert.equal(await page.title(), title);
	assert.deepEqual(problems, []);
	await page.context().close();
});

test("what is copied is defanged, unless it was asked not to be", async () => {
	const { page } = await openSample();
	await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
	await view(page, "findings");
	await page.locator(".finding-row", { hasText: "98.252.16.36" }).first().click();
	await page.locator(".evidence-place").first().click();
	const copied = async () => {
		await page.locator(".evidence-panel").getByRole("button", { name: "Copy" }).click();
		await page.locator(".evidence-panel").getByRole("button", { name: "Copied" }).waitFor();
		return page.evaluate(() => navigator.clipboard.readText());
	};
	assert.match(await copied(), /123\[\.\]150\[\.\]207\[\.\]231/);
	await page.getByRole("button", { name: "Settings" }).click();
	await page.getByRole("checkbox", { name: /Defang/ }).uncheck();
	await page.keyboard.press("Escape");
	await page.locator(".evidence-panel").getByRole("button", { name: "Copy" }).waitFor();
	assert.match(await copied(), /123\.150\.207\.231/);
	await page.context().close();
});

test("all of it goes by keyboard", async () => {
	const { page } = await openSample();
	for (const [i, name] of VIEWS.entries()) {
		await page.keyboard.press(String(i + 1));
		await page.locator(`main.${name}`).waitFor();
	}
	await page.keyboard.press("2");
	await page.locator("main.findings").waitFor();
	await page.keyboard.press("j");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await page.locator("main.finding").waitFor();
	const first = await page.locator("h1").textContent();
	await page.keyboard.press("j");
	await page.waitForFunction(
		(before) => document.querySelector("h1").textContent !== before,
		first,
	);
	await page.keyboard.press("Escape");
	await page.locator("main.findings").waitFor();
	await page.keyboard.press("4");
	await page.keyboard.press("/");
	await page.keyboard.type("hawkeye");
	await page.keyboard.press("Escape");
	await openKind(page, "ftp");
	await page.locator(".grid[aria-rowcount='6'] td", { hasText: "hawkeye" }).first().waitFor();
	await page.locator(".grid [tabindex='0']").focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowRight");
	await page.waitForFunction(() => document.activeElement?.dataset.cell === "1:1");
	await page.keyboard.press("Space");
	await page.locator(".raw-line", { hasText: "hawkeye" }).waitFor();
	await page.keyboard.press("?");
	await page.getByRole("dialog").waitFor();
	await page.context().close();
});

test("a file of a known format that is not read says what makes it readable", async () => {
	const { page } = await openPage(browser);
	await page.setInputFiles("input[type=file]", [aCase("other-formats", "combined.log.xz")]);
	assert.equal(await settled(page), "done");
	await view(page, "files");
	const card = page.locator(".file-card");
	await card.locator(".file-state", { hasText: "not read here" }).waitFor();
	const text = await card.textContent();
	assert.match(text, /file compressed with xz: xz -dk FILE writes what is inside/);
	await page.context().close();
});

test("files that show nothing are told from files in which nothing was found", async () => {
	const { page } = await openText("notes.txt", "Meeting at ten.\n");
	const empty = page.locator(".empty");
	assert.match(await empty.textContent(), /nothing to look at.*notes\.txt/);
	await view(page, "findings");
	assert.match(await empty.textContent(), /nothing to look at.*notes\.txt/);
	await view(page, "files");
	await page.locator(".file-state", { hasText: "not recognised" }).waitFor();
	await page.context().close();
	const keys = `CLIENT_RANDOM ${"ab".repeat(32)} ${"cd".repeat(48)}\n`;
	const { page: other } = await openText("keys.log", keys);
	assert.match(await other.locator(".empty").textContent(), /add the captures or logs/);
	const more = { name: "dns.log", mimeType: "text/plain" };
	const buffer = Buffer.from('{"query":"one.example","id.orig_h":"10.0.0.1"}\n');
	await other.setInputFiles(".top input[type=file]", { ...more, buffer });
	await other.locator(".empty", { hasText: "Nothing was found" }).waitFor();
	await other.context().close();
});

test("the address holds no word of the evidence", async () => {
	const { page } = await openSample();
	await view(page, "findings");
	await page.locator(".finding-row").first().click();
	assert.match(new URL(page.url()).hash, /^#\/finding-\d+$/);
	await page.context().close();
});

test("files are added to an open case", async () => {
	const { page } = await openText("a.log", '{"query":"one.example","id.orig_h":"10.0.0.1"}\n');
	const more = scratch.write("b.log", '{"query":"two.example","id.orig_h":"10.0.0.2"}\n');
	await page.setInputFiles(".top input[type=file]", more);
	await view(page, "files");
	await page
		.locator(".file-card", { hasText: "b.log" })
		.getByText("read", { exact: true })
		.waitFor();
	await view(page, "records");
	await page.locator(".kind", { hasText: /dns 2/ }).waitFor();
	await page.context().close();
});
