// Unpacks what was built into the page as data: core, licences, captures. Nothing is ever fetched.

/** What the core is warmed up with: captures of ours, the first with what real networks carry most. */
const WARM_UP = ["warm-up-busy", "warm-up-logins", "warm-up-office"] as const;

/** The unpacked bytes of the block with this id. */
async function unpack(id: "core" | "licences" | (typeof WARM_UP)[number]): Promise<ArrayBuffer> {
	const packed = document.getElementById(id)?.textContent ?? "";
	const text = atob(packed);
	// Megabytes: `Uint8Array.from` would make an object of each character.
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < bytes.length; i++) {
		bytes[i] = text.charCodeAt(i);
	}
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
	return new Response(stream).arrayBuffer();
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The core, compiled once and handed to every worker. */
export function coreModule(): Promise<WebAssembly.Module> {
	compiled ??= unpack("core").then((bytes) => WebAssembly.compile(bytes));
	return compiled;
}

/** The licences of all that is inside the page, as text. */
export async function licences(): Promise<string> {
	return new TextDecoder().decode(await unpack("licences"));
}

/** Small captures to run the core over before there is any evidence. */
export function warmUpCaptures(): Promise<ArrayBuffer[]> {
	return Promise.all(WARM_UP.map(unpack));
}
