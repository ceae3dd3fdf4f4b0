// A folder for what one file of tests writes; it goes when they are over.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

export function scratchFolder(name) {
	const folder = mkdtempSync(join(tmpdir(), `offwire-${name}-`));
	after(() => rmSync(folder, { recursive: true }));
	const path = (file) => join(folder, file);
	return {
		path,
		/** Writes a file and gives its path. */
		write(file, content) {
			writeFileSync(path(file), content);
			return path(file);
		},
	};
}
