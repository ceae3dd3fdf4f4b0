// The page's pure functions: what is done to text, numbers and lists before anything is drawn.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(new URL("../../www/package.json", import.meta.url));
const { rolldown } = require("rolldown");

/** A module of the page's selectors, bundled in memory. */
async function load(name) {
	const input = fileURLToPath(new URL(`../../www/src/page/select/${name}.ts`, import.meta.url));
	const bundle = await rolldown({ input, logLevel: "silent" });
	const { output } = await bundle.generate({ format: "esm" });
	await bundle.close();
	return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`);
}

let text;
let format;
let findings;
let grid;
let brief;
let entities;
let idn;
let item;
let linked;
let packets;
let pivots;
let range;
let streams;
let timeline;

before(async () => {
	const names = ["text", "format", "findings", "grid", "item", "pivots", "timeline"];
	[text, format, findings, grid, item, pivots, timeline] = await Promise.all(names.map(load));
	const more = ["brief", "entities", "idn", "linked", "packets", "range", "streams"];
	[brief, entities, idn, linked, packets, range, streams] = await Promise.all(more.map(load));
});

test("what deceives is made visible, what does not stays", () => {
	assert.equal(text.visible("plain näme 漢字"), "plain näme 漢字");
	assert.equal(text.visible("a\u202egpj.exe\x1b[2J\0"), "a\\u{202e}gpj.exe\\x1b[2J\\x00");
	assert.equal(text.visible("x\u{e0041}\ufeff\u00ad"), "x\\u{e0041}\\u{feff}\\xad");
	assert.equal(text.visible("half \ud800"), "half \\u{d800}");
});

test("bytes that are no UTF-8 are shown as bytes", () => {
	const bytes = (...list) => Uint8Array.from(list);
	assert.equal(text.fromBytes(new TextEncoder().encode("aé漢🙂")), "aé漢🙂");
	assert.equal(text.fromBytes(bytes(0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82)), "a\\xff\\xc3(\\xe2\\x82");
	// Overlong forms and surrogates are no UTF-8.
	assert.equal(text.fromBytes(bytes(0xc0, 0xaf, 0xed, 0xa0, 0x80)), "\\xc0\\xaf\\xed\\xa0\\x80");
});

test("of what findings are about stands first what is gravest, then what has most of them", () => {
	const finding = (severity, ...subjects) => ({
		severity,
		subjects: subjects.map(([role, kind, value]) => ({ role, kind, value })),
		evidence: { rows: [], total: 0n },
	});
	const host = (role, value) => [role, "address", value];
	const all = [
		finding("high", host("actor", "192.0.2.1"), host("target", "10.0.0.1")),
		finding("medium", ["object", "name", "a.example"], host("object", "192.0.2.9")),
		finding("medium", ["object", "name", "B.example"], host("target", "10.0.0.2")),
		finding("low", ["object", "name", "b.example."], host("target", "10.0.0.2")),
		finding("info", host("target", "10.0.0.3"), host("target", "192.0.2.1")),
	];
	const suspects = entities.suspectsOf(all, () => undefined);
	const told = entities.foremost(suspects.values()).map((s) => `${s.value} ${s.findings.length}`);
	assert.deepEqual(told, [
		"192.0.2.1 2",
		"10.0.0.1 1",
		"B.example 2",
		"10.0.0.2 2",
		"a.example 1",
		"192.0.2.9 1",
	]);
	// Private addresses are of the finding's site, where there are several; others of none.
	const ofSites = entities.suspectsOf(all, ({ severity }) => severity);
	const places = [...ofSites.values()].filter((s) => s.entity === "host");
	assert.deepEqual(places.map((s) => `${s.value} ${s.site}`).sort(), [
		"10.0.0.1 high",
		"10.0.0.2 low",
		"10.0.0.2 medium",
		"10.0.0.3 info",
		"192.0.2.1 undefined",
		"192.0.2.9 undefined",
	]);
	// An inventory of very many makes none of them one to look at.
	const many = Array.from({ length: 51 }, (_, n) => host("target", `10.0.1.${n}`));
	assert.equal(entities.suspectsOf([finding("high", ...many)], () => undefined).size, 0);
	assert.equal(entities.suspectsOf([finding("high", ...many.slice(1))], () => undefined).size, 50);
});

test("the records around a finding are those of what stands alone in it, at its time", () => {
	const finding = {
		subjects: [
			{ role: "actor", kind: "address", value: "203.0.113.9" },
			{ role: "target", kind: "address", value: "10.0.0.1" },
			{ role: "target", kind: "address", value: "10.0.0.2" },
			{ role: "object", kind: "account", value: 'b"ob' },
		],
		when: { first: "2023-11-14T22:13:20Z", last: "2023-11-14T22:14:19Z" },
		evidence: { rows: [{ text: "ftp 203.0.113.9 > 10.0.0.1:21" }], total: 60n },
	};
	assert.equal(
		pivots.around(finding),
		'addr == 203.0.113.9 and "b\\"ob" and ts >= 2023-11-14T22:13:20Z and ts <= 2023-11-14T22:14:19Z',
	);
	assert.equal(pivots.kindOf(finding), "ftp");
	const inventory = { ...finding, subjects: finding.subjects.slice(1, 3) };
	assert.equal(pivots.around(inventory), undefined);
	// Its log is told without a filter of the finding's own too, unless Zeek writes none of it.
	const tools = (text) =>
		pivots
			.toolFilters({ ...finding, evidence: { rows: [{ text }], total: 60n } })
			.map(({ tool }) => tool);
	assert.deepEqual(tools("ftp a > b").slice(-2), ["Zeek JSON, jq", "Zeek TSV, zeek-cut"]);
	assert.ok(!tools("netflow a > b").join().includes("Zeek"));
});

test("a finding is told as text with its terms, rows, times and doubts", () => {
	const finding = {
		...{ title: "Port scan: a asked b", severity: "medium", confidence: "high" },
		...{ rule: "port-scan", summary: "It asked.", attack: ["T1046"], missing: ["answers"] },
		when: { first: "2023-08-29T13:58:55.809Z", last: "2023-08-29T13:58:59Z" },
		subjects: [
			{ role: "actor", kind: "address", value: "192.0.2.1" },
			{ role: "target", kind: "address", value: "192.0.2.8" },
			{ role: "target", kind: "address", value: "192.0.2.9" },
		],
		facts: [
			{ name: "ports", value: "11", threshold: "at least 5", is_met: true },
			{ name: "pace", value: "2 a second", threshold: "at least 3", is_met: false },
			{ name: "answers", value: "?", threshold: "at most 1" },
			{ name: "hosts", value: "1" },
		],
		evidence: {
			rows: [{ ts: "2023-08-29T13:58:55.809Z", at: { node: 0, item: 2n }, text: "conn a > b" }],
			total: 12n,
		},
		caveats: [{ reading: "A monitor.", settle: "Ask." }],
	};
	assert.equal(
		brief.briefOf(finding, [{ id: 0, name: "nf.txt" }]),
		`Port scan: a asked b
medium, high confidence · port-scan · 2023-08-29 13:58:55 – 13:58:59 UTC
actor: 192.0.2.1
targets: 192.0.2.8, 192.0.2.9

It asked.

Terms
- ports: 11 (threshold: at least 5; met)
- pace: 2 a second (threshold: at least 3; not met)
- answers: ? (threshold: at most 1; not shown)
- hosts: 1

Evidence: 1 of 12 rows
- 2023-08-29 13:58:55 UTC, nf.txt 2: conn a > b

It could also be: A monitor. To settle it: Ask.

Not shown by the evidence: answers

Consistent with T1046.`,
	);
});

test("the head of a table says what its numbers count", () => {
	const of = (name, type) => grid.unitOf({ name, type, doc: "" });
	assert.equal(of("ts", "time"), "UTC");
	assert.equal(of("duration", "interval"), "s");
	assert.equal(of("TTLs", "vector[interval]"), "s");
	assert.deepEqual(
		["orig_bytes", "orig_ip_bytes", "data_channel.bytes", "resp_body_len", "length"].map((name) =>
			of(name, "count"),
		),
		["B", "B", "B", "B", "B"],
	);
	// A key is as long as it has bits, a path as it has certificates.
	assert.equal(of("certificate.key_length", "count"), "bit");
	assert.equal(of("basic_constraints.path_len", "count"), undefined);
	assert.equal(of("resp_pkts", "count"), undefined);
	// There is room for it.
	const wide = { name: "response_body_len", type: "count", doc: "" };
	assert.ok(grid.columnWidth(wide) > grid.columnWidth({ ...wide, name: "response_body_xyz" }));
});

test("bytes of any kind become the text that a decoder makes of them, and no slower for being none", () => {
	const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	// Every pair of lead and second byte, with tails behind: at each border of what UTF-8 is.
	for (let lead = 0x80; lead < 0x100; lead++) {
		for (const second of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]) {
			for (const tail of [[], [0x80], [0xbf, 0x80]]) {
				const some = Uint8Array.of(lead, second, ...tail);
				let whole;
				try {
					whole = decoder.decode(some);
				} catch {
					whole = undefined;
				}
				const told = text.fromBytes(some);
				assert.equal(told.includes("\\x"), whole === undefined, [...some].join());
				assert.ok(whole === undefined || told === whole, [...some].join());
			}
		}
	}
	const noise = Uint8Array.from({ length: 1 << 17 }, (_, n) => (n * 2_654_435_761) >>> 24);
	const took = (work) => {
		const begun = performance.now();
		work();
		return performance.now() - begun;
	};
	const byDecoder = took(() => {
		for (let i = 0; i < noise.length; i++) {
			try {
				decoder.decode(noise.subarray(i, i + 1));
			} catch {
				// No text: that is what takes so long.
			}
		}
	});
	const own = took(() => text.fromBytes(noise));
	assert.ok(own < byDecoder / 4, `${own} ms, a decoder for each byte ${byDecoder} ms`);
	// A run longer than what becomes text at once.
	const long = "é漢🙂x".repeat(3000);
	assert.equal(text.fromBytes(new TextEncoder().encode(long)), long);
});

test("links and addresses are defanged, other words are not", () => {
	const cases = {
		"http://evil.example/x.php?a=1": "hxxp://evil[.]example/x.php?a=1",
		"HTTPS://1.2.3.4:8080/": "hxxps://1[.]2[.]3[.]4:8080/",
		"mail bob@sub.evil.org now": "mail bob[@]sub[.]evil[.]org now",
		"access.log line 3, 1.5 s, id.orig_h": "access.log line 3, 1.5 s, id.orig_h",
		"2023-08-29 13:58:55.809": "2023-08-29 13:58:55.809",
		"1.2.3.4.5": "1.2.3.4.5",
	};
	for (const [from, to] of Object.entries(cases)) {
		assert.equal(text.defang(from), to);
	}
	const twice = text.defang("http://1.2.3.4/ a.evil.org");
	assert.equal(text.defang(twice), twice);
});

test("the place of a byte is found in text of any width", () => {
	assert.equal(text.indexOfByte("aé漢🙂z", 0), 0);
	assert.equal(text.indexOfByte("aé漢🙂z", 3), 2);
	assert.equal(text.indexOfByte("aé漢🙂z", 10), 5);
	assert.equal(text.indexOfByte("ab", 99), 2);
});

test("sizes, spans and times carry units and line up", () => {
	assert.deepEqual([0, 999, 1000, 12_345, 2.1e9].map(format.size), [
		"0 B",
		"999 B",
		"1.00 kB",
		"12.3 kB",
		"2.10 GB",
	]);
	assert.deepEqual([40, 4060, 90_000, 3.6e6, 86.4e6 * 281].map(format.span), [
		"40 ms",
		"4.1 s",
		"1.5 min",
		"1 h",
		"281 days",
	]);
	assert.equal(format.time("2023-08-29T13:58:55.1Z"), "2023-08-29 13:58:55.100");
	assert.equal(format.time("2023-08-29T13:58:55.123456Z"), "2023-08-29 13:58:55.123456");
	assert.equal(format.time("2023-08-29T13:58:55Z"), "2023-08-29 13:58:55");
	const span = { first: "2023-08-29T13:58:55.809Z", last: "2023-08-29T13:59:00.261Z" };
	assert.equal(format.when(span), "2023-08-29 13:58:55 – 13:59:00");
	assert.equal(format.timeLeft(50, 100, 0), undefined);
	assert.equal(format.timeLeft(0, 100e6, 50e6), "2 s left");
});

const finding = (key, more = {}) => ({
	rule: "port-scan",
	key,
	title: key,
	summary: "",
	severity: "low",
	attack: [],
	subjects: [],
	evidence: { rows: [], total: 0n },
	...more,
});

test("findings do not move while evidence is read, and are in the report's order at the end", () => {
	const [a, b, c] = ["a", "b", "c"].map((key) => finding(key));
	const report = { findings: [c, a, b] };
	const keys = (list) => list.map((f) => f.key).join("");
	assert.equal(keys(findings.steady(report, [a, b], true)), "abc");
	assert.equal(keys(findings.steady(report, [a, b], false)), "cab");
	assert.equal(keys(findings.steady({ findings: [b] }, [a, b], true)), "b");
	const ids = new findings.Ids();
	assert.equal(ids.of(a), ids.of(finding("a", { title: "other words, same cause" })));
	assert.notEqual(ids.of(a), ids.of(b));
});

test("many findings of one rule and severity fold, and what comes moves no line that is there", () => {
	const guess = (n) => finding(`g${n}`, { rule: "password-guessing", severity: "high" });
	const all = [guess(1), guess(2), finding("s1"), guess(3), guess(4), finding("s2"), guess(5)];
	const words = (list) =>
		findings
			.folded(list, 2)
			.map((line) => (findings.isFold(line) ? `${line.rule}+${line.findings.length}` : line.key));
	assert.deepEqual(words(all), ["g1", "g2", "s1", "password-guessing+3", "s2"]);
	// A fold of one is the finding itself.
	assert.deepEqual(words(all.slice(0, 4)), ["g1", "g2", "s1", "g3"]);
	for (let n = 1; n < all.length; n++) {
		const [before, after] = [words(all.slice(0, n)), words(all.slice(0, n + 1))];
		assert.ok(after.length >= before.length, `${before} then ${after}`);
		for (const [i, line] of before.entries()) {
			assert.ok(after[i] === line || after[i].includes("+"), `${before} then ${after}`);
		}
	}
	// The same rule at another severity is another fold.
	const low = [6, 7, 8, 9].map((n) => finding(`l${n}`, { rule: "password-guessing" }));
	assert.deepEqual(words([...all, ...low]).slice(-3), ["l6", "l7", "password-guessing+2"]);
	const span = (first, last) => ({ when: { first, last } });
	const [a, b] = ["2024-01-01T00:00:00.5Z", "2024-01-02T00:00:00Z"];
	const timed = [finding("late", span(b, b)), finding("never"), finding("early", span(a, a))];
	assert.deepEqual(findings.spanOf(timed), { first: a, last: b });
	assert.equal(findings.spanOf([finding("never")]), undefined);
	const keys = (order) => findings.ordered(timed, order).map((f) => f.key);
	assert.deepEqual(keys("earliest"), ["early", "late", "never"]);
	assert.deepEqual(keys("latest"), ["late", "early", "never"]);
	assert.deepEqual(keys("gravest"), ["late", "never", "early"]);
});

test("findings are filtered by every word and by severity", () => {
	const all = [
		finding("x", { title: "Port scan by 10.0.0.1", severity: "high" }),
		finding("y", { subjects: [{ role: "actor", kind: "address", value: "10.0.0.9" }] }),
	];
	const shown = (filter) =>
		findings.shown(all, { ...findings.NO_FILTER, ...filter }).map((f) => f.key);
	assert.deepEqual(shown({ text: "SCAN 10.0.0.1" }), ["x"]);
	assert.deepEqual(shown({ text: "0.9" }), ["y"]);
	assert.deepEqual(shown({ severities: new Set(["low"]) }), ["y"]);
	assert.deepEqual(shown({ rule: "web-recon" }), []);
});

test("of any number of rows the first and the last come into sight", () => {
	for (const total of [0, 1, 40, 100_000, 50_000_000]) {
		const top = grid.sight(total, 0, 520, 26);
		assert.equal(top.first, 0);
		const end = grid.sight(total, top.panel - 520, 520, 26);
		assert.equal(end.last, total);
		assert.ok(end.last - end.first < 50);
		// The last row lies above the panel's lower edge.
		assert.ok(Math.abs(end.offset + (end.last - end.first) * 26 - end.panel) < 27, `${total}`);
	}
	assert.equal(grid.sight(100, 260, 520, 26).top, 10);
});

test("a line is cut at its fields, and the pieces make the line", () => {
	const bytes = new TextEncoder().encode("10.0.0.1:53 -> é");
	const fields = [
		{ depth: 0, name: "endpoint", value: "", start: 0, len: 11 },
		{ depth: 1, name: "port", value: "", start: 9, len: 2 },
		{ depth: 0, name: "derived", value: "", start: 0, len: 0 },
	];
	const parts = item.segments({ bytes, fields });
	assert.deepEqual(
		parts.map((p) => [text.fromBytes(p.bytes), p.field]),
		[
			["10.0.0.1:", 0],
			["53", 1],
			[" -> é", -1],
		],
	);
	assert.deepEqual(item.byteRows(bytes)[0].cells[9], { at: 9, hex: "35", char: "5" });
});

test("filters for other tools quote what is hostile", () => {
	const value = `x'; rm -rf "$HOME" \\ \u202e\n`;
	const hostile = finding("h", {
		subjects: [{ role: "object", kind: "name", value }],
		evidence: { rows: [], total: 1n, filter: ["dns", "query is set"] },
	});
	const filters = pivots.toolFilters(hostile);
	assert.deepEqual(
		filters.map((f) => f.tool),
		["Wireshark", "Zeek JSON, jq", "Zeek TSV, zeek-cut"],
	);
	for (const filter of filters) {
		assert.match(filter.text, /^[\x20-\x7e]+$/);
	}
	const [wireshark, jq] = filters;
	assert.ok(wireshark.text.includes(`"x'; rm -rf \\x22$HOME\\x22 \\x5c \\xe2\\x80\\xae\\x0a"`));
	assert.ok(jq.text.includes(`x'\\''; rm -rf \\"$HOME\\"`));
});

