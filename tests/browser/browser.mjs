// What the browser tests share: the system's Chromium, the built page, and a listener on loopback.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { staticServer } from "../../scripts/serve.mjs";

// The packages live beside the page's sources, not beside these tests.
const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const DIST = here("../../dist/");
export const PAGE = join(DIST, "index.html");
export const FILE_URL = new URL("../../dist/index.html", import.meta.url).href;

/** A file of the article, which the cases hold. */
export const article = (name) => here(`../cases/article/${name}`);

/** A file of another case. */
export const aCase = (name, file) => here(`../cases/${name}/input/${file}`);

/** The views by the order of their keys. */
export const VIEWS = [
	"overview",
	"findings",
	"entities",
	"records",
	"packets",
	"files",
	"coverage",
	"notes",
	"report",
];

/** The built page as text. */
export const builtPage = () => readFileSync(PAGE, "utf8");

function chromiumPath() {
	const names = ["chromium", "chromium-browser", "google-chrome"];
	const paths = (process.env.PATH ?? "")
		.split(delimiter)
		.flatMap((dir) => names.map((name) => join(dir, name)));
	const found = paths.find((path) => {
		try {
			accessSync(path, constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
	if (!found) {
		throw new Error("no Chromium on PATH: run these tests through ./x test, which installs it");
	}
	return found;
}

/** The system's Chromium, kept from talking on its own account. */
export function launch() {
	const quiet = [
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		"--no-first-run",
		"--disable-quic",
		"--disable-dev-shm-usage",
		"--disable-gpu",
	];
	// Root has no user namespace to build the sandbox in.
	const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
	return chromium.launch({ executablePath: chromiumPath(), args: [...quiet, ...sandbox] });
}

/** Serves the built page at / and at /a/b/; `url` has no slash at its end. */
export async function servePage() {
	const server = staticServer(DIST, ["/", "/a/b/"]);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** The request that a page made, without those for itself: each is one too many. */
export function watchRequests(page) {
	const requests = [];
	page.on("request", (request) => {
		if (!/^(file|blob|data):/.test(request.url())) {
			requests.push(request.url());
		}
	});
	return requests;
}

/** Listens on loopback by HTTP and UDP, on the same port, and keeps whatever it hears. */
export async function listen() {
	const heard = [];
	const http = createServer((request, response) => {
		heard.push(`${request.method} ${request.url}`);
		response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": "text/html" });
		response.end("heard");
	});
	http.on("upgrade", (request, socket) => {
		heard.push(`UPGRADE ${request.url}`);
		socket.destroy();
	});
	http.listen(0, "127.0.0.1");
	await once(http, "listening");
	const { port } = http.address();
	const udp = createSocket("udp4");
	udp.on("message", (message) => heard.push(`UDP ${message.length} bytes`));
	udp.bind(port, "127.0.0.1");
	await once(udp, "listening");
	const close = () => {
		http.closeAllConnections();
		http.close();
		udp.close();
	};
	return { host: `127.0.0.1:${port}`, heard, close };
}

/** Drags files from outside onto the middle of the page, as the browser itself would. */
export async function drag(page, files) {
	const session = await page.context().newCDPSession(page);
	const { width, height } = page.viewportSize();
	const event = {
		x: Math.round(width / 2),
		y: Math.round(height / 2),
		data: { items: [], files, dragOperationsMask: 1 },
	};
	for (const type of ["dragEnter", "dragOver", "drop"]) {
		await session.send("Input.dispatchDragEvent", { type, ...event });
	}
	await session.detach();
}

/** The two workers that wait warm behind the page, once they are there. */
export async function warmWorkers(page) {
	while (page.workers().length < 2) {
		await page.waitForEvent("worker");
	}
	return page.workers();
}

/**
 * Has the core break down at a piece of so many bytes. No input is known that breaks it, so a call
 * that it makes is made to fail as a trap does.
 */
export async function breakAt(page, bytes) {
	for (const worker of await warmWorkers(page)) {
		await worker.evaluate((length) => {
			const subarray = Uint8Array.prototype.subarray;
			Uint8Array.prototype.subarray = function (...range) {
				if (this.length === length && self.name !== "reading") {
					throw new WebAssembly.RuntimeError("unreachable");
				}
				return subarray.apply(this, range);
			};
		}, bytes);
	}
}

/** Opens a view, as its address in the hash does. */
export async function view(page, name) {
	await page.evaluate((hash) => {
		location.hash = `/${hash}`;
	}, name);
	await page.locator(`main.${name}`).waitFor();
}

/** Waits until the analysis is over and gives its state; 0 waits for as long as it takes. */
export async function settled(page, timeout = 30_000) {
	const over = page.locator("[data-state=done], [data-state=crashed]");
	await over.waitFor({ state: "attached", timeout });
	return over.getAttribute("data-state");
}

/** The page in a context of its own, and what it complains of there. */
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({ offline: true, acceptDownloads: true, ...options });
	const page = await context.newPage();
	const problems = [];
	page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
	page.on("pageerror", (error) => problems.push(String(error)));
	await page.goto(FILE_URL);
	return { page, problems };
}

/** The same with the sample case read. */
export async function openSampleCase(browser, options) {
	const opened = await openPage(browser, options);
	await opened.page.getByRole("button", { name: "Open the sample case" }).click();
	assert.equal(await settled(opened.page), "done");
	return opened;
}
