// Loads the demo: colours first, so that nothing flashes; then the Go program,
// with a word on the page for everything that can go wrong. No eval, no inline
// anything: the page lives under a strict content security policy.
(() => {
  "use strict";

  const me = document.currentScript;
  const page = document.documentElement;
  const THEME = "parley-demo-theme";

  // --- colours -----------------------------------------------------------
  const remembered = () => {
    try {
      return localStorage.getItem(THEME);
    } catch {
      return null; // storage is forbidden: follow the system
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const wish = remembered();
    page.dataset.theme = wish === "light" || wish === "dark" ? wish : dark.matches ? "dark" : "light";
  };
  paint();
  dark.addEventListener("change", paint);
  const toggleTheme = () => {
    const next = page.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(THEME, next);
    } catch {
      // not remembered then, but done
    }
    page.dataset.theme = next;
  };

  // --- what can go wrong -------------------------------------------------
  const failedScripts = [];
  addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLScriptElement) failedScripts.push(event.target.getAttribute("src"));
    },
    true, // errors of elements don't bubble
  );

  // Trouble is an error with words for people.
  class Trouble extends Error {
    constructor(title, what, next) {
      super(what);
      this.title = title;
      this.next = next;
    }
  }

  const say = (error) => {
    const box = document.getElementById("fatal");
    const title = document.createElement("h1");
    title.textContent = error.title ?? "The demo could not start";
    const what = document.createElement("p");
    what.textContent = error.message || String(error);
    const next = document.createElement("p");
    next.className = "next";
    next.textContent = error.next ?? "Load the page again; if it stays so, the browser's console says more.";
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button primary";
    again.textContent = "Load again";
    again.addEventListener("click", () => location.reload());
    box.replaceChildren(title, what, next, again);
    box.hidden = false;
    document.getElementById("loading")?.remove();
  };

  // --- the Go program ----------------------------------------------------
  const download = fetch(me.dataset.wasm).catch(() => {
    throw new Trouble(
      "The server can't be reached",
      "The demo's program did not arrive: the request got no answer.",
      "See that the server runs (make run), then load the page again.",
    );
  });
  download.catch(() => {}); // reported by start, which may come later

  // counted gives the response again, and shows on the way how much has come.
  const counted = (response) => {
    const bar = document.getElementById("loading-bar");
    const total = Number(me.dataset.bytes);
    let come = 0;
    const counter = new TransformStream({
      transform(chunk, out) {
        come += chunk.byteLength;
        if (total > 0 && bar) bar.value = Math.min(100, (100 * come) / total);
        out.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counter), { headers: { "Content-Type": "application/wasm" } });
  };

  const start = async () => {
    if (failedScripts.includes("/sdk/parley.js") || typeof globalThis.ZegoExpressEngine !== "function" || typeof globalThis.Parley !== "object") {
      throw new Trouble(
        "The SDK did not load",
        failedScripts.includes("/sdk/parley.js")
          ? "The script /sdk/parley.js could not be fetched."
          : "The script /sdk/parley.js came, but did not define ZegoExpressEngine and Parley.",
        "Open /sdk/parley.js in a tab of its own: it should be JavaScript. Rebuild with make build if it is not.",
      );
    }
    if (failedScripts.length > 0) {
      throw new Trouble("The demo could not start", `The script ${failedScripts[0]} could not be fetched.`, "Rebuild with make build, then load the page again.");
    }
    if (typeof WebAssembly !== "object") {
      throw new Trouble("This browser has no WebAssembly", "The demo and the SDK are WebAssembly programs.", "Use a current browser, or leave its lockdown mode for this page.");
    }
    const response = await download;
    if (!response.ok) {
      throw new Trouble("The demo could not start", `The server answered ${response.status} for ${me.dataset.wasm}.`, "Rebuild with make build, then load the page again.");
    }
    const type = response.headers.get("Content-Type") ?? "";
    if (type.startsWith("text/html")) {
      throw new Trouble("The demo could not start", `The server sent a page instead of ${me.dataset.wasm}.`, "Serve the folder that the demo's build wrote, with nothing in front that answers for missing files.");
    }
    const go = new globalThis.Go();
    let program;
    try {
      program = await WebAssembly.instantiateStreaming(counted(response), go.importObject);
    } catch (error) {
      throw new Trouble("The demo could not start", `The program did not compile: ${error.message}`, "If this names a content security policy: it must allow 'wasm-unsafe-eval' in script-src.");
    }
    page.dataset.demo = "running";
    await go.run(program.instance); // settles only when the program ends, which it never should
    page.dataset.demo = "ended";
    throw new Trouble("The demo has stopped", "Its program ended unexpectedly; the page below no longer reacts.", "Load the page again. The browser's console says why it ended.");
  };

  // --- wiring ------------------------------------------------------------
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", toggleTheme);
    start().catch((error) => {
      console.error(error);
      say(error);
    });
  });

  // Enter sends from a text area that asks for it; with Shift it starts a line.
  // Told by what the key would insert and not by the key, so that an input
  // method that composes with Enter, or a keyboard on glass, does what it
  // should. Here and not in Go, because every event that Go hears draws the
  // page anew.
  let shift = false;
  addEventListener("keydown", (event) => {
    shift = event.shiftKey;
  });
  addEventListener("beforeinput", (event) => {
    const field = event.target;
    if (shift || (event.inputType !== "insertLineBreak" && event.inputType !== "insertParagraph")) return;
    if (!(field instanceof HTMLTextAreaElement) || field.dataset.enter !== "submit") return;
    event.preventDefault();
    field.form?.requestSubmit();
  });
})();
