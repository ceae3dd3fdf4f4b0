// Ready-made filters for other tools, made from a finding's subjects. Values of the evidence are
// hostile: each is quoted by its tool's rules, so that it can only ever be a value there.
import type { Finding, Subject } from "../../shared/report.ts";

export interface ToolFilter {
	tool: string;
	/** What to do with it. */
	hint: string;
	text: string;
}

/** ASCII only, so that nothing in it can deceive or act. */
const json = (value: string): string =>
	JSON.stringify(value).replace(
		/[\u007f-\uffff]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);

/** A word of a POSIX shell. */
const shell = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** A string of a Wireshark display filter, bytes outside of ASCII as escapes. */
function wiresharkText(value: string): string {
	const bytes = new TextEncoder().encode(value);
	const chars = Array.from(bytes, (byte) => {
		const char = String.fromCharCode(byte);
		const isPlain = byte >= 0x20 && byte < 0x7f && char !== '"' && char !== "\\";
		return isPlain ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
	});
	return `"${chars.join("")}"`;
}

const isV4 = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
/** Eight groups, or `::` for those left out; a MAC address or a time of day is none. */
function isV6(text: string): boolean {
	const groups = text.split(":");
	const isWhole = groups.length === 8 || (groups.length === 7 && isV4(groups.at(-1) ?? ""));
	return (
		/^[0-9a-f:.]+$/i.test(text) &&
		groups.every((group) => group.length <= 4 || isV4(group)) &&
		(isWhole || (groups.length >= 3 && groups.length <= 9 && text.includes("::")))
	);
}
export const isAddress = (text: string): boolean => isV4(text) || isV6(text);

function wireshark(subject: Subject): string | undefined {
	const { kind, value } = subject;
	if (kind === "address") {
		return isAddress(value) ? `${isV4(value) ? "ip" : "ipv6"}.addr == ${value}` : undefined;
	}
	const text = wiresharkText(value);
	switch (kind) {
		case "name":
			return `(dns.qry.name == ${text} || tls.handshake.extensions_server_name == ${text} || http.host == ${text})`;
		case "path":
			return `http.request.uri contains ${text}`;
		case "account":
			return `(ftp.request.arg == ${text} || frame contains ${text})`;
		default:
			return undefined;
	}
}

function nfdump(subjects: Subject[]): string | undefined {
	const addresses = subjects.filter((s) => s.kind === "address" && isAddress(s.value));
	const terms = addresses.map(({ value }) => `ip ${value}`);
	return terms.length > 0 ? terms.join(" and ") : undefined;
}

const ZEEK_FIELDS: Record<string, Record<string, string[]>> = {
	dns: { name: ["query"] },
	ssl: { name: ["server_name"] },
	http: { name: ["host"], path: ["uri"] },
	ftp: { account: ["user"], path: ["arg"] },
	known_hosts: { address: ["host"], name: ["host_name"] },
	known_services: { address: ["host"] },
	x509: { certificate: ["certificate.serial", "fingerprint"], name: ["san.dns"] },
};

/** The columns of a Zeek log that can hold the subject. */
function zeekFields(log: string, kind: string): string[] {
	const own = ZEEK_FIELDS[log]?.[kind];
	return own ?? (kind === "address" && log !== "x509" ? ["id.orig_h", "id.resp_h"] : []);
}

function zeekTerms(
	log: string,
	subjects: Subject[],
	term: (field: string, value: string) => string,
) {
	const groups = subjects
		.map(({ kind, value }) => zeekFields(log, kind).map((field) => term(field, value)))
		.filter((terms) => terms.length > 0);
	return groups.map((terms) => (terms.length > 1 ? `(${terms.join(" or ")})` : terms.join("")));
}

