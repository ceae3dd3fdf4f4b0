// Archives on their way in: each member becomes a file of the case, a slice of the archive.
import type { Archive, Evidence, Packed } from "../shared/messages.ts";
import { members } from "../wasm/offwire_wasm.js";

/** Files whose first bytes are read at once: enough to hide the latency of a slow disk. */
const AT_ONCE = 64;
/** What every archive begins with: the core looks closer. */
const SIGNATURE = "PK";

/** The core's places cross as bigints; no file is as large as 2^53 bytes. */
interface Listing {
	members: { name: string; offset: bigint | number; len: bigint | number; packed: Packed }[];
	archive: Archive;
}

/** These files, and behind each archive its members. One that cannot be read says so in its turn. */
export async function unpack(evidence: Evidence[]): Promise<Evidence[]> {
	const unpacked: Evidence[] = [];
	for (let i = 0; i < evidence.length; i += AT_ONCE) {
		const some = evidence.slice(i, i + AT_ONCE);
		const all = await Promise.all(some.map((one) => withMembers(one).catch(() => [one])));
		unpacked.push(...all.flat());
	}
	return unpacked;
}

async function withMembers(one: Evidence): Promise<Evidence[]> {
	const { file, path, sensor, site } = one;
	const signature = await file.slice(0, SIGNATURE.length).text();
	const listing =
		signature === SIGNATURE ? (members(file, path) as Listing | undefined) : undefined;
	if (!listing) {
		return [one];
	}
	const inside = listing.members.map(({ name, offset, len, packed }): Evidence => {
		const start = Number(offset);
		const slice = new File([file.slice(start, start + Number(len))], name);
		return { file: slice, path: name, sensor, site, packed, of: file };
	});
	return [{ ...one, archive: listing.archive }, ...inside];
}
