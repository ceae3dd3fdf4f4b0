// The page for everyone: by the rules of accessibility, on narrow screens, on paper.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, openPage, openSampleCase, settled, VIEWS, view } from "./browser.mjs";
import { pcap, talk } from "./captures.mjs";
import { scratchFolder } from "./scratch.mjs";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let browser;
const scratch = scratchFolder("access");

before(async () => {
	browser = await launch();
});

after(async () => {
	await browser?.close();
});

const open = (options) => openPage(browser, options);
const openSample = (options) => openSampleCase(browser, options);

test("on a narrow screen the row stays in sight above its source, and no button is cut off", async () => {
	const { page } = await openSample({ viewport: { width: 400, height: 800 } });
	await view(page, "findings");
	await page.locator(".finding-row").first().click();
	await page.locator(".evidence-place").last().click();
	await page.locator(".raw-line").waitFor();
	await page.waitForFunction(() => {
		const of = (what) => document.querySelector(what).getBoundingClientRect();
		return of(".evidence-row.open .evidence-place").bottom <= of(".evidence-panel").top;
	});
	const areWhole = async (what) => {
		for (const button of await page.locator(what).all()) {
			const { x, width } = await button.boundingBox();
			assert.ok(x >= 0 && x + width <= 400, `${await button.textContent()}: ${x}, ${width} wide`);
		}
	};
	await areWhole(".panel-head button");
	await view(page, "report");
	await areWhole(".buttons button");
	await page.context().close();
});

test("no story, no bytes and no menu reach out of a view that is narrow", async () => {
	const capture = scratch.path("narrow.pcap");
	const said = [[true, `GET /${"long/".repeat(30)} HTTP/1.1\r\nHost: shop.example\r\n\r\n`]];
	writeFileSync(capture, pcap(talk(["10.0.0.1", 40_000], ["192.0.2.7", 80], said)));
	const narrow = await open({ viewport: { width: 400, height: 800 } });
	await narrow.page.setInputFiles("input[type=file]", capture);
	assert.equal(await settled(narrow.page), "done");
	await view(narrow.page, "entities");
	await narrow.page.locator(".related .pivot", { hasText: "10.0.0.1" }).click();
	const inside = async (page, what) => {
		const { x, width } = await page.locator(what).first().boundingBox();
		const main = await page.locator("main").boundingBox();
		assert.ok(x >= main.x && x + width <= main.x + main.width, `${what}: ${x} and ${width} wide`);
	};
	await inside(narrow.page, ".story-text");
	await narrow.page.locator(".story-place").first().click();
	await narrow.page.locator(".hex-row").first().waitFor();
	await inside(narrow.page, ".bytes .hex");
	await narrow.page.context().close();
	// Beside its source a view is narrow on a wide screen too.
	const wide = await open({ viewport: { width: 1280, height: 800 } });
	await wide.page.setInputFiles("input[type=file]", capture);
	assert.equal(await settled(wide.page), "done");
	await view(wide.page, "records");
	await wide.page.locator(".grid tbody th").first().click();
	await wide.page.locator(".evidence-panel .hex").waitFor();
	for (const name of ["Filter help", "Columns", "Export"]) {
		const menu = wide.page.locator(".menu", { has: wide.page.getByText(name, { exact: true }) });
		await menu.locator("summary").click();
		await inside(wide.page, ".menu[open] .menu-body");
		await menu.locator("summary").click();
	}
	await wide.page.context().close();
});

test("on paper stand the words, in dark ink, without what only a screen can do", async () => {
	const { page } = await openSample();
	await page.getByRole("button", { name: "Settings" }).click();
	await page.getByRole("radio", { name: "Dark" }).check();
	await page.keyboard.press("Escape");
	await view(page, "findings");
	await page.locator(".finding-row").first().click();
	await page.locator(".evidence-row .pivot").first().waitFor();
	await page.emulateMedia({ media: "print" });
	const colour = await page.locator("h1").evaluate((h1) => getComputedStyle(h1).color);
	assert.equal(colour, "rgb(27, 30, 35)");
	assert.ok(await page.locator(".evidence-row .pivot").first().isVisible());
	for (const gone of [".crumbs", ".tools button", ".side", ".section-head button"]) {
		assert.equal(await page.locator(gone).first().isVisible(), false, gone);
	}
	await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
	for (const width of [1280, 400]) {
		test(`no view has trouble with accessibility, ${colorScheme}, ${width} pixels`, async () => {
			const options = { colorScheme, viewport: { width, height: 800 }, bypassCSP: true };
			const { page } = await open(options);
			await page.evaluate(AXE);
			assert.deepEqual(await violations(page), []);
			await page.getByRole("button", { name: "Open the sample case" }).click();
			await settled(page);
			for (const name of VIEWS) {
				await view(page, name);
				await page.waitForTimeout(200);
				assert.deepEqual(await violations(page), [], name);
				const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
				assert.ok(over <= 0, `${name} is ${over} pixels too wide`);
			}
			await view(page, "findings");
			await page.locator(".finding-row").first().click();
			await page.locator(".evidence-place").first().click();
			await page.locator(".item").waitFor();
			assert.deepEqual(await violations(page), []);
			await page.context().close();
		});

		test(`packets and stories have none either, ${colorScheme}, ${width} pixels`, async () => {
			const options = { colorScheme, viewport: { width, height: 800 }, bypassCSP: true };
			const { page } = await open(options);
			await page.evaluate(AXE);
			const check = async (what) => {
				await page.waitForTimeout(200);
				assert.deepEqual(await violations(page), [], what);
				const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
				assert.ok(over <= 0, `${what} is ${over} pixels too wide`);
			};
			const path = scratch.path("talk.pcap");
			const said = [
				[true, `GET /${"long".repeat(200)} HTTP/1.1\r\nHost: shop.example\r\n\r\n`],
				[false, 10],
				[false, "gone\tand here again"],
			];
			writeFileSync(path, pcap(talk(["10.0.0.1", 4000], ["192.0.2.7", 80], said)));
			await page.setInputFiles("input[type=file]", path);
			await settled(page);
			await view(page, "packets");
			await page.locator(".grid tbody td").first().waitFor();
			await check("packets");
			await page.locator(".grid tbody tr").nth(3).locator("td").first().click();
			await page.locator(".its-connection").waitFor();
			await check("a packet");
			await page.keyboard.press("Escape");
			await page.locator(".tabs").getByRole("button", { name: "Streams" }).click();
			await page.locator(".said").first().waitFor();
			await check("streams");
			await page.getByRole("button", { name: "Hex" }).click();
			await check("streams in hex");
			await page.locator(".tabs").getByRole("button", { name: "Search" }).click();
			await page.getByRole("textbox", { name: "What to search for" }).fill("long");
			await page.keyboard.press("Enter");
			await page.locator(".hit-row").first().waitFor();
			await check("search");
			await view(page, "entities");
			await page.locator(".related .pivot", { hasText: "192.0.2.7" }).click();
			await page.locator(".together .section").first().waitFor();
			await check("an entity");
			await page.context().close();
		});
	}
}

/** What axe finds, in short. */
async function violations(page) {
	const found = await page.evaluate(() => window.axe.run(document));
	return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" ")}`);
}
