// The first view: where evidence goes in, what is read, and why nothing goes out.

import { PlainInput } from "../parts/PlainInput.tsx";
import { state } from "../store/case.ts";
import { choose, openSample } from "../store/intake.ts";
import { defaults, dialog } from "../store/look.ts";

const READS: [string, string][] = [
	["Captures", "pcap and pcapng, whole or cut, of many link types"],
	["Zeek logs", "JSON (lines, pretty-printed, arrays) and TSV, fields missing or not"],
	["Suricata logs", "EVE, JSON"],
	["Flow records", "nfdump text in its line and long forms"],
	["Web server logs", "common, combined and JSON: Apache, nginx and their kin; IIS W3C"],
	["FTP server logs", "IIS W3C, vsftpd, ProFTPD, xferlog; wrapped by a syslog relay or not"],
	["To tell more", "TLS key logs open sessions of captures; tables of networks name their owners"],
	["In any wrapping", "gzip; zip archives; text in UTF-16; folders; many files at once"],
];

export function DropView() {
	return (
		<div class="drop-view">
			<section class="drop-intro">
				<h1 tabIndex={-1}>
					<span>Network evidence in, findings out.</span> <span>Nothing leaves this machine.</span>
				</h1>
				<p>
					Offwire reads captures, flow records and logs in this page, and says what they show, how
					well they show it, and what else it could be.
				</p>
			</section>
			<section class="drop-zone" aria-label="Open evidence">
				<svg viewBox="0 0 48 32" aria-hidden="true" class="drop-icon">
					<path
						d="M4 20v8h40v-8M24 3v17M17 13l7 7 7-7"
						fill="none"
						stroke="currentColor"
						stroke-width="2"
					/>
				</svg>
				<p class="drop-title">Drop files or folders anywhere on this page</p>
				<div class="drop-buttons">
					<FilePicker label="Choose files" />
					<FilePicker label="Choose a folder" isFolder isPlain />
					<button type="button" onClick={openSample}>
						Open the sample case
					</button>
				</div>
				<p class="dim">
					The sample case: six excerpts of real evidence, from the article that this tool grew out
					of.
				</p>
				<Where />
			</section>
			<div class="drop-columns">
				<section>
					<h2>What it reads</h2>
					<dl class="reads">
						{READS.map(([what, how]) => (
							<div key={what}>
								<dt>{what}</dt>
								<dd>{how}</dd>
							</div>
						))}
					</dl>
					<p class="dim">Files are recognised by their content; names do not matter.</p>
				</section>
				<section>
					<h2>Why nothing is sent</h2>
					<SilenceText />
					<button type="button" class="quiet" onClick={() => (dialog.value = "silence")}>
						How to check it yourself
					</button>
				</section>
			</div>
			{state.value !== "waiting" && <p class="dim">What you add joins the open case.</p>}
		</div>
	);
}

export function SilenceText() {
	return (
		<ul class="silence">
			<li>
				<strong>The browser enforces</strong>, by the policy in the page: no request of any kind to
				any server; no script but those built in; no frame, form or plug-in; no text becomes HTML.
			</li>
			<li>
				<strong>Only our code does</strong>, because no policy covers it: no WebRTC and no
				WebTransport (both are removed before anything else runs), no new window, no navigation but
				within the page.
			</li>
			<li>
				Nothing of the evidence is kept: no cookie, no storage, no history entry holds any of it.
			</li>
		</ul>
	);
}

interface FilePickerProps {
	label: string;
	isFolder?: boolean;
	isPlain?: boolean;
}

/** A button that opens the browser's own file chooser. */
export function FilePicker({ label, isFolder = false, isPlain = false }: FilePickerProps) {
	const folder = isFolder ? { webkitdirectory: true } : {};
	return (
		<label class="picker">
			<input
				type="file"
				multiple
				class="visually-hidden"
				onChange={(event) => choose(event.currentTarget)}
				{...folder}
			/>
			<span class={`button ${isPlain ? "" : "primary"}`}>{label}</span>
		</label>
	);
}

/** Where the files were recorded: one answer for all, changed for single files in Files. */
function Where() {
	const set = (change: Partial<typeof defaults.value>) => {
		defaults.value = { ...defaults.value, ...change };
	};
	return (
		<details class="where">
			<summary>Sensor and site of the files</summary>
			<p class="dim">
				Optional. Private addresses of two sites are two hosts, public ones are the same host
				everywhere. Single files can be set apart in Files.
			</p>
			<div class="where-fields">
				<PlainInput
					caption="Sensor"
					value={defaults.value.sensor}
					onText={(sensor) => set({ sensor })}
				/>
				<PlainInput caption="Site" value={defaults.value.site} onText={(site) => set({ site })} />
			</div>
		</details>
	);
}
