// The packets of a list in one order, from whichever files.
import type { Listed } from "../../shared/evidence.ts";

interface Placed {
	packet: Listed;
	/** Its time, or that of a later one before it in its file: the order within a file stays. */
	key: string;
}

/**
 * Packets by time over all files, as they come file by file. Those of one file stay in its order,
 * also where its clock was set back; those without a time stay behind the one before them.
 */
export class InTime {
	#placed: Placed[] = [];
	readonly #latest = new Map<number, string>();

	/** All packets so far, with these. */
	add(packets: Listed[]): Listed[] {
		let last = this.#placed.at(-1);
		let isInOrder = true;
		for (const packet of packets) {
			const { node } = packet.at;
			const latest = this.#latest.get(node) ?? "";
			const own = packet.ts ? sortable(packet.ts) : "";
			const placed = { packet, key: own > latest ? own : latest };
			this.#latest.set(node, placed.key);
			isInOrder &&= !last || order(last, placed) <= 0;
			this.#placed.push(placed);
			last = placed;
		}
		if (!isInOrder) {
			// Stable: what is equal stays as it came, which is the order of its file.
			this.#placed.sort(order);
		}
		return this.#placed.map(({ packet }) => packet);
	}
}

const order = (a: Placed, b: Placed): number =>
	a.key === b.key ? a.packet.at.node - b.packet.at.node : a.key < b.key ? -1 : 1;

/** A time whose text has the order of time, whatever number of decimals it was written with. */
function sortable(ts: string): string {
	const fraction = /\.(\d+)/.exec(ts)?.[1] ?? "";
	return `${ts.slice(0, 19)}.${fraction.padEnd(9, "0")}`;
}
