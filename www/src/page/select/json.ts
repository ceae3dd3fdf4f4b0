// The report as JSON text: numbers beyond what a float holds exactly stay exact.
import type { Report } from "../../shared/report.ts";

// Newer than the language that TypeScript knows: text that goes into the JSON as it is.
const { rawJSON } = JSON as typeof JSON & { rawJSON?: (text: string) => unknown };

export const asJson = (report: Report): string =>
	JSON.stringify(
		report,
		(_, value) => {
			if (typeof value !== "bigint") {
				return value;
			}
			return rawJSON ? rawJSON(String(value)) : Number(value);
		},
		2,
	);
