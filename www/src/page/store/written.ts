// The report as text and JSON: the core's own words, the same as the command's.
import { describe } from "../../shared/link.ts";
import { ask } from "./case.ts";
import { copyEvidence, save } from "./copy.ts";
import { tell } from "./look.ts";

/** Saved as it is: a file for the record. Copied it is defanged, like all that is copied. */
export async function saveReport(form: "text" | "json"): Promise<void> {
	const text = await ask()
		.written(form)
		.catch((error) => tell(`Not saved: ${describe(error)}`));
	if (text === undefined) {
		return;
	}
	if (form === "text") {
		save("offwire-report.txt", new Blob([text], { type: "text/plain" }));
	} else {
		save("offwire-report.json", new Blob([text], { type: "application/json" }));
	}
}

export const copyReport = async (): Promise<void> => copyEvidence(await ask().written("text"));
