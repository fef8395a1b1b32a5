package e2e

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// foreignHost is a name for this machine that does not say so.
const foreignHost = "parley.test"

// origin is a web server of the tests: pages of another origin than the Parley
// server's, and bad copies of the SDK.
type origin struct {
	server *http.Server
	addr   string
}

func serveOrigin() (*origin, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{addr: listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page", servePage)
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /copy/{kind}/{name}", serveCopy)
	o.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = o.server.Serve(listener) }() // ends with close
	return o, nil
}

func (o *origin) close() { _ = o.server.Close() }

// page returns the address of a page that loads the SDK from a Parley server.
// more are further settings for servePage.
func (o *origin) page(p *process, more url.Values) string {
	values := url.Values{"sdk": {p.url("/sdk/parley.js")}}
	maps.Copy(values, more)
	return "http://" + o.addr + "/page?" + values.Encode()
}

// port returns the port of host:port.
func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// foreign returns the same address under the foreign host.
func (o *origin) foreign(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		panic(err) // it was made by page
	}
	at.Host = foreignHost + ":" + at.Port()
	return at.String()
}

// servePage answers with a plain page; the query says what is in it:
//
//	sdk     the script tag's address; several make several tags
//	module  a module to import instead, as window.sdk
//	csp     a content security policy
//	meta    the server in <meta name="parley-server">
//	data    the server in the script tag's data-server
func servePage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if policy := query.Get("csp"); policy != "" {
		w.Header().Set("Content-Security-Policy", policy)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!doctype html><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">`)
	if meta := query.Get("meta"); meta != "" {
		fmt.Fprintf(w, `<meta name="parley-server" content="%s">`, html.EscapeString(meta))
	}
	for _, sdk := range query["sdk"] {
		data := ""
		if server := query.Get("data"); server != "" {
			data = ` data-server="` + html.EscapeString(server) + `"`
		}
		fmt.Fprintf(w, `<script src="%s"%s></script>`, html.EscapeString(sdk), data)
	}
	if module := query.Get("module"); module != "" {
		fmt.Fprintf(w, `<script type="module">import * as sdk from %q; Object.assign(window, { sdk }, sdk);</script>`, module)
	}
}

// serveCopy serves the dev server's SDK files with something wrong about them.
func serveCopy(w http.ResponseWriter, r *http.Request) {
	name, kind := path.Base(r.PathValue("name")), r.PathValue("kind")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	file, err := sdkFile(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if path.Ext(name) != ".wasm" {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(file) // here and below: the page hung up, nobody is left to tell
		return
	}
	page := []byte("<!doctype html><title>Not what you wanted</title>")
	mime, status := "application/wasm", http.StatusOK
	switch kind {
	case "whole":
	case "gone":
		mime, file, status = "text/plain", []byte("not here"), http.StatusNotFound
	case "broken":
		mime, file, status = "text/plain", []byte("out of order"), http.StatusInternalServerError
	case "html": // what development servers answer for files that they don't have
		mime, file = "text/html; charset=utf-8", page
	case "html-as-wasm":
		file = page
	case "mime":
		mime = "application/octet-stream"
	case "other": // a good module that is not ours
		file = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	case "version": // ours, of another build
		file = bytes.ReplaceAll(file, stamp(), bytes.Repeat([]byte("0"), len(stamp())))
	case "cut": // the connection breaks in the middle
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		file = file[:len(file)/2]
	default:
		mime, file, status = "text/plain", []byte("no copy of this kind"), http.StatusTeapot
	}
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(status)
	_, _ = w.Write(file)
}

// sdkFile returns a file of the SDK as the dev server has it.
func sdkFile(name string) ([]byte, error) {
	response, err := http.Get(dev.url("/sdk/" + name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/sdk/%s: HTTP %d", name, response.StatusCode)
	}
	return io.ReadAll(response.Body)
}

var stampInScript = regexp.MustCompile(`stamp!=="([0-9a-f]{16})"`)

// stamp returns what the loader compares with the program's own.
var stamp = sync.OnceValue(func() []byte {
	script, err := sdkFile("parley.js")
	if err != nil {
		panic(err) // the dev server is ours
	}
	found := stampInScript.FindSubmatch(script)
	if found == nil {
		panic("parley.js compares no stamp")
	}
	return found[1]
})
