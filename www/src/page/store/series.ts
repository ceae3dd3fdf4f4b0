// The grouping of captures into series, as the analyst changes it.
import { describeFile } from "./case.ts";

/** Numbers for the names of series: the core asks only that equal names are equal series. */
let last = 0;

const nameNext = (): string => {
	last += 1;
	return `series ${last}`;
};

/** Puts these files of the case into one series. */
export function joinSeries(files: number[]): void {
	const series = nameNext();
	for (const index of files) {
		describeFile(index, { series });
	}
}

/** Makes each of these files a series of its own. */
export function splitSeries(files: number[]): void {
	for (const index of files) {
		describeFile(index, { series: nameNext() });
	}
}
