// Nothing leaves the machine: every way out is tried, from the page and from a worker, against a
// listener that must hear nothing. A bare page tries the same first, to show that it can hear.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { article, builtPage, FILE_URL, launch, listen, servePage, settled } from "./browser.mjs";
import { fromPage, fromWorker } from "./ways-out.mjs";

/** Long enough for a request that was let through to arrive on a busy machine. */
const PATIENCE_MS = 1500;

let browser;
let server;
let listener;

before(async () => {
	browser = await launch();
	server = await servePage();
	listener = await listen();
});

after(async () => {
	await browser?.close();
	server?.close();
	listener?.close();
});

async function open(url) {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(url);
	return page;
}

/** What the listener hears while `attempt` runs and for a while after. */
async function heardDuring(page, attempt) {
	listener.heard.length = 0;
	await attempt();
	await page.waitForTimeout(PATIENCE_MS);
	return [...listener.heard];
}

/** The ways, by name, that were heard. */
const named = (heard) => new Set(heard.map((h) => /way=([\w-]+)/.exec(h)?.[1] ?? h.split(" ")[0]));

test("the listener hears a page that has no policy", async () => {
	// From the listener's own origin, so that nothing but a policy could stop the attempts.
	const page = await open(`http://${listener.host}/`);
	const heard = named(await heardDuring(page, () => page.evaluate(fromPage, listener.host)));
	const ways = ["fetch", "xhr", "websocket", "eventsource", "beacon", "image", "css", "form"];
	for (const way of [...ways, "frame", "preload", "import", "open", "UDP"]) {
		assert.ok(heard.has(way), `${way} was not heard, only ${[...heard]}`);
	}
	const inWorker = named(await heardDuring(page, () => page.evaluate(fromWorker, listener.host)));
	for (const way of ["fetch", "xhr", "websocket", "eventsource", "import-scripts"]) {
		assert.ok(inWorker.has(way), `${way} was not heard from a worker, only ${[...inWorker]}`);
	}
	await page.context().close();
});

for (const [place, url] of [
	["from disk", () => FILE_URL],
	["from a server", () => `${server.url}/`],
]) {
	test(`no way out of the page, ${place}`, async () => {
		const page = await open(url());
		const heard = await heardDuring(page, () => page.evaluate(fromPage, listener.host));
		assert.deepEqual(heard, []);
		await page.context().close();
	});

	// A worker with nothing removed from it, so this is the policy's doing alone.
	test(`no way out of a bare worker of the page, ${place}`, async () => {
		const page = await open(url());
		const heard = await heardDuring(page, () => page.evaluate(fromWorker, listener.host));
		assert.deepEqual(heard, []);
		await page.context().close();
	});

	test(`our workers have no way out to try, ${place}`, async () => {
		const page = await open(url());
		await page.setInputFiles("input[type=file]", article("access.log"));
		await settled(page);
		const workers = page.workers();
		assert.ok(workers.length >= 2, `${workers.length} workers`);
		for (const worker of workers) {
			assert.deepEqual(await worker.evaluate(waysLeft), []);
		}
		await page.context().close();
	});
}

/** Runs inside a worker: the names that still lead out of it. */
function waysLeft() {
	const names = ["fetch", "XMLHttpRequest", "WebSocket", "WebTransport", "EventSource"];
	return [...names, "importScripts", "Worker", "indexedDB", "caches", "BroadcastChannel"].filter(
		(name) => globalThis[name] !== undefined || Object.getPrototypeOf(globalThis)[name],
	);
}

// No policy stops a page from navigating away with data in the address: only our own code does, by
// having no such call. So the code is what is tested here.
test("the built page holds no navigation but the hash, and opens nothing", () => {
	const html = builtPage();
	const forbidden = [
		/\blocation\s*=[^=]/,
		/\blocation\.(assign|replace|reload|href\s*=[^=])/,
		/\bwindow\.open\b/,
		/\bnavigation\.navigate\b/,
		/\.submit\(\)|\.requestSubmit\b/,
		/<(iframe|object|embed|form|base|frame)\b/i,
		/createElement\(["'`](iframe|object|embed|form|base|frame|portal)["'`]/i,
		/http-equiv=["']?refresh/i,
		/\bsendBeacon\b|\bserviceWorker\b/,
		/\.(innerHTML|outerHTML)\s*=[^=]|insertAdjacentHTML|document\.write/,
		/(?<![\w$.#])fetch\(/,
	];
	for (const pattern of forbidden) {
		const found = pattern.exec(html);
		assert.equal(found, null, `${pattern}: ${html.slice(found?.index, (found?.index ?? 0) + 80)}`);
	}
});

test("the built page loads nothing from anywhere else", () => {
	const html = builtPage();
	assert.doesNotMatch(html, /\b(src|srcset|href|action|poster)\s*=\s*["']?(https?:)?\/\//i);
	assert.doesNotMatch(html, /@import|url\(\s*["']?(https?:)?\/\//i);
	assert.doesNotMatch(html, /<script[^>]+\bsrc=/i);
});

test("the policy names the hash of every script, and no source on the network", () => {
	const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(builtPage())?.[1];
	assert.match(policy, /^default-src 'none'; script-src ('sha256-[\w+/]+=' )+'wasm-unsafe-eval'; /);
	assert.match(policy, /connect-src 'none'/);
	assert.doesNotMatch(policy, /https?:|\*|'self'|'unsafe-eval'/);
});
