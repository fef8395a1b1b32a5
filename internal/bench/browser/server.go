package browser

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

//go:embed page/flood.html page/start.html
var pages embed.FS

// Server serves the pages, the SDK and the streams on loopback, and takes results.
type Server struct {
	// URL is where it listens: "http://127.0.0.1:PORT".
	URL string

	sdk     string // folder of the built SDK
	clients []byte // bundled script of the flood page
	streams streams
	results chan json.RawMessage
	start   func(n int) (StartSetup, error)
	http    *http.Server
}

// StartSetup is what the start page logs in with.
type StartSetup struct {
	Server string `json:"server"`
	AppID  uint32 `json:"appID"`
	User   string `json:"user"`
	Token  string `json:"token"`
	Room   string `json:"room"`
}

// NewServer starts to serve. sdk is the folder of the built SDK; clients is what
// Bundle made; start gives the n-th load of the start page its login and may be nil.
func NewServer(sdk string, clients []byte, start func(n int) (StartSetup, error)) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), sdk: sdk, clients: clients,
		results: make(chan json.RawMessage, 64), start: start,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /flood.html", s.page("page/flood.html"))
	mux.HandleFunc("GET /start.html", s.startPage)
	mux.HandleFunc("GET /clients.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(s.clients)
	})
	mux.HandleFunc("GET /sdk/{file...}", s.serveSDK)
	mux.HandleFunc("GET /flood/raw", s.floodPlain("raw"))
	mux.HandleFunc("GET /flood/frames", s.floodPlain("parley"))
	mux.HandleFunc("GET /flood/centrifuge", s.floodCentrifuge)
	mux.HandleFunc("GET /flood/parley", s.floodParley)
	mux.HandleFunc("POST /result", s.takeResult)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// Close ends all connections that the server still has the care of; floods end
// with their page.
func (s *Server) Close() error { return s.http.Close() }

func (s *Server) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		text, err := pages.ReadFile(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text)
	}
}

// startPage has its login inside: fetching it would be part of what is measured.
func (s *Server) startPage(w http.ResponseWriter, r *http.Request) {
	if s.start == nil {
		http.Error(w, "no server to start with", http.StatusNotFound)
		return
	}
	var n int
	if _, err := fmt.Sscan(r.URL.Query().Get("load"), &n); err != nil {
		http.Error(w, "load: "+err.Error(), http.StatusBadRequest)
		return
	}
	setup, err := s.start(n)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	text, err := pages.ReadFile("page/start.html")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	said, err := json.Marshal(setup) // escapes "<": safe inside a script
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, strings.Replace(string(text), "/*SETUP*/null", string(said), 1))
}

// serveSDK serves like the real server: compressed beforehand, kept by the browser.
func (s *Server) serveSDK(w http.ResponseWriter, r *http.Request) {
	name := path.Clean("/" + r.PathValue("file"))
	file := filepath.Join(s.sdk, filepath.FromSlash(name))
	switch path.Ext(name) {
	case ".wasm":
		w.Header().Set("Content-Type", "application/wasm")
	case ".js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
		if text, err := os.ReadFile(file + ".br"); err == nil {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write(text)
			return
		}
	}
	http.ServeFile(w, r, file)
}

func (s *Server) takeResult(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil || !json.Valid(text) {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	select {
	case s.results <- text:
	default: // nobody asked for that many
	}
}

// Report is one result of a page.
type Report struct {
	Done  bool   `json:"done"`  // the page's last word
	Error string `json:"error"` // why this measurement failed

	// Of the flood page.
	Client    string  `json:"client"`
	PerFrame  int     `json:"perFrame"`
	Messages  int     `json:"messages"`
	PerSecond float64 `json:"perSecond"`
	Wrong     int     `json:"wrong"` // messages out of order or with other content

	// Of the start page.
	Load        int     `json:"load"`
	ConnectedMS float64 `json:"connectedMs"` // from the script's start
	ReadyMS     float64 `json:"readyMs"`     // until the wasm ran
}

// Run opens a page in a Chromium with a fresh profile and returns what it reports,
// until it says that it is done. page is a path with a query.
func (s *Server) Run(ctx context.Context, page string) ([]Report, error) {
	for len(s.results) > 0 {
		<-s.results // of a run that was cut short
	}
	browser, err := launch(ctx, s.URL+page)
	if err != nil {
		return nil, err
	}
	defer browser.close()
	var reports []Report
	for {
		select {
		case text := <-s.results:
			var r Report
			if err := json.Unmarshal(text, &r); err != nil {
				return reports, fmt.Errorf("page reports %s: %w", text, err)
			}
			if r.Done {
				if r.Error != "" {
					return reports, errors.New("page: " + r.Error)
				}
				return reports, nil
			}
			reports = append(reports, r)
		case <-browser.ended:
			return reports, fmt.Errorf("chromium ended by itself: %s", browser.lastWords())
		case <-ctx.Done():
			return reports, fmt.Errorf("page did not finish: %w", ctx.Err())
		}
	}
}
