package node

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"parley/server/api"
	"parley/server/api/express"
	"parley/server/dev"
	"parley/server/web"
)

// routes is everything that the node answers over HTTP.
func (n *Node) routes(devMode bool) (http.Handler, error) {
	sdk, err := web.Load(web.SDK())
	if err != nil {
		return nil, err
	}
	site, err := web.Load(web.Site())
	if err != nil {
		return nil, err
	}
	sdk.Headers = func(h http.Header, _ string) {
		// Public files that pages of any origin may load; who may connect is
		// decided at the WebSocket.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	site.Headers = siteHeaders

	mux := http.NewServeMux()
	mux.Handle("/ws", n.gateway.Handler(&n.origins))
	mux.Handle("/sdk/", http.StripPrefix("/sdk", sdk))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", n.readyz)
	mux.Handle("GET /metrics", n.counts.handler())
	mux.Handle("/api/", n.api)
	if devMode {
		mux.Handle("/dev/", dev.Handler(dev.Server{Gateway: n.gateway, Hub: n.hub, Apps: n.cfg.Apps, Origins: &n.origins}))
	}
	var pages http.Handler = site
	if !site.Has("index.html") {
		pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead { // as the pages would
				w.Header().Set("Allow", "GET, HEAD")
				http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
				return
			}
			http.Error(w, "This binary was built without the demo. Build it with: make build", http.StatusNotFound)
		})
	}
	mux.Handle("/", api.ByAction(api.Actions{Plain: n.expressAPI(), Versioned: n.volcAPI()}, pages))
	return mux, nil
}

// expressAPI answers the server API of the Express dialect.
func (n *Node) expressAPI() http.Handler {
	return express.New(express.Config{
		Gateway: n.gateway, Unlimited: n.opts.LimitsOff, Log: n.log,
		Secrets: func(appID uint32) (secrets []string, ok bool) {
			for _, app := range n.Settings().Apps {
				if app.AppID == appID {
					return app.SecretTexts(), true
				}
			}
			return nil, false
		},
	})
}

func (n *Node) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if !n.ready.Load() {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	if err := n.bus.Ready(ctx); err != nil {
		n.log.Warn("not ready", "err", err)
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "the message bus does not answer"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client hung up: nobody is left to tell
}

// siteHeaders gives pages a strict content security policy. The quickstart
// pages are one file each, so their script is inline.
func siteHeaders(h http.Header, name string) {
	script, style := "'self' 'wasm-unsafe-eval'", "'self'"
	if strings.HasPrefix(name, "quickstart/") {
		script, style = script+" 'unsafe-inline'", style+" 'unsafe-inline'"
	}
	h.Set("Content-Security-Policy", "default-src 'self'; script-src "+script+"; style-src "+style+
		"; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'")
	h.Set("Referrer-Policy", "no-referrer")
}
