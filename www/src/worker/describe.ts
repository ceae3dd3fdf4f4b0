// What the core wants to know of files before it reads any: first packets, and digests of twins.
import type { Described, Evidence, Packed } from "../shared/messages.ts";
import { Digest, firstPacket, isAid } from "../wasm/offwire_wasm.js";
import { giveBack, Slices } from "./slices.ts";

/** What the core looks at to tell a capture. */
const HEAD = 64 << 10;
/** Heads read at once: enough to hide the latency of a slow disk. */
const AT_ONCE = 8;
/** Hashed at once: it is copied into the core's memory. */
const PIECE = 1 << 20;

/** All files as the core wants them described; one that cannot be read says so when its turn comes. */
export async function describeAll(evidence: Evidence[]): Promise<Described[]> {
	const described: Described[] = [];
	for (let i = 0; i < evidence.length; i += AT_ONCE) {
		const some = evidence.slice(i, i + AT_ONCE);
		described.push(...(await Promise.all(some.map(describe))));
	}
	const ofSize = new Map<number, number>();
	for (const { size } of described) {
		ofSize.set(size, (ofSize.get(size) ?? 0) + 1);
	}
	for (const [index, its] of described.entries()) {
		const file = evidence[index]?.file;
		if (file && (ofSize.get(its.size) ?? 0) > 1) {
			const sha256 = await digest(file).catch(() => undefined);
			described[index] = sha256 === undefined ? its : { ...its, sha256 };
		}
	}
	return described;
}

async function describe(one: Evidence): Promise<Described> {
	const { file, path, sensor, site, series, packed, archive } = one;
	const its: Described = {
		name: path,
		size: file.size,
		sensor,
		site,
		series: series ?? "",
		more_follow: false,
		packed,
		archive,
	};
	try {
		const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
		const first_packet = firstPacket(head, file.size <= HEAD, packed);
		if (first_packet === undefined) {
			return isAid(head, file.size <= HEAD, packed) ? { ...its, is_aid: true } : its;
		}
		return { ...its, first_packet };
	} catch {
		return its;
	}
}

/** The SHA-256 of a file in hex; `undefined` if it was asked to stop on the way. */
export async function digest(
	file: File,
	isStopped: () => boolean = () => false,
): Promise<string | undefined> {
	const running = new Digest();
	const slices = new Slices(file);
	try {
		for (let slice = await slices.next(); slice.length > 0; slice = await slices.next()) {
			for (let at = 0; at < slice.length; at += PIECE) {
				running.update(new Uint8Array(slice.buffer, at, Math.min(PIECE, slice.length - at)));
			}
			giveBack(slice.buffer);
			if (isStopped()) {
				running.free();
				return undefined;
			}
		}
	} finally {
		slices.end();
	}
	return running.finish();
}

/**
 * The SHA-256 of what a compressed member of an archive holds, in hex; `undefined` if it was asked to
 * stop on the way, or there is more than the archive says. Fails where the data is damaged.
 */
export async function contentDigest(
	file: File,
	packed: Packed,
	isStopped: () => boolean,
): Promise<string | undefined> {
	const running = new Digest();
	const most = packed.content ? Number(packed.content[0]) : Number.POSITIVE_INFINITY;
	const content = file.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
	let length = 0;
	try {
		for (let next = await content.read(); !next.done; next = await content.read()) {
			length += next.value.length;
			if (length > most || isStopped()) {
				await content.cancel();
				running.free();
				return undefined;
			}
			running.update(next.value);
		}
	} catch (error) {
		running.free();
		throw error;
	}
	return running.finish();
}
