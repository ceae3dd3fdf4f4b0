// More findings than cross whole at once: what was left out comes when they are shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FILE_URL, launch, settled, view } from "./browser.mjs";

const SOURCES = 40;
/** With as many rows each, which are all shown, more than cross with a report. */
const TRIES = 30;

/** An FTP log in which each of many addresses guesses the passwords of many accounts. */
function guesses() {
	const lines = [];
	for (let source = 1; source <= SOURCES; source++) {
		for (let n = 0; n < TRIES; n++) {
			lines.push(
				JSON.stringify({
					_path: "ftp",
					ts: 1700000000 + source * 1000 + n,
					uid: `C${source}x${n}`,
					"id.orig_h": `203.0.113.${source}`,
					"id.orig_p": 40000 + n,
					"id.resp_h": "192.0.2.1",
					"id.resp_p": 21,
					user: `user${n}`,
					command: "PASS",
					reply_code: 530,
				}),
			);
		}
	}
	return { name: "ftp.log", mimeType: "text/plain", buffer: Buffer.from(lines.join("\n")) };
}

let browser;

before(async () => {
	browser = await launch();
});

after(() => browser?.close());

test("every finding is shown whole, however many there are", async () => {
	const page = await browser.newPage();
	await page.goto(FILE_URL);
	await page.setInputFiles("input[type=file]", guesses());
	assert.equal(await settled(page), "done");
	await view(page, "findings");
	const found = page.locator("#findings li").filter({ hasText: "Password guessing" });
	assert.equal(await found.count(), SOURCES);
	for (const one of [found.first(), found.last()]) {
		await one.locator(".finding-row").click();
		await page
			.locator(".evidence-row")
			.nth(TRIES - 1)
			.waitFor();
		assert.equal(await page.locator(".evidence-row").count(), TRIES);
		assert.ok((await page.locator(".terms tbody tr").count()) > 1);
		await page.getByText("A program with an old stored password").waitFor();
		await page.locator(".evidence-place").first().click();
		await page.locator("text=reply_code").first().waitFor();
		await view(page, "findings");
	}
	await view(page, "report");
	await page.locator(".report-finding").last().locator(".report-rows li").first().waitFor();
	const rows = page
		.locator(".report-finding")
		.filter({ hasText: "Password guessing" })
		.locator(".report-rows li");
	assert.equal(await rows.count(), SOURCES * TRIES);
	const terms = page.locator(".report-finding li", { hasText: "failed logins: 30" });
	assert.equal(await terms.count(), SOURCES);
	await page.close();
});