test("filters for other tools name what stands alone in its role, by kind", () => {
	const subject = (role, kind, value) => ({ role, kind, value });
	const display = (...subjects) => pivots.toolFilters(finding("f", { subjects }))[0]?.text;
	const flux = [
		subject("object", "name", "c2.example"),
		subject("object", "address", "192.0.2.1"),
		subject("object", "address", "192.0.2.2"),
		subject("target", "address", "10.0.0.1"),
	];
	assert.match(display(...flux), /dns\.qry\.name == "c2\.example".* && ip\.addr == 10\.0\.0\.1$/);
	assert.doesNotMatch(display(...flux), /192\.0\.2/);
	// Where none stands alone the first is better than nothing.
	assert.equal(display(flux[1], flux[2]), "ip.addr == 192.0.2.1");
});

test("an address is asked for by its column, any other value as text", () => {
	assert.equal(pivots.everywhere("192.0.2.7"), "addr == 192.0.2.7");
	assert.equal(pivots.everywhere("2001:db8::1"), "addr == 2001:db8::1");
	assert.equal(pivots.everywhere('a*"\\'), '"a\\*\\"\\\\"');
});

test("addresses of both versions are told from what looks like them", () => {
	for (const value of ["192.0.2.7", "::", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"]) {
		assert.ok(pivots.isAddress(value), value);
	}
	for (const value of ["50:ed:3c:39:bc:d9", "12:30:05", "1.2.3", "a::g", "", "12345::", "a:b"]) {
		assert.ok(!pivots.isAddress(value), value);
	}
});

test("the axis has round times and the lanes only kinds with events", () => {
	const axis = { first: Date.parse("2023-01-16"), last: Date.parse("2023-10-24") };
	const marks = timeline.marks(axis, 6);
	assert.ok(marks.length >= 2 && marks.length <= 7);
	assert.ok(marks.every(({ x, text: t }) => x >= 0 && x <= 1 && /^2023-(04|07|10)$/.test(t)));
	const years = timeline.marks(
		{ first: Date.parse("2016-10-28"), last: Date.parse("2021-09-21") },
		6,
	);
	assert.equal(years.map((m) => m.text).join(" "), "2017 2018 2019 2020 2021");
	const lanes = timeline.lanes(
		{
			width: 1_000_000n,
			kinds: ["conn", "dns"],
			buckets: [{ start: "2023-02-01T00:00:00Z", counts: [4, 0] }],
		},
		axis,
	);
	assert.deepEqual(
		lanes.map(({ kind, total }) => [kind, total]),
		[["conn", 4]],
	);
});

test("findings too close to be told apart share a mark, and a bar is found under its place", () => {
	const axis = { first: 0, last: 7200 };
	const at = (first, last, title) => ({
		title,
		when: { first: new Date(first).toISOString(), last: new Date(last).toISOString() },
	});
	const found = [at(100, 100, "a"), at(7200, 7200, "end"), at(150, 400, "b"), at(99, 99, "c")];
	const marks = timeline.findingMarks(
		[...found, { title: "untimed" }, at(9000, 9000, "out")],
		axis,
	);
	assert.deepEqual(
		marks.map((mark) => mark.findings.map((f) => f.title).join(" ")),
		["c", "a b", "end"],
	);
	// One of which only a part is in sight is drawn there, and is not outside.
	const long = [at(-500, 720, "long"), at(-500, -1, "before"), at(7201, 9000, "after")];
	const [only, ...others] = timeline.findingMarks(long, axis);
	assert.deepEqual([only.x, only.w, others.length], [0, 0.1, 0]);
	assert.equal(range.findingsOutside([...long, { title: "untimed" }], axis), 2);
	const shared = marks[1];
	assert.equal(Math.round(shared.x * 7200), 100);
	assert.equal(Math.round((shared.x + shared.w) * 7200), 400);
	const many = Array.from({ length: 5000 }, (_, i) => at(i, i, String(i)));
	assert.ok(timeline.findingMarks(many, axis).length <= timeline.PLACES);

	const lane = {
		bars: [
			{ x: 0.2, w: 0.001 },
			{ x: 0.5, w: 0.1 },
		],
	};
	assert.equal(timeline.barAt(lane, 0.55, 0.01), lane.bars[1]);
	assert.equal(timeline.barAt(lane, 0.205, 0.01), lane.bars[0]);
	assert.equal(timeline.barAt(lane, 0.205, 0.001), undefined);
	assert.equal(timeline.barAt(lane, 0.61, 0.01), undefined);
	// The last one is drawn inside the lane, and is found where it is drawn.
	const end = { bars: [{ x: 1, w: 0.001 }] };
	assert.deepEqual(timeline.extent(end.bars[0], 0.01), { x: 0.99, w: 0.01 });
	assert.equal(timeline.barAt(end, 0.995, 0.01), end.bars[0]);
});

/** A timeline of `[second, events]` in buckets of so many seconds, and what is closer than its axis. */
function closer(filled, width = 1, last = 1000) {
	const buckets = filled.map(([at, n]) => ({
		start: new Date(at * 1000).toISOString(),
		counts: [n, 0],
	}));
	const near = range.closer(
		{ width: BigInt(width) * 1_000_000_000n, kinds: ["conn", "dns"], buckets },
		{ first: 0, last: last * 1000 },
	);
	return near && [near.first / 1000, near.last / 1000];
}

test("one absurd date leaves the rest in sight, and what can be seen stays as it is", () => {
	// A fiftieth of the axis or less has no room; more has.
	const dense = (n) => Array.from({ length: n }, (_, i) => [500 + i, 10]);
	assert.deepEqual(closer([[0, 1], ...dense(20)]), [500, 520]);
	assert.equal(closer([[0, 1], ...dense(21), [999, 1]]), undefined);
	// Nine in ten stand together; of fewer the others are no exception.
	const few = (n) => [
		[0, n],
		[500, 90],
		[999, 0],
	];
	assert.deepEqual(closer(few(10)), [500, 501]);
	assert.equal(closer(few(11)), undefined);
	// What is near belongs to it: no farther away than it is long.
	const near = (gap) => [...dense(5), [505 + gap, 1], [999, 1]];
	assert.deepEqual(closer(near(5)), [500, 511]);
	assert.deepEqual(closer(near(6)), [500, 505]);
	// Where less than half holds anything, that is shown.
	assert.deepEqual(
		closer(
			[
				[100, 9],
				[597, 9],
			],
			2,
		),
		[100, 599],
	);
	assert.equal(
		closer(
			[
				[100, 9],
				[598, 9],
			],
			2,
		),
		undefined,
	);
	assert.equal(closer([]), undefined);
	assert.equal(
		range.totalOf({ width: 1n, kinds: ["a"], buckets: [{ counts: [2] }, { counts: [3] }] }),
		5,
	);
});

test("a time is typed with as much of it as matters", () => {
	const all = (text) => [range.typedTime(text, false), range.typedTime(text, true)];
	const day = "2024-02-29T";
	assert.deepEqual(all(" 2024-02-29 "), [`${day}00:00:00.000000000Z`, `${day}23:59:59.999999999Z`]);
	assert.deepEqual(all("2024-02-29 09:30"), [
		`${day}09:30:00.000000000Z`,
		`${day}09:30:59.999999999Z`,
	]);
	assert.deepEqual(all("2024-02-29T09:30:05.25Z"), [
		`${day}09:30:05.250000000Z`,
		`${day}09:30:05.250000000Z`,
	]);
	for (const text of [
		"",
		"9:30",
		"2024-02-30",
		"2024-13-01",
		"2024-02-29 24:00",
		"2024-02-29 09:60",
	]) {
		assert.deepEqual(all(text), [undefined, undefined], text);
	}
});

test("sentences are cut at their addresses and subjects, and the pieces make the sentence", () => {
	const subjects = [
		{ role: "object", kind: "name", value: "evil.org" },
		{ role: "actor", kind: "account", value: "bob" },
		{ role: "object", kind: "path", value: "/x" },
	];
	const links = (sentence) => {
		const pieces = linked.linked(sentence, subjects);
		assert.equal(pieces.map((p) => p.text).join(""), sentence);
		return pieces.filter((p) => p.entity).map((p) => `${p.entity} ${p.text}`);
	};
	assert.deepEqual(links("Bob asked 10.0.0.1:53 and 2001:db8::1 for evil.org."), [
		"account Bob",
		"host 10.0.0.1",
		"host 2001:db8::1",
		"name evil.org",
	]);
	assert.deepEqual(
		links(
			"at 12:30:05, 50:ed:3c:39:bc:d9 notevil.org c2.evil.org evil.org.uk bobby 1.2.3 1.2.3.4.5",
		),
		[],
	);
	assert.deepEqual(links(""), []);
});

test("a value stays with the name before it and the comma behind it, unless it is long", () => {
	const subjects = [{ role: "object", kind: "account", value: "svc" }];
	const cut = (sentence) => {
		const all = linked.glued(linked.linked(sentence, subjects));
		const text = all.map(({ before, piece, behind }) => before + piece.text + behind).join("");
		assert.equal(text, sentence);
		return all.filter(({ piece }) => piece.entity).map((g) => [g.before, g.piece.text, g.behind]);
	};
	assert.deepEqual(cut("10.0.0.1 failed for svc, then host=10.0.0.2:80 (svc)."), [
		["", "10.0.0.1", ""],
		["", "svc", ","],
		["host=", "10.0.0.2", ""],
		["(", "svc", ")."],
	]);
	const long = "x".repeat(40);
	assert.deepEqual(cut(`${long}=10.0.0.1, 10.0.0.2,10.0.0.3`), [
		["", "10.0.0.1", ","],
		["", "10.0.0.2", ","],
		["", "10.0.0.3", ""],
	]);
	// Much text without a space is walked once.
	const began = Date.now();
	linked.glued(linked.linked(`${"x ".repeat(5e5)}10.0.0.1`, []));
	assert.ok(Date.now() - began < 1000);
});

test("a row of evidence is cut at the values that its columns say are entities", () => {
	const column = (name, entity, type = "string") => ({ name, type, doc: "", entity });
	const columns = [
		column("user", "account"),
		column("query", "name"),
		column("answers", "name", "vector[string]"),
		column("uri"),
	];
	const links = (row) => {
		const pieces = linked.linkedRow(row, columns, []);
		assert.equal(pieces.map((p) => p.text).join(""), row);
		return pieces.filter((p) => p.entity).map((p) => `${p.entity} ${p.text}`);
	};
	assert.deepEqual(
		links(
			"dns 10.0.0.1:53 > 192.0.2.1 udp user=D\\bob b query=a.example answers=b.example,192.0.2.9 uri=/x",
		),
		[
			"host 10.0.0.1",
			"host 192.0.2.1",
			"account D\\bob b",
			"name a.example",
			"name b.example",
			"host 192.0.2.9",
		],
	);
	// What is cut off or was escaped is no whole value; a name in another's place is none.
	assert.deepEqual(links("dns udp query=a.exam…"), []);
	assert.deepEqual(links("ftp user=a\\u{202e}b query=\\x00"), []);
	assert.deepEqual(links("http uri=/?user=eve"), []);
	assert.deepEqual(links(""), []);
});

test("what a cell stands for is told by its column and its look", () => {
	const of = (entity, value) =>
		entities.ofCell({ name: "x", type: "string", doc: "", entity }, value);
	assert.equal(of("name", "a.example"), "name");
	assert.equal(of("name", "192.0.2.1"), "host");
	assert.equal(of("name", "TXT 5 hello"), undefined);
	assert.equal(of("host", "a.example"), undefined);
	assert.equal(of("account", ""), undefined);
	assert.equal(of(undefined, "10.0.0.1"), undefined);
});

test("a text that is typed can be the kinds that it looks like", () => {
	const cases = {
		"10.0.0.1": ["host"],
		"2001:db8::1": ["host"],
		"10.0.": [],
		"fe80::": ["host"],
		"evil.example": ["name", "account"],
		bob: ["name", "account"],
		e7d705a3286e19ea42f587b344ee6865: ["certificate", "fingerprint"],
		t13d1516h2_8daaf6152771_e5627efa2ab1: ["fingerprint"],
	};
	for (const [typed, kinds] of Object.entries(cases)) {
		assert.deepEqual(entities.kindsOf(typed), kinds, typed);
	}
});

test("findings stand in a story where they begin, each on one page", () => {
	const row = (secs) => ({ kind: "conn", ts: `2024-01-01T00:00:${secs}Z`, fields: [] });
	const at = (key, secs) => finding(key, { when: { first: `2024-01-01T00:00:${secs}Z` } });
	const told = (rows, isFirst, isLast) =>
		entities
			.woven(
				rows,
				[at("c", "59"), at("a", "05"), at("b", "20"), finding("no time")],
				isFirst,
				isLast,
			)
			.map((t) => ("finding" in t ? t.finding.key : t.row.ts.slice(17, 19)))
			.join(" ");
	assert.equal(told([row("10"), row("20")], true, false), "a 10 b 20");
	assert.equal(told([row("30"), row("40")], false, true), "30 40 c");
	assert.equal(told([], true, true), "a b c");
});

test("streams are cut to a side and to so many bytes, gaps told and counted", () => {
	const bytes = (words) => new TextEncoder().encode(words);
	const followed = {
		orig: bytes("hello"),
		resp: bytes("world!"),
		parts: [
			{ isOrig: true, start: 0, len: 5 },
			{ isOrig: false, gap: 100 },
			{ isOrig: false, start: 0, len: 6 },
		],
	};
	const shown = (side, most) => {
		const parts = streams.partsOf(followed, side, most);
		const words = parts.shown.map((s) => s.part.gap ?? `${s.start} ${text.fromBytes(s.bytes)}`);
		return [words, parts.left];
	};
	assert.deepEqual(shown("both", 99), [["0 hello", 100, "100 world!"], 0]);
	assert.deepEqual(shown("resp", 99), [[100, "100 world!"], 0]);
	assert.deepEqual(shown("orig", 2), [["0 he"], 3]);
	assert.equal(streams.textOf(bytes("a\r\nb\tc\u202ed")), "a\nb\tc\\u{202e}d");
});

test("what an international name reads as, and in whose letters", () => {
	const told = (name) => {
		const found = idn.reading(name);
		return found && `${found.text} ${found.scripts.join("+")}${found.isMixed ? " mixed" : ""}`;
	};
	assert.equal(told("xn--mnchen-3ya.de"), "münchen.de Latin");
	// All letters of the label look like Latin ones, and none is.
	assert.equal(told("xn--80ak6aa92e.com"), "аррӏе.com Latin+Cyrillic");
	assert.equal(told("p\u0430ypal.example"), "pаypal.example Latin+Cyrillic mixed");
	assert.equal(told("xn--r8jz45g.jp"), "例え.jp Latin+Han+Hiragana");
	for (const plain of ["shop.example", "xn--.com", "xn--\u0001.com", "xn--999999999.com"]) {
		assert.equal(told(plain), undefined, plain);
	}
	assert.equal(told(`xn--${"a".repeat(300)}-${"9".repeat(300)}`), undefined);
});

test("a finding is of the sources of its rows, also of those that were left out", () => {
	const subjects = [{ role: "actor", kind: "address", value: "10.0.0.1" }];
	const at = (node) => ({ at: { node, item: 1n, offset: 0n, len: 1 }, text: "", why: "" });
	const here = { subjects, evidence: { rows: [at(3), at(3)], total: 2n } };
	const leftOut = { subjects, evidence: { rows: [], total: 2n, left_out: [3, 5] } };
	assert.deepEqual([...findings.nodesOf(here)], [3]);
	assert.deepEqual([...findings.nodesOf(leftOut)], [3, 5]);
	const host = { kind: "host", value: "10.0.0.1" };
	for (const [finding, node, isAbout] of [
		[here, 3, true],
		[here, 5, false],
		[leftOut, 5, true],
		[leftOut, 4, false],
	]) {
		assert.equal(
			entities.aboutEntity(finding, host, (n) => n === node),
			isAbout,
		);
	}
});

test("packets of several files stand by time, those of one file in its order", () => {
	const at = (node, item, second) => ({
		at: { node, item: BigInt(item), offset: 0n, len: 0 },
		ts: second === undefined ? undefined : `2024-01-01T00:00:0${second}Z`,
	});
	// The clock of file 1 was set back behind its second packet; its fourth has no time.
	const first = [at(1, 1, "1"), at(1, 2, "3.5"), at(1, 3, "2"), at(1, 4)];
	const second = [at(2, 1, "0.25"), at(2, 2, "3.25"), at(2, 3, "3.5"), at(2, 4, "4")];
	const want = ["2:1", "1:1", "2:2", "1:2", "1:3", "1:4", "2:3", "2:4"];
	const names = (all) => all.map(({ at: { node, item } }) => `${node}:${item}`);
	// However many come at once.
	for (const size of [1, 2, 3, 8]) {
		for (const files of [first.concat(second), second.concat(first)]) {
			const list = new packets.InTime();
			let all = [];
			for (let i = 0; i < files.length; i += size) {
				all = list.add(files.slice(i, i + size));
			}
			assert.deepEqual(names(all), want);
		}
	}
});
