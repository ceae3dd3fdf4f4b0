// Records: the events as tables; filter, sort, choose columns, pivot on values, export.
import { useEffect } from "preact/hooks";
import type { CellValue, Column, Row } from "../../shared/records.ts";
import { Copy, Empty } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { type Click, Grid, type Head } from "../parts/Grid.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { ColumnChooser, Export, FilterHelp } from "../parts/RecordMenus.tsx";
import { ToPackets } from "../parts/ToPackets.tsx";
import { sourcesWith } from "../select/coverage.ts";
import { ofCell } from "../select/entities.ts";
import { siteOf, sourceName } from "../select/findings.ts";
import { count, plural } from "../select/format.ts";
import { type Cell, cell, textCell } from "../select/grid.ts";
import { indexOfByte, visible } from "../select/text.ts";
import { canAsk, isRunning, report, sources } from "../store/case.ts";
import { openEntity } from "../store/entities.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import { openRows } from "../store/packets.ts";
import * as records from "../store/records.ts";

export function Records() {
	const kinds = records.kinds.value;
	useEffect(() => {
		if (!records.kind.value && kinds[0]) {
			records.openKind(mostRows(kinds));
		}
	}, [kinds]);
	return (
		<div class="records">
			<h1 class="visually-hidden" tabIndex={-1}>
				Records
			</h1>
			{kinds.length === 0 ? (
				<Empty title={isRunning.value ? "No record yet." : "No record was read."}>
					Tables fill from files that some reader recognises. Files says why it did not.
				</Empty>
			) : (
				<>
					<Kinds kinds={kinds} />
					<Toolbar />
					<FilterTrouble />
					<ValuesPanel />
					<Table />
				</>
			)}
		</div>
	);
}

type Kinds = [string, { seen: bigint; kept: bigint }][];

/** The kind to begin with: of those with most rows the first. */
const mostRows = (kinds: Kinds): string =>
	[...kinds].sort(([, a], [, b]) => Number(b.kept - a.kept))[0]?.[0] ?? "";

function Kinds({ kinds }: { kinds: Kinds }) {
	const passing = records.passing.value;
	return (
		<nav class="kinds" aria-label="Kinds of records">
			{kinds.map(([name, { kept }]) => {
				const n = passing?.get(name) ?? kept;
				const isOn = name === records.kind.value;
				return (
					<button
						type="button"
						key={name}
						class={`kind ${Number(n) === 0 ? "zero" : ""}`}
						aria-current={isOn ? "true" : undefined}
						onClick={() => records.openKind(name)}
					>
						{name} <span class="num">{count(n)}</span>
					</button>
				);
			})}
		</nav>
	);
}

function Toolbar() {
	return (
		<div class="toolbar">
			<div class="filter-box">
				<PlainInput
					class="filter-text mono"
					label="Filter"
					placeholder="Filter: a word, or id.orig_h == 10.0.0.0/8 …  ( / )"
					value={records.draft.value}
					onText={(text) => {
						records.draft.value = text;
						writeSoon();
					}}
				/>
				{records.draft.value && (
					<button type="button" class="quiet" onClick={() => records.setFilter("")}>
						Clear
					</button>
				)}
			</div>
			<FilterHelp />
			<ColumnChooser />
			<Export />
			<ToPackets class="" open={() => openRows(records.kind.value, records.filter.value)} />
		</div>
	);
}

/** After the last key: a filter over millions of rows is not run for every letter. */
const PAUSE_MS = 250;
let timer: ReturnType<typeof setTimeout> | undefined;

function writeSoon(): void {
	clearTimeout(timer);
	timer = setTimeout(() => records.setFilter(records.draft.value), PAUSE_MS);
}

function FilterTrouble() {
	const wrong = records.wrong.value;
	if (records.failure.value) {
		return (
			<p class="filter-wrong" role="alert">
				{records.failure.value}
			</p>
		);
	}
	if (!wrong) {
		return null;
	}
	const text = records.filter.value;
	const from = indexOfByte(text, Number(wrong.at));
	const to = Math.max(indexOfByte(text, Number(wrong.at + wrong.len)), from + 1);
	return (
		<div class="filter-wrong" role="alert">
			<code class="wrong-text">
				<Ev text={text.slice(0, from)} />
				<mark>
					<Ev text={text.slice(from, to).padEnd(1)} />
				</mark>
				<Ev text={text.slice(to)} />
			</code>
			<p>
				Here: <Ev text={wrong.message} />. The rows below pass the filter before this one.
			</p>
		</div>
	);
}

