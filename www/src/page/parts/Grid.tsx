// A table of any number of rows, of which only those in sight exist. Rows are fetched as they come
// into sight; cells are walked with the arrow keys.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Column, Sort } from "../../shared/records.ts";
import { type Cell, columnWidth, type Sight, sight, unitOf } from "../select/grid.ts";
import { isMarking } from "./marking.ts";

/** A column of a table: its width in pixels, and whether the page has added it to a record's own. */
export interface Head extends Column {
	width?: number | undefined;
	isAdded?: boolean;
}

interface GridProps {
	label: string;
	columns: Head[];
	total: number;
	sort: Sort | undefined;
	/** Changes when the rows have to be asked for anew. */
	question: number;
	/** Changes when they are other rows than before: the table goes to its top. */
	otherRows: number;
	isWaiting: boolean;
	/** The cells of a row and its place in the evidence; undefined while it is on its way. */
	row: (
		index: number,
	) => { place: string; source: string; cells: Cell[]; isOpen: boolean } | undefined;
	want: (first: number, last: number) => void;
	/** Without it the order is fixed. */
	onSort?: (column: string) => void;
	/** A click on a value, or on the member of a list; without it a click is one on the row. */
	onCell?: (row: number, column: number, how: Click, member: number | undefined) => void;
	onRow: (row: number) => void;
	/** Without it columns cannot be asked for their values. */
	onHead?: (column: string) => void;
}

/** How a value was clicked: plainly, with Shift, with Alt. */
export type Click = "plain" | "shift" | "alt";

const howOf = (event: MouseEvent | KeyboardEvent): Click =>
	event.altKey ? "alt" : event.shiftKey ? "shift" : "plain";

export const ROW_PX = 26;
const HEAD_PX = 32;
const PLACE_PX = 84;

const sum = (all: number[]): number => all.reduce((a, b) => a + b, 0);

export function Grid(props: GridProps) {
	const box = useRef<HTMLDivElement>(null);
	const view = useSignal({ top: 0, height: 600 });
	const focus = useSignal({ row: 0, column: 0 });
	const now = sight(props.total, view.value.top, view.value.height - HEAD_PX, ROW_PX);
	// Of a table without a width of its own the columns would follow the rows in sight.
	const widths = props.columns.map((column) => column.width ?? columnWidth(column));
	const stop = tabStop(focus.value, now, props.columns.length);

	useLayoutEffect(() => {
		const element = box.current;
		if (!element) {
			return;
		}
		const measure = () => {
			view.value = { top: element.scrollTop, height: element.clientHeight };
		};
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		measure();
		return () => observer.disconnect();
	}, [view]);
	useEffect(() => box.current?.scrollTo({ top: 0 }), [props.otherRows]);
	useEffect(
		() => props.want(now.first, now.last),
		[props.want, props.question, now.first, now.last],
	);

	return (
		<div
			class="grid-box"
			ref={box}
			onScroll={({ currentTarget: { scrollTop, clientHeight } }) => {
				view.value = { top: scrollTop, height: clientHeight };
			}}
			onWheel={(event) => wheel(event, now.scale)}
		>
			<div class="grid-panel" style={{ height: `${now.panel + HEAD_PX}px` }}>
				<table
					// biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: ARIA's own pattern.
					role="grid"
					class="grid"
					aria-label={props.label}
					aria-busy={props.isWaiting}
					aria-rowcount={props.total + 1}
					aria-colcount={props.columns.length + 1}
					style={{ top: `${now.offset}px`, width: `${PLACE_PX + sum(widths)}px` }}
					onMouseDown={keepUnmarked}
					onClick={(event) => click(event, props)}
					onKeyDown={(event) => walk(event, props, focus, now, box.current)}
				>
					<colgroup>
						<col style={{ width: `${PLACE_PX}px` }} />
						{props.columns.map((column, i) => (
							<col key={column.name} style={{ width: `${widths[i]}px` }} />
						))}
					</colgroup>
					<GridHead {...props} />
					<tbody>
						{rowsInSight(now).map((index) => (
							<GridRow key={index} index={index} focus={stop} {...props} />
						))}
					</tbody>
				</table>
			</div>
		</div>
	);
}

/** The one cell that Tab comes to: the last one walked to, or, out of sight, the first in sight. */
function tabStop(focus: { row: number; column: number }, now: Sight, columns: number) {
	const isHere = focus.row >= now.first && focus.row < now.last;
	return { row: isHere ? focus.row : now.top, column: Math.min(focus.column, columns) };
}

const rowsInSight = ({ first, last }: Sight): number[] =>
	Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);

