// More findings than cross whole at once: what was left out comes when they are shown.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { breakAt, FILE_URL, launch, openPage, settled, view, warmWorkers } from "./browser.mjs";

const SOURCES = 40;
/** With as many rows each, which are all shown, more than cross with a report. */
const TRIES = 30;

/** An FTP log in which each of many addresses guesses the passwords of many accounts. */
function guesses(sources = SOURCES, tries = TRIES) {
	const lines = [];
	for (let source = 1; source <= sources; source++) {
		for (let n = 0; n < tries; n++) {
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
	await page.getByLabel("Rule").selectOption("password-guessing");
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

test("many findings of one rule fold into one line, which opens and keeps its place by keyboard", async () => {
	const { page } = await openPage(browser);
	await page.setInputFiles("input[type=file]", guesses());
	assert.equal(await settled(page), "done");
	// The overview has room for what else was found.
	const line = page.locator(".finding-line", { hasText: `Password guessing: ${SOURCES - 2} more` });
	await line.waitFor();
	await view(page, "findings");
	const rows = page.locator("#findings .finding-row", { hasText: "Password guessing" });
	assert.equal(await rows.count(), 6);
	const fold = page.getByRole("button", { name: `Password guessing: ${SOURCES - 5} more` });
	assert.equal(await fold.getAttribute("aria-expanded"), "false");
	assert.match(await fold.textContent(), new RegExp(`${SOURCES - 5} actors`));
	// Down to it, and into it.
	await page.keyboard.press("j");
	for (let n = 0; n < 5; n++) {
		await page.keyboard.press("ArrowDown");
	}
	await page.keyboard.press("Enter");
	assert.equal(await fold.getAttribute("aria-expanded"), "true");
	assert.equal(await rows.count(), SOURCES + 1);
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowDown");
	const title = await page.locator(":focus .finding-title").textContent();
	await page.keyboard.press("Enter");
	await page.locator("main.finding h1", { hasText: title }).waitFor();
	assert.match(await page.locator(".crumbs").textContent(), /7 of /);
	// Back at the line that it was opened from.
	await page.keyboard.press("Escape");
	await page.locator("main.findings").waitFor();
	assert.equal(await page.locator(":focus .finding-title").textContent(), title);
	await fold.click();
	assert.equal(await rows.count(), 6);
	await page.context().close();
});

test("the list is put in the order that is asked for, and the overview's line leads to its findings", async () => {
	const { page } = await openPage(browser);
	await page.setInputFiles("input[type=file]", guesses());
	assert.equal(await settled(page), "done");
	await page.locator(".finding-line", { hasText: `${SOURCES - 2} more` }).click();
	await page.locator("main.findings").waitFor();
	const titles = page.locator("#findings .finding-title");
	assert.equal(await titles.count(), SOURCES);
	await page.getByLabel("Order").selectOption("latest");
	assert.match(await titles.first().textContent(), new RegExp(`203\\.0\\.113\\.${SOURCES} `));
	await page.getByLabel("Order").selectOption("earliest");
	assert.match(await titles.first().textContent(), /203\.0\.113\.1 /);
	assert.match(await titles.nth(1).textContent(), /203\.0\.113\.2 /);
	await page.context().close();
});

test("a finding whose workers have ended says what is missing", async () => {
	const { page } = await openPage(browser);
	await breakAt(page, 777);
	await page.setInputFiles("input[type=file]", guesses());
	assert.equal(await settled(page), "done");
	const breaks = { name: "z.log", mimeType: "text/plain", buffer: Buffer.alloc(777, "x") };
	await page.setInputFiles(".top input[type=file]", breaks);
	await page.locator("[data-state=crashed]").waitFor({ state: "attached" });
	await view(page, "findings");
	await page.getByLabel("Rule").selectOption("password-guessing");
	await page.locator(".finding-row").last().click();
	await page.getByText("Its terms and rows were with workers that have ended").waitFor();
	assert.equal(await page.locator(".evidence-row").count(), 0);
	// One that came whole is so still.
	await view(page, "findings");
	await page.locator(".finding-row").first().click();
	await page.locator(".evidence-row").first().waitFor();
	assert.equal(await page.getByText("workers that have ended").count(), 0);
	await page.context().close();
});

test("a long report is shown in part and printed whole", async () => {
	const { page } = await openPage(browser);
	const sources = 120;
	await page.setInputFiles("input[type=file]", guesses(sources, 20));
	assert.equal(await settled(page), "done");
	await view(page, "report");
	const all = page.locator(".report-finding");
	assert.equal(await all.count(), 50);
	await page.evaluate(() => {
		window.print = () => {
			const guessed = [...document.querySelectorAll(".report-finding")].filter((one) =>
				one.textContent.includes("Password guessing"),
			);
			const whole = guessed.filter((one) => one.querySelectorAll(".report-rows li").length > 1);
			window.printed = [guessed.length, whole.length];
		};
	});
	await page.getByRole("button", { name: "Print" }).click();
	await page.waitForFunction(() => window.printed);
	assert.deepEqual(await page.evaluate(() => window.printed), [sources, sources]);
	await page.context().close();
});

test("a folder of many files is listed in part, and searched", async () => {
	const { page } = await openPage(browser);
	const line = '192.0.2.1 - - [01/Jan/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl"\n';
	const files = Array.from({ length: 400 }, (_, n) => ({
		name: `access-${n}.log`,
		mimeType: "text/plain",
		buffer: Buffer.from(n === 321 ? "no log at all" : `${line}#${n}\n`),
	}));
	const workers = await warmWorkers(page);
	for (const worker of workers) {
		await worker.evaluate(() => {
			const post = self.postMessage.bind(self);
			self.digests = [];
			self.postMessage = (message, transfer) => {
				if (message.name === "hashed") {
					self.digests.push(message.argument.length);
				}
				post(message, transfer);
			};
		});
	}
	await page.setInputFiles("input[type=file]", files);
	assert.equal(await settled(page), "done");
	await view(page, "files");
	const cards = page.locator(".file-card");
	assert.equal(await cards.count(), 50);
	await page.waitForFunction(() => document.querySelectorAll(".digest .data").length === 50);
	// Each message is drawn, so digests of many files come together.
	const digests = async () =>
		(await Promise.all(workers.map((worker) => worker.evaluate(() => self.digests)))).flat();
	const all = (list) => list.reduce((sum, n) => sum + n, 0);
	while (all(await digests()) < 400) {
		await page.waitForTimeout(50);
	}
	assert.ok((await digests()).length < 100, `${(await digests()).length} messages`);
	await page.getByRole("button", { name: "Show 50 of the other 350" }).click();
	assert.equal(await cards.count(), 100);
	await page.keyboard.press("/");
	await page.keyboard.type("not recognised");
	await page.getByText("1 of 400 files").waitFor();
	assert.match(await cards.textContent(), /access-321\.log/);
	await view(page, "notes");
	assert.ok((await page.locator(".note-places").count()) <= 41);
	await page.context().close();
});

test("findings that say the same, of a log and of another, are told apart and lead to each other", async () => {
	const { page } = await openPage(browser);
	const lines = Array.from({ length: TRIES }, (_, n) => {
		const at = `Tue Nov 14 22:13:${20 + n} 2023 [pid ${100 + n}]`;
		return [`${at} CONNECT: Client "10.0.0.9"`, `${at} [bob] FAIL LOGIN: Client "10.0.0.9"`];
	});
	const rows = lines.map((_, n) => ({
		...{ _path: "ftp", ts: 1_700_000_000 + n, uid: `F${n}`, "id.orig_h": "10.0.0.9" },
		...{ "id.orig_p": 4000 + n, "id.resp_h": "10.0.0.1", "id.resp_p": 21 },
		...{ user: "bob", command: "PASS", reply_code: 530 },
	}));
	const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
	await page.setInputFiles("input[type=file]", [
		file("vsftpd.log", lines.flat().join("\n")),
		file("ftp.log", rows.map((row) => JSON.stringify(row)).join("\n")),
	]);
	assert.equal(await settled(page), "done");
	await view(page, "findings");
	const found = page.locator(".finding-row", { hasText: "Password guessing" });
	const titles = await found.locator(".finding-title").allTextContents();
	assert.deepEqual(titles, [titles[0], titles[0]]);
	await found.filter({ hasText: "vsftpd.log (vsftpd log)" }).click();
	await page.locator(".twins", { hasText: "ftp.log (Zeek log, JSON)" }).getByRole("link").click();
	await page.locator(".twins", { hasText: "vsftpd.log (vsftpd log)" }).waitFor();
	await page.context().close();
});
