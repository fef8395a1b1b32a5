package e2e

import "testing"

// TestLeaks: 200 engines are created, used and destroyed in one page.
func TestLeaks(t *testing.T) {
	server := startServer(t)
	p := openURL(t, pages.page(server, nil))
	p.run(`
		const real = WebAssembly.instantiateStreaming;
		WebAssembly.instantiateStreaming = async (...args) => {
			const made = await real.apply(WebAssembly, args);
			T.memory = Object.values(made.instance.exports).find((one) => one instanceof WebAssembly.Memory);
			return made;
		};
		T.engines = async (from, n) => {
			for (let i = from; i < from + n; i += 5) {
				await Promise.all([0, 1, 2, 3, 4].map(async (j) => {
					const userID = "u" + (i + j);
					const given = await Parley.dev.credentials({ user: userID });
					const engine = new ZegoExpressEngine(given.appID, given.server);
					for (const kind of T.kinds) engine.on(kind, () => {});
					await engine.loginRoom("leaks" + j, given.token, { userID }, { userUpdate: true });
					await engine.sendCustomCommand("leaks" + j, { some: "thing" }, []);
					await engine.sendBroadcastMessage("leaks" + j, "some text");
					engine.destroyEngine();
				}));
			}
		};
		T.measure = async () => {
			for (let i = 0; i < 3; i++) {
				gc();
				await new Promise((go) => setTimeout(go));
			}
			return { heap: performance.memory.usedJSHeapSize, wasm: T.memory.buffer.byteLength, held: await Parley.held() };
		};`)
	measure := func() (heap, wasm float64) {
		t.Helper()
		figures := p.run(`return await T.measure()`).(map[string]any)
		compare(t, "what the SDK holds", figures["held"], `{"instances": 0, "sockets": 0, "timers": 0, "goSockets": 0, "goTimers": 0, "calls": 0}`)
		return figures["heap"].(float64), figures["wasm"].(float64)
	}
	quiet := func() {
		t.Helper()
		eventually(t, "no connection is left on the server", func() bool { return server.metric(t, "parley_connections") == 0 })
	}

	p.run(`await T.engines(0, 400)`) // caches fill, Go's heap finds its size
	quiet()
	heapBefore, wasmBefore := measure()
	p.run(`await T.engines(400, 200)`)
	quiet()
	heapAfter, wasmAfter := measure()
	t.Logf("JS heap %.0f → %.0f KB, wasm memory %.0f → %.0f KB", heapBefore/1e3, heapAfter/1e3, wasmBefore/1e3, wasmAfter/1e3)
	if grown := heapAfter - heapBefore; grown > 100e3 {
		t.Errorf("200 engines left %.0f KB in the JS heap", grown/1e3)
	}
	if grown := wasmAfter - wasmBefore; grown > 1<<20 {
		t.Errorf("200 engines grew the wasm memory by %.0f KB", grown/1e3)
	}
	if wasmAfter > 32<<20 {
		t.Errorf("the wasm memory is %.0f MB", wasmAfter/1e6)
	}
}
