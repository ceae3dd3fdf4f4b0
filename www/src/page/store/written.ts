// The report as text and JSON: the core's own words, the same as the command's.
import { ask } from "./case.ts";
import { copyEvidence, save } from "./copy.ts";

/** Saved as it is: a file for the record. Copied it is defanged, like all that is copied. */
export async function saveReport(form: "text" | "json"): Promise<void> {
	const text = await ask().written(form);
	if (form === "text") {
		save("offwire-report.txt", new Blob([text], { type: "text/plain" }));
	} else {
		save("offwire-report.json", new Blob([text], { type: "application/json" }));
	}
}

export const copyReport = async (): Promise<void> => copyEvidence(await ask().written("text"));
