// Text of the evidence on the page: made visible, kept apart from the text around it, and a pivot.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { EntityKind } from "../../shared/records.ts";
import type { Subject } from "../../shared/report.ts";
import { glued, linked, linkedRow, type Piece } from "../select/linked.ts";
import { everywhere } from "../select/pivots.ts";
import { visible } from "../select/text.ts";
import { useColumns } from "../store/columns.ts";
import { openEntity } from "../store/entities.ts";
import { openWith } from "../store/records.ts";
import { go } from "../store/route.ts";

/** Any text of the evidence. */
export function Ev({ text, class: name = "" }: { text: string; class?: string }) {
	return (
		<bdi class={`ev ${name}`} translate={false}>
			{visible(text)}
		</bdi>
	);
}

/** The site of the source that the text inside speaks of: two sites' hosts of one address are two. */
export const AtSite = createContext<string | undefined>(undefined);

interface PivotProps {
	value: string;
	/** What it stands for; without it a click shows the records that have it. */
	entity?: EntityKind | undefined;
	/** The site of the source that has it; without it that of the text around. */
	site?: string | undefined;
	/** What is shown of it, when that is more or less than the value. */
	shown?: string;
	class?: string;
}

/** A value of the evidence: a click leads to its story, or shows it everywhere. */
export function Pivot({ value, entity, site, shown, class: name = "" }: PivotProps) {
	const around = useContext(AtSite);
	const open = (event: MouseEvent) => {
		event.stopPropagation();
		const found = everywhere(value);
		if (entity && !event.altKey) {
			openEntity(entity, value, site ?? around);
			return;
		}
		openWith(event.altKey ? `not (${found})` : found);
		go("records");
	};
	const what = entity ? `The story of this ${entity}` : "Show all records with this value";
	return (
		<button
			type="button"
			class={`pivot ${name}`}
			onClick={open}
			title={`${what} (Alt: all records without it)`}
		>
			<Ev text={shown ?? value} />
		</button>
	);
}

/** A sentence whose addresses and subjects lead to their stories. */
export function Linked({ text, subjects }: { text: string; subjects: Subject[] }) {
	return <Pieces pieces={linked(text, subjects)} />;
}

/** A row of evidence whose values lead to their stories. */
export function LinkedRow({ text, subjects }: { text: string; subjects: Subject[] }) {
	const columns = useColumns(/^\w*/.exec(text)?.[0] ?? "");
	return <Pieces pieces={linkedRow(text, columns, subjects)} />;
}

/** A value is not torn from the name before it nor from the comma behind it. */
function Pieces({ pieces }: { pieces: Piece[] }) {
	return (
		<span class="linked">
			{glued(pieces).map(({ before, piece, behind }, i) =>
				piece.entity ? (
					<span key={i} class="unbroken">
						{before && <Ev text={before} />}
						<Pivot value={piece.text} entity={piece.entity} />
						{behind && <Ev text={behind} />}
					</span>
				) : (
					<Ev key={i} text={piece.text} />
				),
			)}
		</span>
	);
}
