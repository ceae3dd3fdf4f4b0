// Notes: what could not be read, or was read leniently, each with its places.
import type { NoteRow } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { WeightMark } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { holdStill } from "../parts/still.ts";
import { byCode } from "../select/coverage.ts";
import { sourceName } from "../select/findings.ts";
import { count } from "../select/format.ts";
import { canAsk, isRunning, report, sources } from "../store/case.ts";
import { sameOrigin, show, shown } from "../store/item.ts";

export function Notes() {
	const notes = byCode(report.value?.notes ?? []);
	return (
		<>
			<Heading>Notes</Heading>
			{notes.length === 0 ? (
				<Empty title={isRunning.value ? "No trouble so far." : "No trouble."}>
					Lines that break their format, files cut short, caps reached and assumed time zones would
					stand here, with their places. Packets that were not decoded are counted at their file.
				</Empty>
			) : (
				<ul class="notes">
					{notes.map(({ code, weight, meaning, total, rows }) => (
						<li key={code}>
							<div class="note-head">
								<WeightMark weight={weight} />
								<span class="num">{count(total)} ×</span>
								<h2>{meaning}</h2>
								<span class="data dim">{code}</span>
							</div>
							<Rows rows={rows} />
						</li>
					))}
				</ul>
			)}
		</>
	);
}

/** Files shown at once with one note. */
const SHOWN_AT_ONCE = 20;

function Rows({ rows }: { rows: NoteRow[] }) {
	const { most, more } = useSteps(rows.length, SHOWN_AT_ONCE);
	return (
		<>
			{rows.slice(0, most).map((row) => (
				<NotePlaces key={row.node} row={row} />
			))}
			{more}
		</>
	);
}

function NotePlaces({ row }: { row: NoteRow }) {
	const more = row.places - BigInt(row.earliest.length);
	return (
		<div class="note-places">
			<p class="file-name">
				<Ev text={sourceName(row.node, sources.value)} />{" "}
				<span class="dim num">{count(row.count)} ×</span>
			</p>
			<ul>
				{row.earliest.map((at) => (
					<li key={`${at.item}:${at.offset}:${at.detail}`}>
						<NotePlace row={row} at={at} /> <Ev text={at.detail} />
					</li>
				))}
			</ul>
			{more > 0n && <p class="dim">and {count(more)} more</p>}
		</div>
	);
}

/** A note's place, which leads to the line, the packet or the bytes there. */
function NotePlace({ row, at }: { row: NoteRow; at: NoteRow["earliest"][number] }) {
	const { item, offset, len } = at;
	if (item === 0n && offset === 0n && len === 0) {
		return <span class="dim">the file</span>;
	}
	const noun = sources.value.find((s) => s.id === row.node)?.item_noun ?? "item";
	const place = { node: row.node, item, offset, len };
	const words = [item > 0n ? `${noun} ${count(item)}` : "", `byte ${count(offset)}`];
	return (
		<button
			type="button"
			class="bare link num"
			aria-pressed={sameOrigin(shown.value?.at, place)}
			disabled={!canAsk.value}
			onClick={(event) => {
				holdStill(event.currentTarget);
				show(place);
			}}
		>
			{words.filter(Boolean).join(", ")}
		</button>
	);
}
