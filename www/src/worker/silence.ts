// Takes every way to the network from a worker; imported first, so it runs before anything else.
// The page's policy holds in workers too: this stands behind it, and covers what it does not.

const WAYS_OUT = [
	"BroadcastChannel",
	"EventSource",
	"SharedWorker",
	"WebSocket",
	"WebSocketStream",
	"WebTransport",
	"Worker",
	"XMLHttpRequest",
	"caches",
	"fetch",
	"fetchLater",
	"importScripts",
	"indexedDB",
];

for (const name of WAYS_OUT) {
	// Shadowed on the scope itself: most are members of its prototype, which code could still reach,
	// so they go from there as well.
	for (let at: object | null = globalThis; at; at = Object.getPrototypeOf(at)) {
		Reflect.deleteProperty(at, name);
	}
	Object.defineProperty(globalThis, name, { value: undefined });
}
