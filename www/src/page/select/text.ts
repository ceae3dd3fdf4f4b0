// Evidence as text for a person's eyes, by the rules of core/src/text.rs, and text that is safe to pass on.

// Unicode's Cc, Cf, Zl, Zp, the variation selectors and tags, as core/src/text.rs lists them.
const DECEPTIVE =
	// biome-ignore lint/suspicious/noMisleadingCharacterClass: each is looked for by itself.
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
	/[\0-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu;

/** Controls, bidirectional marks and invisible characters become visible escapes. */
export function visible(text: string): string {
	return text.replace(DECEPTIVE, (char) => {
		const code = char.codePointAt(0) ?? 0;
		const hex = code.toString(16);
		return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
	});
}

/**
 * How many bytes the UTF-8 character at a place takes; 0 when none is there. Said without a decoder:
 * one call and one exception for each byte of a file that is no text took a page of them ten seconds.
 */
function lengthAt(bytes: Uint8Array, at: number): number {
	const lead = bytes[at] ?? 0;
	if (lead < 0x80) {
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4) {
		return 0;
	}
	const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	// Neither longer than need be, nor half of a pair, nor beyond the last character.
	const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
	const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
	const second = bytes[at + 1] ?? 0;
	const isTail = (byte = 0) => byte >= 0x80 && byte <= 0xbf;
	const isWhole =
		second >= least &&
		second <= most &&
		(length < 3 || isTail(bytes[at + 2])) &&
		(length < 4 || isTail(bytes[at + 3]));
	return isWhole ? length : 0;
}

/** Of a lead byte the bits that belong to the character, by its length. */
const LEAD_BITS = [0, 0x7f, 0x1f, 0x0f, 0x07];

function codeAt(bytes: Uint8Array, at: number, length: number): number {
	let code = (bytes[at] ?? 0) & (LEAD_BITS[length] ?? 0);
	for (let i = 1; i < length; i++) {
		code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f);
	}
	return code;
}

/** Characters that become text together: as many as a call takes arguments everywhere. */
const AT_ONCE = 4096;

/** Bytes as text: valid UTF-8 stays, every other byte becomes `\xNN`. Not made visible yet. */
export function fromBytes(bytes: Uint8Array): string {
	const parts: string[] = [];
	let codes: number[] = [];
	const flush = () => {
		parts.push(String.fromCodePoint(...codes));
		codes = [];
	};
	for (let i = 0; i < bytes.length; ) {
		const length = lengthAt(bytes, i);
		if (length > 0) {
			codes.push(codeAt(bytes, i, length));
			i += length;
		} else {
			flush();
			parts.push(`\\x${(bytes[i] ?? 0).toString(16).padStart(2, "0")}`);
			i += 1;
		}
		if (codes.length >= AT_ONCE) {
			flush();
		}
	}
	flush();
	return parts.join("");
}

/** Bytes one character each: plain ASCII as it is, all else as a dot. */
export const plainOf = (bytes: Uint8Array): string =>
	Array.from(bytes, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : "·")).join("");

/** Endings of file names that look like the end of a host name, and are none. */
const FILE_ENDINGS = new Set(
	"bin bz2 cap cfg conf csv dat db dll doc docx eve exe gz html ini jpg js json jsonl log lz4 md ndjson pcap pcapng pdf php png ps1 py rs txt xls xlsx xml xz zst".split(
		" ",
	),
);

/** Text whose links and addresses no program will take for live ones: `hxxp`, `[.]`, `[@]`. */
export function defang(text: string): string {
	return text
		.replace(/\bhttp(s?):\/\//gi, (_, s: string) => `hxxp${s.toLowerCase()}://`)
		.replace(/\bftp(s?):\/\//gi, (_, s: string) => `fxp${s.toLowerCase()}://`)
		.replace(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g, (ip) => ip.replaceAll(".", "[.]"))
		.replace(
			/(?<![\w.[-])(?:[\w-]+\.)+([\p{L}]{2,}|xn--[\w-]+)\b(?!\.?\w)/gu,
			(name, end: string) =>
				FILE_ENDINGS.has(end.toLowerCase()) || name.includes("_")
					? name
					: name.replaceAll(".", "[.]"),
		)
		.replace(/(?<=[\w.+-])@(?=[\w-]+[[.])/g, "[@]");
}

/** The JavaScript index of a byte of the text's UTF-8. */
export function indexOfByte(text: string, at: number): number {
	let bytes = 0;
	let index = 0;
	for (const char of text) {
		if (bytes >= at) {
			break;
		}
		const code = char.codePointAt(0) ?? 0;
		bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		index += char.length;
	}
	return index;
}
