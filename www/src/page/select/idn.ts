// International names: what a name reads as, and in whose letters, so that one that looks like
// another gives itself away.

/** Scripts whose letters are told by name. */
const SCRIPTS = [
	"Latin",
	"Arabic",
	"Armenian",
	"Cherokee",
	"Cyrillic",
	"Devanagari",
	"Georgian",
	"Greek",
	"Han",
	"Hangul",
	"Hebrew",
	"Hiragana",
	"Katakana",
	"Thai",
].map((name) => ({ name, has: new RegExp(`\\p{Script=${name}}`, "u") }));

/** Scripts that one language writes together. */
const TOGETHER = [
	["Han", "Hiragana", "Katakana", "Latin"],
	["Han", "Hangul"],
];

/** Punycode's parameters, RFC 3492 section 5. */
const [BASE, MIN, MAX, SKEW, DAMP, FIRST_BIAS, FIRST] = [36, 1, 26, 38, 700, 72, 128] as const;
const LAST_CODE = 0x10ffff;

export interface Reading {
	/** The name with its encoded labels read. */
	text: string;
	/** Whose letters are in it. */
	scripts: string[];
	/** A label has letters that no one language writes together. */
	isMixed: boolean;
}

/** What a name reads as; nothing for one of plain letters. */
export function reading(name: string): Reading | undefined {
	const labels = name.split(".").map((label) => decoded(label) ?? label);
	const text = labels.join(".");
	const isPlain = [...text].every((c) => c < "\u0080");
	if (isPlain) {
		return undefined;
	}
	return { text, scripts: scriptsOf(text), isMixed: labels.some((l) => isMixed(scriptsOf(l))) };
}

function scriptsOf(text: string): string[] {
	const found = SCRIPTS.filter(({ has }) => has.test(text)).map(({ name }) => name);
	const isOther = [...text].some(
		(c) => /\p{L}/u.test(c) && !SCRIPTS.some(({ has }) => has.test(c)),
	);
	return isOther ? [...found, "other"] : found;
}

const isMixed = (scripts: string[]): boolean =>
	scripts.length > 1 && !TOGETHER.some((set) => scripts.every((s) => set.includes(s)));

/** A label behind `xn--` by RFC 3492 section 6.2; nothing for one that is none, or is damaged. */
function decoded(label: string): string | undefined {
	if (!/^xn--/i.test(label)) {
		return undefined;
	}
	const input = label.slice(4);
	const dash = input.lastIndexOf("-");
	const out = [...input.slice(0, Math.max(0, dash))].map((c) => c.codePointAt(0) ?? 0);
	let [code, i, bias] = [FIRST as number, 0, FIRST_BIAS as number];
	for (let at = dash > 0 ? dash + 1 : 0; at < input.length; ) {
		const before = i;
		let weight = 1;
		for (let k: number = BASE; ; k += BASE) {
			const digit = digitOf(input[at]);
			at += 1;
			if (digit === undefined) {
				return undefined;
			}
			i += digit * weight;
			if (i > LAST_CODE * (out.length + 1)) {
				return undefined;
			}
			const threshold = Math.min(MAX, Math.max(MIN, k - bias));
			if (digit < threshold) {
				break;
			}
			weight *= BASE - threshold;
		}
		const n = out.length + 1;
		bias = adapted(i - before, n, before === 0);
		code += Math.floor(i / n);
		i %= n;
		if (code > LAST_CODE || (code >= 0xd800 && code < 0xe000)) {
			return undefined;
		}
		out.splice(i, 0, code);
		i += 1;
	}
	return out.length === 0 ? undefined : String.fromCodePoint(...out);
}

function digitOf(c: string | undefined): number | undefined {
	return c !== undefined && /^[a-z0-9]$/i.test(c)
		? (Number.parseInt(c, 36) + 26) % BASE
		: undefined;
}

/** The bias for the next number, RFC 3492 section 6.1. */
function adapted(delta: number, n: number, isFirst: boolean): number {
	let rest = Math.floor(delta / (isFirst ? DAMP : 2));
	rest += Math.floor(rest / n);
	let k = 0;
	while (rest > ((BASE - MIN) * MAX) / 2) {
		rest = Math.floor(rest / (BASE - MIN));
		k += BASE;
	}
	return k + Math.floor(((BASE - MIN + 1) * rest) / (rest + SKEW));
}
