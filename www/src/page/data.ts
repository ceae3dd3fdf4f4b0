// Unpacks what was built into the page as data: the core and the licences. Nothing is ever fetched.

/** The unpacked bytes of the block with this id. */
async function unpack(id: "core" | "licences"): Promise<ArrayBuffer> {
	const packed = document.getElementById(id)?.textContent ?? "";
	const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
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