function zeek(log: string, subjects: Subject[]): ToolFilter[] {
	const terms = zeekTerms(log, subjects, (field, value) => `.[${json(field)}] == ${json(value)}`);
	if (terms.length === 0) {
		return [];
	}
	const select = `select(${terms.join(" and ")})`;
	const columns = [...new Set(subjects.flatMap((s) => zeekFields(log, s.kind)))];
	const words = subjects.filter((s) => zeekFields(log, s.kind).length > 0).map((s) => s.value);
	const grep = words.map((w) => `grep -F -- ${shell(asciiOnly(w))}`).join(" | ");
	return [
		{
			tool: "Zeek JSON, jq",
			hint: "in a shell, beside the log",
			text: `jq -c ${shell(select)} ${log}.log`,
		},
		{
			tool: "Zeek TSV, zeek-cut",
			hint: "in a shell, beside the log",
			text: `zeek-cut -u ts ${columns.join(" ")} < ${log}.log | ${grep}`,
		},
	];
}

/** The longest part of a value that is plain ASCII: enough to grep for, and harmless. */
function asciiOnly(value: string): string {
	const parts = value.split(/[^\x20-\x7e]+/).sort((a, b) => b.length - a.length);
	return parts[0] ?? "";
}

/** Kinds of records that Zeek writes no log of under that name. */
const NO_LOGS = new Set(["arp", "login", "netflow"]);

/** The kind of the records that a finding rests on: that of the first, with which its text begins. */
export const kindOf = ({ evidence: { rows } }: Finding): string | undefined =>
	/^\w+/.exec(rows[0]?.text ?? "")?.[0];

/**
 * A filter for the records around the rows of a finding: of the same subjects, at the same time.
 * None where no subject stands alone, as in an inventory.
 */
export function around(finding: Finding): string | undefined {
	const { subjects, when } = finding;
	const single = alone(subjects).map(({ value }) => everywhere(value));
	const times = when ? [`ts >= ${when.first}`, `ts <= ${when.last}`] : [];
	return single.length > 0 ? [...single, ...times].join(" and ") : undefined;
}

/** Filters for other tools that show what the finding rests on; an actor and its targets at most. */
export function toolFilters(finding: Finding): ToolFilter[] {
	const subjects = narrow(finding.subjects);
	const filters: ToolFilter[] = [];
	const display = subjects.flatMap((s) => wireshark(s) ?? []);
	if (display.length > 0) {
		filters.push({
			tool: "Wireshark",
			hint: "as a display filter; for tshark after -Y",
			text: display.join(" && "),
		});
	}
	const flows = nfdump(subjects);
	if (flows) {
		filters.push({ tool: "nfdump", hint: "in a shell", text: `nfdump -r FILE ${shell(flows)}` });
	}
	const log = finding.evidence.filter?.[0] ?? kindOf(finding);
	return log && !NO_LOGS.has(log) ? [...filters, ...zeek(log, subjects)] : filters;
}

/** One subject of each role and kind: a filter on all of two hundred targets shows nothing. */
function narrow(subjects: Subject[]): Subject[] {
	const single = alone(subjects);
	return single.length > 0 ? single : subjects.slice(0, 1);
}

/** The subjects that are the only ones of their role and kind: of several alike none is the one. */
function alone(subjects: Subject[]): Subject[] {
	const alike = new Map<string, Subject[]>();
	for (const subject of subjects) {
		const key = `${subject.role} ${subject.kind}`;
		alike.set(key, [...(alike.get(key) ?? []), subject]);
	}
	return [...alike.values()].filter((list) => list.length === 1).flat();
}

/** A value as the case's own filter language writes it. */
export const quote = (value: string): string =>
	`"${value.replaceAll("\\", "\\\\").replaceAll("*", "\\*").replaceAll('"', '\\"')}"`;

/** A filter that shows a value wherever it stands, in any kind of record. */
export function everywhere(value: string): string {
	return isAddress(value) ? `addr == ${value}` : quote(value);
}

/** A filter as a part of a longer one. */
export const filterOfRow = (filter: string): string =>
	/\b(and|or)\b/i.test(filter) ? `(${filter})` : filter;