function ValuesPanel() {
	const now = records.values.value;
	if (!now) {
		return null;
	}
	const { column, found } = now;
	const most = Number(found?.top[0]?.count ?? 1n);
	return (
		<section class="values" aria-label={`Values of ${column}`}>
			<div class="section-head">
				<h2>
					<span class="data">{column}</span>{" "}
					{found && (
						<span class="dim num">
							{plural(found.n_distinct, "different value")} in {plural(found.n_rows, "row")}
							{found.n_unset > 0n && `, ${count(found.n_unset)} without it`}
						</span>
					)}
				</h2>
				{found && <Copy text={found.top.map((v) => v.value).join("\n")} label="Copy values" />}
				<button type="button" class="quiet" onClick={() => (records.values.value = undefined)}>
					Close
				</button>
			</div>
			<ol>
				{found?.top.map(({ value, count: n }) => (
					<li key={value}>
						<button
							type="button"
							class="bare value"
							onClick={(event) => records.narrow(column, value, event.altKey)}
						>
							<Ev text={value} />
						</button>
						<span class="num">{count(n)}</span>
						<meter max={most} value={Number(n)} aria-hidden="true" />
					</li>
				))}
			</ol>
		</section>
	);
}

/** Says that columns are missing from the table, and brings them back. */
function HiddenColumns() {
	const n = records.columns.value.length - records.shownColumns.value.length;
	return n === 0 ? null : (
		<>
			<button type="button" class="bare link" onClick={records.showAllColumns}>
				{plural(n, "column")} hidden: show
			</button>
			.{" "}
		</>
	);
}

/** A click on a value: to the story of what it stands for, else to the rows with it or without. */
function openValue(column: Column, row: Row, cell: CellValue, how: Click, member?: number): void {
	const value = typeof cell === "string" ? cell : cell?.[member ?? 0];
	const entity = value === undefined ? undefined : ofCell(column, value);
	if (entity && value !== undefined && how === "plain") {
		openEntity(entity, value, siteOf(row.at.node, sources.value));
	} else {
		records.narrow(column.name, value, how === "alt");
	}
}

/** A cell as it is drawn: what leads to a story looks like it. */
function drawn(column: Column, value: CellValue): Cell {
	const text = cell(column, value);
	const one = typeof value === "string" ? value : value?.[0];
	return one !== undefined && ofCell(column, one) ? { ...text, class: "tells" } : text;
}

/** Said of each row where they are of several files. */
const FILE: Head = {
	name: "file",
	type: "string",
	doc: "The file that holds the row.",
	isAdded: true,
};

const sourceOf = ({ at }: Row): string => visible(sourceName(at.node, sources.value));

function Table() {
	const kind = records.kind.value;
	const counts = report.value?.records[kind];
	const total = records.total.value;
	const columns = records.shownColumns.value;
	// A place is one of its file: where there are several, rows name theirs.
	const isOneFile = sourcesWith([kind], sources.value).length < 2;
	const added = isOneFile ? [] : [FILE];
	const open = shown.value?.at;
	// Read here, so that the table is drawn anew when rows come.
	const pages = records.pages.value;
	if (!canAsk.value) {
		return (
			<Empty title="The tables are gone.">
				They lived in a worker that had to be ended. Read the files again to have them back.
			</Empty>
		);
	}
	if (total === 0 && !isRunning.value) {
		return (
			<Empty title="No row passes the filter.">
				<button type="button" onClick={() => records.setFilter("")}>
					Show all {counts ? count(counts.kept) : ""}
				</button>
			</Empty>
		);
	}
	const row = (index: number) => {
		const found = pages.get(Math.floor(index / records.PAGE))?.[index % records.PAGE];
		return (
			found && {
				place: String(found.at.item),
				source: sourceOf(found),
				cells: [
					...added.map(() => textCell(sourceOf(found))),
					...columns.map(({ column, index: i }) => drawn(column, found.cells[i])),
				],
				isOpen: sameOrigin(open, found.at),
			}
		);
	};
	return (
		<>
			<p class="table-note dim num">
				{total !== undefined && `${count(total)} of ${plural(counts?.kept ?? 0n, "row")}`}
				{counts && counts.kept < counts.seen && (
					<strong>
						{" "}
						— only {count(counts.kept)} of {count(counts.seen)} events fit into memory: the earliest
					</strong>
				)}
				. <HiddenColumns />
				<span class="table-hint">
					Click: a dotted value's story, any other as a filter. Shift: filter. Alt: filter out. Its
					place: the evidence.
				</span>
			</p>
			<Grid
				label={`${kind} records`}
				columns={[
					...added,
					...columns.map(({ column }) => ({
						...column,
						width: records.widths.value.get(column.name),
					})),
				]}
				total={total ?? 0}
				sort={records.sort.value}
				row={row}
				want={records.want}
				question={records.question.value}
				otherRows={records.otherRows.value}
				isWaiting={records.isWaiting.value}
				onSort={records.sortBy}
				onHead={records.askValues}
				onRow={(index) => {
					const at = records.rowAt(index)?.at;
					if (at) {
						show(at);
					}
				}}
				onCell={(index, i, how, member) => {
					const chosen = columns[i - added.length];
					const row = records.rowAt(index);
					if (chosen && row) {
						openValue(chosen.column, row, row.cells[chosen.index], how, member);
					}
				}}
			/>
		</>
	);
}
