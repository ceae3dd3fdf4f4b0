// Serves dist/ on the loopback interface, as the plainest static host would: no header but the type.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = {
	".html": "text/html; charset=utf-8",
	".txt": "text/plain; charset=utf-8",
	".sha256": "text/plain; charset=utf-8",
};

/** A server of `root` under each of `prefixes`, each of which begins and ends with a slash. */
export function staticServer(root, prefixes = ["/"]) {
	return createServer((request, response) => {
		const file = resolve(root, prefixes, request);
		if (!file) {
			response.writeHead(404).end();
			return;
		}
		response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
		if (request.method === "HEAD") {
			response.end();
		} else {
			createReadStream(file).pipe(response);
		}
	});
}

/** The file that a request asks for, if it is one inside `root`. */
function resolve(root, prefixes, request) {
	if (request.method !== "GET" && request.method !== "HEAD") {
		return undefined;
	}
	const path = pathOf(request.url);
	const prefix = prefixes.filter((p) => path?.startsWith(p)).sort((a, b) => b.length - a.length)[0];
	if (!prefix) {
		return undefined;
	}
	const file = normalize(join(root, path.slice(prefix.length) || "index.html"));
	const inside = file.startsWith(normalize(root + sep));
	return inside && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** The decoded path of an address, or undefined for what is none. */
function pathOf(url) {
	try {
		return decodeURI(new URL(url, "http://localhost").pathname);
	} catch {
		return undefined;
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const port = Number(process.env.PORT ?? 8080);
	staticServer(ROOT).listen(port, "127.0.0.1", () => {
		console.log(`x: http://127.0.0.1:${port}/ (the same page opens from disk: dist/index.html)`);
	});
}
