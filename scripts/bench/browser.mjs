// The bench in Chromium: the built page, and its peer that only reads.
import { readdirSync, readFileSync } from "node:fs";
import { FILE_URL, launch, settled } from "../../tests/browser/browser.mjs";
import { peakOf } from "./run.mjs";

/** How long the page has been open when files are dropped: less than a person takes to pick them. */
const WARM_MS = 4000;

/** The peer: reads slices as large as the page's, one after the other, and counts their bytes. */
const READER = `onmessage = async ({ data: file }) => {
	const SLICE = 16 << 20;
	let read = 0;
	for (let at = 0; at < file.size; at += SLICE) {
		read += (await file.slice(at, at + SLICE).arrayBuffer()).byteLength;
	}
	postMessage(read);
};`;

/** The same by streaming into one buffer, as the page reads. */
const STREAMER = `onmessage = async ({ data: file }) => {
	const stream = file.stream().getReader({ mode: "byob" });
	let [buffer, read] = [new ArrayBuffer(8 << 20), 0];
	for (let isDone = false; !isDone; ) {
		const { done, value } = await stream.read(new Uint8Array(buffer));
		isDone = done;
		buffer = value?.buffer ?? buffer;
		read += value?.byteLength ?? 0;
	}
	postMessage(read);
};`;

/** Seconds that a worker takes to only read the file: by slices, or streaming. */
export async function bare(file, isStreaming = false) {
	const browser = await launch();
	try {
		const tab = await browser.newPage();
		await tab.setContent("<input type=file>");
		await tab.setInputFiles("input", file);
		const seconds = await tab.evaluate(
			async (source) => {
				const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
				const worker = new Worker(url);
				const file = document.querySelector("input").files[0];
				const begun = performance.now();
				const answer = new Promise((resolve) => {
					worker.onmessage = (e) => resolve(e.data);
				});
				worker.postMessage(file);
				if ((await answer) !== file.size) {
					throw new Error("not all of the file was read");
				}
				return (performance.now() - begun) / 1000;
			},
			isStreaming ? STREAMER : READER,
		);
		return { seconds };
	} finally {
		await browser.close();
	}
}

/** Seconds and memory of the page for the file, from the drop to its last finding. */
export async function page(file, recordsMb) {
	const browser = await launch();
	try {
		const tab = await browser.newPage();
		await tab.goto(FILE_URL);
		await limitRecords(tab, recordsMb);
		// The workers warm up behind the page; what is measured is the reading.
		await tab.waitForTimeout(WARM_MS);
		const over = await tab.evaluateHandle(timed);
		await tab.setInputFiles("input[type=file]", file);
		const seconds = await over.evaluate((it) => it.seconds);
		const state = await settled(tab, 0);
		const memory = Number(await tab.locator("[data-memory]").getAttribute("data-memory"));
		return {
			state,
			seconds,
			memory,
			process: Math.max(...renderers().map((pid) => peakOf(pid) ?? 0)),
		};
	} finally {
		await browser.close();
	}
}

/**
 * Runs in the page: the time from the moment it has the file until it says that it is done. Measured
 * there, as its peer is: whoever asks from outside asks now and then.
 */
function timed() {
	const seconds = new Promise((resolve) => {
		document.addEventListener(
			"change",
			() => {
				const begun = performance.now();
				new MutationObserver((_, watching) => {
					if (document.querySelector("[data-state=done], [data-state=crashed]")) {
						watching.disconnect();
						resolve((performance.now() - begun) / 1000);
					}
				}).observe(document, { subtree: true, attributeFilter: ["data-state"] });
			},
			{ capture: true, once: true },
		);
	});
	return { seconds };
}

async function limitRecords(tab, megabytes) {
	await tab.getByRole("button", { name: "Settings" }).click();
	await tab.locator("select[name=tables]").selectOption(String(megabytes));
	await tab.keyboard.press("Escape");
}

/** The processes of this bench's browser that show pages: a person's own is not looked at. */
function renderers() {
	const read = (pid, name) => {
		try {
			return readFileSync(`/proc/${pid}/${name}`, "utf8");
		} catch {
			return "";
		}
	};
	const parent = (pid) => Number(/^PPid:\s+(\d+)/m.exec(read(pid, "status"))?.[1] ?? 0);
	const isOurs = (pid) => pid === process.pid || (pid > 1 && isOurs(parent(pid)));
	const isRenderer = (pid) => read(pid, "cmdline").includes("--type=renderer") && isOurs(pid);
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter(isRenderer);
}
