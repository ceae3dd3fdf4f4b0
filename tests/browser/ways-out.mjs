// Every way a script could reach the network. Each function runs inside a browser, so it stands
// alone; every attempt names itself in the address, and a refusal of any kind is what is hoped for.

/** Tries all ways from a page. `host` is where the listener is. */
export async function fromPage(host) {
	const url = (way) => `http://${host}/?way=${way}`;
	const add = (tag, attributes, parent = document.body) => {
		const element = document.createElement(tag);
		Object.assign(element, attributes);
		parent.append(element);
		return element;
	};
	const frame = (name) => add("iframe", { name });
	const ways = {
		fetch: () => fetch(url("fetch"), { mode: "no-cors" }),
		"fetch-keepalive": () => fetch(url("keepalive"), { method: "POST", keepalive: true }),
		xhr: () => {
			const request = new XMLHttpRequest();
			request.open("GET", url("xhr"));
			request.send();
		},
		websocket: () => new WebSocket(`ws://${host}/?way=websocket`),
		eventsource: () => new EventSource(url("eventsource")),
		beacon: () => navigator.sendBeacon(url("beacon"), "x"),
		image: () => add("img", { src: url("image") }),
		css: () => add("div", { style: `background-image: url("${url("css")}")`, textContent: "x" }),
		stylesheet: () => add("link", { rel: "stylesheet", href: url("stylesheet") }, document.head),
		font: () => new FontFace("x", `url("${url("font")}")`).load(),
		media: () => add("video", { src: url("media"), preload: "auto" }),
		object: () => add("object", { data: url("object") }),
		form: () => {
			frame("form-target");
			// By POST: a form sent by GET replaces the query of its address.
			add("form", { action: url("form"), method: "post", target: "form-target" }).submit();
		},
		frame: () => add("iframe", { src: url("frame") }),
		prefetch: () => add("link", { rel: "prefetch", href: url("prefetch") }, document.head),
		preload: () =>
			add("link", { rel: "preload", as: "image", href: url("preload") }, document.head),
		preconnect: () => add("link", { rel: "preconnect", href: url("preconnect") }, document.head),
		manifest: () => add("link", { rel: "manifest", href: url("manifest") }, document.head),
		script: () => add("script", { src: url("script") }),
		import: () => import(url("import")),
		worker: () => new Worker(url("worker")),
		"service-worker": () => navigator.serviceWorker.register(url("service-worker")),
		webrtc: async () => {
			const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:${host}` }] });
			peer.createDataChannel("x");
			await peer.setLocalDescription(await peer.createOffer());
		},
		webtransport: () => new WebTransport(`https://${host}/?way=webtransport`).ready,
		open: () => window.open(url("open")),
	};
	for (const attempt of Object.values(ways)) {
		try {
			// Not awaited to its end: some of them never settle when they are refused.
			Promise.resolve(attempt()).catch(() => undefined);
		} catch {
			// Refused at once.
		}
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

/** Tries all ways from a bare classic worker, started from a blob like our own. */
export async function fromWorker(host) {
	const attempts = (url, ws) => {
		const ways = [
			() => fetch(url("fetch"), { mode: "no-cors" }),
			() => {
				const request = new XMLHttpRequest();
				request.open("GET", url("xhr"));
				request.send();
			},
			() => new WebSocket(ws),
			() => new EventSource(url("eventsource")),
			() => import(url("import")),
			() => new Worker(url("worker")),
			() => new WebTransport(url("webtransport").replace("http:", "https:")).ready,
			() => importScripts(url("import-scripts")),
		];
		for (const attempt of ways) {
			try {
				Promise.resolve(attempt()).catch(() => undefined);
			} catch {
				// Refused at once.
			}
		}
		setTimeout(() => postMessage("tried"), 500);
	};
	const code = `const url = (way) => "http://${host}/?way=" + way;
		(${attempts})(url, "ws://${host}/?way=websocket");`;
	const blob = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
	const worker = new Worker(blob);
	await new Promise((resolve, reject) => {
		worker.onmessage = resolve;
		worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`));
	});
}
