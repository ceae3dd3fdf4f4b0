// The dialogs: settings, keys, and how to check that nothing is sent.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { licences } from "../data.ts";
import { describeAnew } from "../store/case.ts";
import { dialog, isDefanged, requests, type Theme, tablesMb, tapMs, theme } from "../store/look.ts";
import { SilenceText } from "./Drop.tsx";

export function Dialogs() {
	switch (dialog.value) {
		case "settings":
			return (
				<Dialog title="Settings">
					<Settings />
				</Dialog>
			);
		case "keys":
			return (
				<Dialog title="Keys">
					<Keys />
				</Dialog>
			);
		case "silence":
			return (
				<Dialog title="Nothing is sent">
					<Silence />
				</Dialog>
			);
		default:
			return null;
	}
}

function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
	const box = useRef<HTMLDialogElement>(null);
	useEffect(() => box.current?.showModal(), []);
	const close = () => {
		dialog.value = "none";
	};
	return (
		<dialog ref={box} aria-labelledby="dialog-title" onClose={close}>
			<div class="panel-head">
				<h2 id="dialog-title">{title}</h2>
				<button type="button" class="quiet" onClick={close}>
					Close
				</button>
			</div>
			{children}
		</dialog>
	);
}

const THEMES: [Theme, string][] = [
	["system", "As the system"],
	["light", "Light"],
	["dark", "Dark"],
];

function Settings() {
	return (
		<div class="settings">
			<fieldset>
				<legend>Colours</legend>
				{THEMES.map(([name, label]) => (
					<label key={name}>
						<input
							type="radio"
							name="theme"
							checked={theme.value === name}
							onChange={() => (theme.value = name)}
						/>{" "}
						{label}
					</label>
				))}
			</fieldset>
			<label>
				<input
					type="checkbox"
					checked={isDefanged.value}
					onChange={(event) => (isDefanged.value = event.currentTarget.checked)}
				/>{" "}
				Defang what I copy: <code>hxxp://evil[.]example</code>
			</label>
			<label>
				Memory for the tables of records{" "}
				<select
					name="tables"
					value={tablesMb.value ?? ""}
					onChange={(event) => {
						const { value } = event.currentTarget;
						tablesMb.value = Number(value) || undefined;
						describeAnew();
					}}
				>
					<option value="">384 MB</option>
					<option value="16">16 MB</option>
					<option value="64">64 MB</option>
					<option value="1024">1024 MB</option>
				</select>
			</label>
			<label>
				Clocks of two taps are apart by at most{" "}
				<select
					name="clocks"
					value={tapMs.value ?? ""}
					onChange={(event) => {
						const { value } = event.currentTarget;
						tapMs.value = value === "" ? undefined : Number(value);
						describeAnew();
					}}
				>
					<option value="">100 ms</option>
					<option value="1000">1 s</option>
					<option value="10000">10 s</option>
					<option value="0">keep all copies</option>
				</select>
			</label>
			<p class="dim">
				Memory and clocks hold from the next reading on; findings do not depend on the memory. A
				packet that two captures have, no further apart than their clocks, counts once. Filters for
				other tools and exported tables are never changed. Settings last until the page is closed;
				nothing is stored.
			</p>
			<Licences />
		</div>
	);
}

function Licences() {
	const text = useSignal("");
	const unpack = async () => {
		text.value ||= await licences();
	};
	return (
		<details onToggle={unpack}>
			<summary>Licences</summary>
			<pre class="licences">{text.value}</pre>
		</details>
	);
}

const KEYS: [string, string][] = [
	["1 … 9", "the views, from Overview to Report"],
	["/", "the view's filter"],
	["j, k", "next and previous finding"],
	["↑, ↓", "in a list: next and previous row"],
	["n, p", "beside evidence: that of the next and the previous row"],
	["Enter", "open; in a table: the value's story, or filter by it"],
	["Shift Enter", "in a table: filter by the value"],
	["Alt Enter", "in a table: filter the value out"],
	["Space", "in a table: show the row's evidence"],
	["Arrows, Page, Home, End", "move in a table"],
	["Esc", "close the evidence; back to the list"],
	["?", "this list"],
];

function Keys() {
	return (
		<dl class="keys-list">
			{KEYS.map(([key, what]) => (
				<div key={key}>
					<dt>
						<kbd>{key}</kbd>
					</dt>
					<dd>{what}</dd>
				</div>
			))}
		</dl>
	);
}

function Silence() {
	return (
		<div class="silence-text">
			<p>
				This page is one file. It asked no server for anything else: the browser counts{" "}
				<strong class="num">{requests.value}</strong> requests since it was opened. The workers,
				which the browser counts apart, have no function left to make one with.
			</p>
			<SilenceText />
			<h3>Check it yourself</h3>
			<ul>
				<li>
					Save this page, pull the plug, open it from disk: it does all of this with the network
					off.
				</li>
				<li>
					Open the developer tools, tab Network, and work with the page: nothing appears but{" "}
					<code>blob:</code> and <code>data:</code>, which are this page's own memory.
				</li>
				<li>
					Read the policy in the first lines of the page's source: <code>default-src 'none'</code>,{" "}
					<code>connect-src 'none'</code>.
				</li>
			</ul>
			<p class="dim">
				What no page can promise: what the browser itself or its extensions do. Use a profile
				without extensions for sensitive evidence.
			</p>
		</div>
	);
}