function GridHead({ columns, sort, onSort, onHead }: GridProps) {
	return (
		<thead>
			<tr aria-rowindex={1}>
				<th scope="col" title="The packet, line or record of its file: a click shows it">
					place
				</th>
				{columns.map((column) => {
					const order =
						sort?.column === column.name && (sort.is_descending ? "descending" : "ascending");
					const isSorted = onSort && !column.isAdded;
					return (
						<th
							scope="col"
							key={column.name}
							aria-sort={isSorted ? order || "none" : undefined}
							title={`${column.type}: ${column.doc.replaceAll("`", "")}`}
						>
							{isSorted ? (
								<button type="button" class="sort" onClick={() => onSort(column.name)}>
									{column.name}
									<Unit column={column} />
									<span aria-hidden="true">{order === "ascending" ? " ▲" : order ? " ▼" : ""}</span>
								</button>
							) : (
								<>
									{column.name}
									<Unit column={column} />
								</>
							)}
							{onHead && !column.isAdded && (
								<button
									type="button"
									class="count"
									aria-label={`Values of ${column.name}`}
									title="Commonest values"
									onClick={() => onHead(column.name)}
								>
									≡
								</button>
							)}
						</th>
					);
				})}
			</tr>
		</thead>
	);
}

function Unit({ column }: { column: Column }) {
	const unit = unitOf(column);
	return unit ? <span class="unit"> {unit}</span> : null;
}

interface RowProps extends GridProps {
	index: number;
	focus: { row: number; column: number };
}

function GridRow({ index, focus, row, columns }: RowProps) {
	const data = row(index);
	const tab = (column: number) => (focus.row === index && focus.column === column ? 0 : -1);
	return (
		<tr
			aria-rowindex={index + 2}
			aria-selected={data?.isOpen ?? false}
			class={index % 2 ? "odd" : ""}
		>
			<th scope="row" data-cell={`${index}:0`} tabIndex={tab(0)} title={data?.source}>
				{data?.place ?? "…"}
			</th>
			{columns.map((column, i) => {
				const cell = data?.cells[i];
				return (
					<td
						key={column.name}
						data-cell={`${index}:${i + 1}`}
						tabIndex={tab(i + 1)}
						class={cellClass(cell)}
						title={cell?.isUnset ? "not in the source" : cell?.text}
					>
						{cell?.members ? <Members members={cell.members} /> : cell?.text}
					</td>
				);
			})}
		</tr>
	);
}

function cellClass(cell: Cell | undefined): string {
	const name = cell?.isNumber ? "num" : cell?.isUnset ? "unset" : "";
	return cell?.class ? `${name} ${cell.class}` : name;
}

function Members({ members }: { members: string[] }) {
	return (
		<>
			{members.map((member, i) => (
				<span key={i} class="member" data-member={i}>
					{member}
				</span>
			))}
		</>
	);
}

/** Where a pixel stands for many rows, a turn of the wheel would leap: it goes by rows instead. */
function wheel(event: WheelEvent, scale: number): void {
	if (scale > 1 && event.deltaY !== 0 && !event.shiftKey) {
		const pixels = Math.max(1, Math.abs(event.deltaY) / scale);
		(event.currentTarget as HTMLElement).scrollTop += Math.sign(event.deltaY) * pixels;
		event.preventDefault();
	}
}

/** With Shift the browser would mark all text from where the last click was. */
function keepUnmarked(event: MouseEvent): void {
	if (event.shiftKey) {
		event.preventDefault();
	}
}

/** A click on a value, or on a row's place. */
function click(event: MouseEvent, props: GridProps): void {
	if (isMarking(event)) {
		return;
	}
	const target = event.target as HTMLElement;
	const at = target.closest<HTMLElement>("[data-cell]")?.dataset.cell;
	const member = target.closest<HTMLElement>("[data-member]")?.dataset.member;
	const [row, column] = (at ?? "").split(":").map(Number);
	if (row === undefined || column === undefined || !props.row(row)) {
		return;
	}
	if (column === 0 || !props.onCell || props.columns[column - 1]?.isAdded) {
		props.onRow(row);
	} else {
		const which = member === undefined ? undefined : Number(member);
		props.onCell(row, column - 1, howOf(event), which);
	}
}

type Focus = { value: { row: number; column: number } };

const STEPS: Record<string, [number, number]> = {
	ArrowUp: [-1, 0],
	ArrowDown: [1, 0],
	ArrowLeft: [0, -1],
	ArrowRight: [0, 1],
};

/** Arrow keys, pages, ends; Enter does what a click does, Space shows the row's evidence. */
function walk(
	event: KeyboardEvent,
	props: GridProps,
	focus: Focus,
	now: Sight,
	box: HTMLElement | null,
) {
	const target = event.target as HTMLElement;
	const [row, column] = (target.dataset.cell ?? "").split(":").map(Number);
	if (row === undefined || column === undefined || !box) {
		return;
	}
	const page = Math.max(1, now.visible - 1);
	const jumps: Record<string, [number, number]> = {
		PageDown: [page, 0],
		PageUp: [-page, 0],
		Home: event.ctrlKey ? [-row, -column] : [0, -column],
		End: event.ctrlKey ? [props.total, 0] : [0, props.columns.length],
		...STEPS,
	};
	const step = jumps[event.key];
	const isAdded = column === 0 || props.columns[column - 1]?.isAdded;
	if (event.key === "Enter" && !isAdded && props.onCell) {
		props.onCell(row, column - 1, howOf(event), undefined);
	} else if (event.key === " " || event.key === "Enter") {
		props.onRow(row);
	} else if (step) {
		const to = {
			row: Math.min(Math.max(row + step[0], 0), props.total - 1),
			column: Math.min(Math.max(column + step[1], 0), props.columns.length),
		};
		focus.value = to;
		bringIntoSight(to.row, now, box);
		const take = () => {
			const cell = box.querySelector<HTMLElement>(`[data-cell="${to.row}:${to.column}"]`);
			cell?.focus({ preventScroll: true });
			cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
			return cell;
		};
		// At once where it can be: keys come faster than frames.
		if (!take()) {
			requestAnimationFrame(take);
		}
	} else {
		return;
	}
	event.preventDefault();
}

function bringIntoSight(row: number, now: Sight, box: HTMLElement): void {
	if (row < now.top) {
		box.scrollTop = (row * ROW_PX) / now.scale;
	} else if (row >= now.top + now.visible - 1) {
		box.scrollTop = ((row - now.visible + 2) * ROW_PX) / now.scale;
	}
}
