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

before(async () => {
	browser = await launch();
	server = await servePage();
});

after(async () => {
	await browser?.close();
	server?.close();
});

async function open(url) {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(url);
	return page;
}

/**
 * What a listener hears while `attempt` runs in a page at `url`, and for a while after. Each has a
 * listener of its own: an attempt that got through is repeated by the browser for seconds.
 */
async function heardDuring(attempt, url) {
	const listener = await listen();
	// By default from the listener's own origin, where nothing but a policy could stop an attempt.
	const page = await open(url ?? `http://${listener.host}/`);
	await page.evaluate(attempt, listener.host);
	await page.waitForTimeout(PATIENCE_MS);
	await page.context().close();
	listener.close();
	return listener.heard;
}

/** The ways, by name, that were heard. */
const named = (heard) => new Set(heard.map((h) => /way=([\w-]+)/.exec(h)?.[1] ?? h.split(" ")[0]));

test("the listener hears a page that has no policy", async () => {
	const heard = named(await heardDuring(fromPage));
	const ways = ["fetch", "xhr", "websocket", "eventsource", "beacon", "image", "css", "form"];
	for (const way of [...ways, "frame", "prefetch", "preload", "import", "open", "UDP"]) {
		assert.ok(heard.has(way), `${way} was not heard, only ${[...heard]}`);
	}
	const fromBare = named(await heardDuring(fromWorker));
	for (const way of ["fetch", "xhr", "websocket", "eventsource", "import-scripts"]) {
		assert.ok(fromBare.has(way), `${way} was not heard from a worker, only ${[...fromBare]}`);
	}
});

for (const [place, url] of [
	["from disk", () => FILE_URL],
	["from a server", () => `${server.url}/`],
]) {
	test(`no way out of the page, ${place}`, async () => {
		assert.deepEqual(await heardDuring(fromPage, url()), []);
	});

	// A worker with nothing removed from it, so this is the policy's doing alone.
	test(`no way out of a bare worker of the page, ${place}`, async () => {
		assert.deepEqual(await heardDuring(fromWorker, url()), []);
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
		/(?<![\w$.#])fetch\(/,
	];
	for (const pattern of forbidden) {
		const found = pattern.exec(html);
		assert.ok(!found, `${pattern}: ${html.slice(found?.index, (found?.index ?? 0) + 80)}`);
	}
});

// Preact has a way to set HTML, so its absence cannot be shown; that it is refused can be.
test("no text becomes HTML", async () => {
	const page = await open(FILE_URL);
	const attempts = [
		"body.innerHTML = '<b>x</b>'",
		"body.insertAdjacentHTML('beforeend', '<b>x</b>')",
	];
	for (const attempt of [...attempts, "write('<b>x</b>')"]) {
		await assert.rejects(page.evaluate(`document.${attempt}`), /TrustedHTML|Trusted Type/);
	}
	await page.context().close();
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
