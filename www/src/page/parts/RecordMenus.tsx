// The menus over a table of records: help for its filter, its columns, and saving it.
import type { ExportFormat } from "../../shared/records.ts";
import { plural } from "../select/format.ts";
import * as records from "../store/records.ts";
import { Menu } from "./Menu.tsx";

export function FilterHelp() {
	const lines: [string, string][] = [
		["hawkeye", "a word, looked for in every column"],
		["id.resp_h == 10.0.0.0/8", "an address or a network"],
		["addr == 192.0.2.7", "any address of the row; port likewise"],
		["text mentions evil.org", "the whole name in any text, but not notevil.org"],
		['query == "*.evil.org"', "* stands for anything; ~ also ignores case"],
		["status_code in (404, 403)", "one of several"],
		["user_agent contains curl", "a part of a text"],
		["duration > 3min and resp_bytes is set", "and, or, not, parentheses"],
		["ts >= 2023-10-23", "times in UTC"],
	];
	return (
		<Menu title="Filter help" isOneChoice>
			<dl class="language">
				{lines.map(([text, meaning]) => (
					<div key={text}>
						<dt>
							<button type="button" class="bare data" onClick={() => records.setFilter(text)}>
								{text}
							</button>
						</dt>
						<dd class="dim">{meaning}</dd>
					</div>
				))}
			</dl>
			<p class="dim">
				Fields have Zeek's names. A field that the source did not have passes no comparison.
			</p>
		</Menu>
	);
}

/** What a column holds; what stands in backquotes is a value. */
const Doc = ({ text }: { text: string }) => (
	<>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
);

export function ColumnChooser() {
	return (
		<Menu title="Columns">
			<ul class="column-list">
				{records.columns.value.map((column) => (
					<li key={column.name}>
						<label>
							<input
								type="checkbox"
								checked={records.isShown(column.name)}
								onChange={() => records.toggleColumn(column.name)}
							/>{" "}
							<span class="data">{column.name}</span>{" "}
							<span class="dim">
								<Doc text={column.doc} />
							</span>
						</label>
					</li>
				))}
			</ul>
		</Menu>
	);
}

const FORMATS: [ExportFormat, string][] = [
	["zeek-json", "Zeek JSON"],
	["zeek-tsv", "Zeek TSV"],
	["csv", "CSV"],
];

export function Export() {
	return (
		<Menu title="Export" class="export" isOneChoice>
			<p class="dim">
				{records.total.value === undefined ? "All rows" : plural(records.total.value, "row")} that
				pass the filter, all columns, exactly as read: not defanged.
			</p>
			{FORMATS.map(([format, name]) => (
				<button type="button" key={format} onClick={() => records.exportAs(format)}>
					{name}
				</button>
			))}
		</Menu>
	);
}
