// Packets: those of chosen connections listed, their streams followed, a search, a capture carved.
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { PacketList } from "../parts/PacketList.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { SearchPart } from "../parts/Search.tsx";
import { Streams } from "../parts/Streams.tsx";
import { isCapture } from "../select/coverage.ts";
import { count, plural } from "../select/format.ts";
import { canAsk, isRunning, sources } from "../store/case.ts";
import * as packets from "../store/packets.ts";

export function Packets() {
	const hasCaptures = sources.value.some(isCapture);
	const pass = packets.passes.value.carve;
	const isChosen = packets.reach.value !== undefined;
	return (
		<div class="packets">
			<Heading
				aside={
					hasCaptures && (
						<>
							<span class="dim num" role="status">
								{pass.state === "running" && `writing, ${plural(pass.total, "packet")}`}
								{pass.state === "failed" && `not written: ${pass.why}`}
								{pass.state === "done" &&
									`${plural(pass.total, "packet")} saved${lost(pass.missing)}`}
							</span>
							{pass.state === "running" ? (
								<button type="button" onClick={() => packets.cancel("carve")}>
									Cancel
								</button>
							) : (
								<button type="button" disabled={!isChosen} onClick={packets.carve}>
									Save as pcapng
								</button>
							)}
						</>
					)
				}
			>
				Packets
			</Heading>
			{hasCaptures && canAsk.value ? <Chosen /> : <NoCaptures />}
		</div>
	);
}

const lost = (missing: number): string =>
	missing > 0 ? `, ${count(missing)} were not found again` : "";

function NoCaptures() {
	return canAsk.value ? (
		<Empty title={isRunning.value ? "No capture yet." : "No capture is in this case."}>
			Packets, followed streams and searches need a pcap or pcapng file; logs and flow records have
			none.
		</Empty>
	) : (
		<Empty title="The captures cannot be asked any more.">
			Read the files again to look into them.
		</Empty>
	);
}

const TABS: [packets.Tab, string][] = [
	["packets", "Packets"],
	["streams", "Streams"],
	["search", "Search"],
];

function Chosen() {
	const tab = packets.tab.value;
	return (
		<>
			<Scope />
			<nav class="tabs" aria-label="What to see of them">
				{TABS.map(([name, title]) => (
					<button
						type="button"
						key={name}
						aria-current={name === tab ? "true" : undefined}
						onClick={() => (packets.tab.value = name)}
					>
						{title}
					</button>
				))}
			</nav>
			{tab === "packets" && <PacketList />}
			{tab === "streams" && <Streams />}
			{tab === "search" && <SearchPart />}
		</>
	);
}

const PAUSE_MS = 300;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Which connections are chosen, in the case's own filter language. */
function Scope() {
	const chooseSoon = (text: string) => {
		packets.draft.value = text;
		clearTimeout(timer);
		timer = setTimeout(() => packets.choose(text), PAUSE_MS);
	};
	const wrong = packets.wrong.value;
	return (
		<>
			<div class="toolbar">
				<div class="filter-box">
					<PlainInput
						class="filter-text mono"
						label="Connections"
						placeholder="All connections; or a filter over conn: id.resp_p == 443 …  ( / )"
						value={packets.draft.value}
						onText={chooseSoon}
					/>
					{packets.draft.value && (
						<button type="button" class="quiet" onClick={() => packets.choose("")}>
							Clear
						</button>
					)}
				</div>
				<span class="scope num" role="status">
					<ScopeWords />
				</span>
			</div>
			{wrong && (
				<p class="filter-wrong" role="alert">
					<Ev text={wrong.message} />
				</p>
			)}
		</>
	);
}

function ScopeWords() {
	const now = packets.reach.value;
	if (packets.isCounting.value) {
		return <>counting…</>;
	}
	if (!now) {
		return <>no connection of a capture</>;
	}
	return (
		<>
			{now.ends ? <Ev text={now.ends} /> : plural(now.n_connections, "connection")}
			{now.left_out > 0n && `, ${count(now.left_out)} more left out`}
		</>
	);
}
