package doctor

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// sdkURL is where parley.js is.
func (e *examination) sdkURL() (*url.URL, error) {
	text := e.SDK
	if text == "" {
		text = e.at("/sdk/parley.js")
	}
	at, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(at.Path, ".js") {
		at = at.JoinPath("parley.js")
	}
	return at, nil
}

// files looks at the SDK's files as a browser fetches them.
func (e *examination) files(ctx context.Context) {
	script, err := e.sdkURL()
	if err != nil || script.Host == "" {
		e.fail("sdk", "write it as https://chat.example.com/sdk/parley.js", "%q is not an address", e.SDK)
		return
	}
	if !e.file(ctx, script) && e.SDK == "" {
		return // not there at all: one word is enough
	}
	wasm := *script
	wasm.Path = path.Join(path.Dir(script.Path), "parley.wasm")
	e.file(ctx, &wasm)
}

// file looks at one file and reports whether it is there.
func (e *examination) file(ctx context.Context, at *url.URL) bool {
	name := path.Base(at.Path)
	got, err := e.get(ctx, at.String(), 512, "Accept-Encoding", "br, gzip", "Origin", e.origin)
	if err != nil {
		what, fix := unreachable(err, at.Scheme)
		e.fail(name, fix, "%s: %s", at, what)
		return false
	}
	kind, _, _ := strings.Cut(got.Header.Get("Content-Type"), ";")
	isWasm, isScript := path.Ext(name) == ".wasm", path.Ext(name) == ".js"
	coding := got.Header.Get("Content-Encoding")
	switch {
	case got.StatusCode == http.StatusNotFound:
		fix := "copy parley.js and parley.wasm of one build side by side, or set wasmURL"
		if e.SDK == "" {
			fix = "build the server with its SDK (make build), or name where the page takes it from with --sdk"
		}
		e.fail(name, fix, "%s is not there (404)", at)
		return false
	case got.StatusCode >= 300 && got.StatusCode < 400:
		e.warn(name, "name the address that it redirects to: "+got.Header.Get("Location"), "%s redirects, which costs each page a round trip", at)
		return false
	case got.StatusCode != http.StatusOK:
		e.fail(name, "check the server, or the proxy, that has the file", "%s answers %s", at, got.Status)
		return false
	case kind == "text/html" || coding == "" && bytes.HasPrefix(bytes.TrimSpace(got.body), []byte("<")):
		e.fail(name, "copy the file there, or set wasmURL; in Vite's dev server: optimizeDeps.exclude", "%s is a page, not the file: servers of single-page apps answer so for what they don't have", at)
		return false
	case isWasm && kind != "application/wasm":
		e.fail(name, "serve .wasm as application/wasm: the SDK starts more slowly without", "%s has the type %q", at, kind)
		e.write("types { application/wasm wasm; }    # nginx, in http or server")
		return true
	case isScript && !strings.Contains(kind, "javascript"):
		e.fail(name, "serve .js as text/javascript: browsers refuse a script of another type where nosniff is set", "%s has the type %q", at, kind)
		e.write("types { text/javascript js; }    # nginx, in http or server")
		return true
	case isWasm && coding == "" && !bytes.HasPrefix(got.body, []byte("\x00asm")):
		e.fail(name, "take the file from the package again", "%s is no WebAssembly", at)
		return true
	}
	if e.origin != "" && !sameOrigin(e.origin, at) {
		if allowed := got.Header.Get("Access-Control-Allow-Origin"); isWasm && allowed != "*" && allowed != e.origin {
			e.fail(name, "let pages of other origins fetch it", "%s may not be fetched by pages of %s (CORS)", at, e.origin)
			e.write(`add_header Access-Control-Allow-Origin "*";    # nginx, in the location of the SDK`)
			return true
		}
	}
	cache := got.Header.Get("Cache-Control")
	switch {
	case coding == "":
		e.warn(name, "compress it, best with the .br and .gz files beside it", "%s is sent uncompressed: several times the bytes", at)
		e.write("gzip_static on;    # nginx, with the package's .gz files beside")
	case strings.Contains(cache, "no-store") || cache == "" && got.Header.Get("ETag") == "" && got.Header.Get("Last-Modified") == "":
		e.warn(name, "send an ETag with Cache-Control: no-cache, or a name with a hash and a long max-age", "%s can't be cached: each page fetches it anew", at)
	default:
		e.ok(name, "%s: %s, %s, may be cached", at, kind, coding)
	}
	return true
}

func sameOrigin(origin string, at *url.URL) bool {
	return strings.EqualFold(origin, at.Scheme+"://"+at.Host)
}
