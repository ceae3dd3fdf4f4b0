// Copying and saving: evidence leaves the page only by the analyst's own hand, and defanged.
import { defang, visible } from "../select/text.ts";
import { announcement, isDefanged, tell } from "./look.ts";

/** Text of the evidence as it is copied. */
export const forCopy = (text: string): string => (isDefanged.value ? defang(text) : text);

async function write(text: string, said: string): Promise<void> {
	await navigator.clipboard.writeText(text);
	announcement.value = said;
}

/** Copies text of the evidence. */
export function copyEvidence(text: string): Promise<void> {
	return write(
		forCopy(text.split("\n").map(visible).join("\n")),
		isDefanged.value ? "Copied, defanged" : "Copied",
	);
}

/** Copies what must stay as it is: a filter for another tool. */
export const copyExactly = (text: string): Promise<void> => write(text, "Copied");

/** Selections are copied by the same rule; what must stay exact says so with `data-exact`. */
export function watchCopies(): void {
	document.addEventListener("copy", (event) => {
		const selection = getSelection();
		const from = selection?.anchorNode;
		const element = from instanceof Element ? from : from?.parentElement;
		const isOwn = !element || element.closest("input, textarea, [data-exact]");
		const inField = document.activeElement?.matches("input, textarea");
		if (isOwn || inField || !selection || !isDefanged.value || !event.clipboardData) {
			return;
		}
		event.clipboardData.setData("text/plain", defang(selection.toString()));
		event.preventDefault();
	});
}

/** Saves a file under a name of ours. */
export function save(name: string, blob: Blob): void {
	const url = URL.createObjectURL(blob);
	const link = document.createElement("a");
	link.download = name;
	link.href = url;
	link.click();
	// The download holds the blob by then; the address is not needed any more.
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
	tell(`Saved as ${name}`);
}
