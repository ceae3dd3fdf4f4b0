// Runs commands for the bench: how long, how much memory, what they print.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const OFTEN_MS = 20;

export const isThere = (command) => spawnSync("which", [command]).status === 0;

/** The largest memory that a process had so far, in bytes; undefined when it is gone. */
export function peakOf(pid) {
	try {
		const kb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
		// One that has ended and was not waited for has no memory any more.
		return kb === undefined ? undefined : Number(kb) * 1024;
	} catch {
		return undefined;
	}
}

/** Seconds and peak memory of a command whose output nobody wants. */
export function run([command, ...args]) {
	return new Promise((resolve, reject) => {
		const begun = performance.now();
		const child = spawn(command, args, { stdio: "ignore" });
		let peak = 0;
		const look = setInterval(() => {
			peak = Math.max(peak, peakOf(child.pid) ?? 0);
		}, OFTEN_MS);
		child.on("error", reject);
		child.on("exit", (code) => {
			clearInterval(look);
			const seconds = (performance.now() - begun) / 1000;
			code === 0 ? resolve({ seconds, peak }) : reject(new Error(`${command} ended with ${code}`));
		});
	});
}

/** What a command prints to `stream`. */
run.text = ([command, ...args], stream = "stdout") => {
	const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
	if (done.status !== 0) {
		throw new Error(`${command} ended with ${done.status}: ${done.stderr}`);
	}
	return done[stream];
};

/** What a command prints, as JSON. */
export const json = (command) => JSON.parse(run.text(command));
