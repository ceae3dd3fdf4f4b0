// Turns what the analyst dropped or chose, folders too, into files with their paths.
import type { Evidence } from "../shared/messages.ts";

interface Found {
	file: File;
	path: string;
}

const evidence = ({ file, path }: Found): Evidence => ({ file, path, sensor: "", site: "" });

/** The files of an input; a chosen folder gives each file its path in it. */
export function chosenFiles(list: Iterable<File>): Evidence[] {
	return [...list].map((file) => evidence({ file, path: file.webkitRelativePath || file.name }));
}

/**
 * The files of a drop. Folders are walked by file system handles, which, unlike directory entries,
 * also work on a page opened from disk.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<Evidence[]> {
	const items = [...transfer.items].filter((item) => item.kind === "file");
	// All are asked for before the first await: after it, the items are gone.
	const asked = items.map((item) => ({
		file: item.getAsFile(),
		handle: handleOf(item).catch(() => null),
	}));
	const found: Found[] = [];
	for (const { file, handle } of asked) {
		const directory = await handle;
		if (directory?.kind === "directory") {
			await walk(directory as FileSystemDirectoryHandle, `${directory.name}/`, found);
		} else if (file) {
			found.push({ file, path: file.name });
		}
	}
	return found.map(evidence);
}

type HandleItem = DataTransferItem & {
	getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
};

async function handleOf(item: HandleItem): Promise<FileSystemHandle | null> {
	return (await item.getAsFileSystemHandle?.()) ?? null;
}

async function walk(directory: FileSystemDirectoryHandle, path: string, found: Found[]) {
	for await (const entry of directory.values()) {
		if (entry.kind === "directory") {
			await walk(entry as FileSystemDirectoryHandle, `${path}${entry.name}/`, found);
		} else {
			const file = await (entry as FileSystemFileHandle).getFile();
			found.push({ file, path: path + entry.name });
		}
	}
}
