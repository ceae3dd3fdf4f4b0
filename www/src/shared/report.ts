// The core's report as it crosses to JavaScript: plain data, as core/src/report defines it.

export interface Finding {
	title: string;
}

export interface Report {
	findings: Finding[];
}
