// Package web serves what pages need: the SDK's files and the demo, embedded
// in the binary, compressed beforehand, with the headers that let browsers run
// and cache them.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:assets
var assets embed.FS

// SDK returns the files of the npm package; empty when the binary was built
// without them.
func SDK() fs.FS { return sub("assets/sdk") }

// Site returns the demo and quickstart pages.
func Site() fs.FS { return sub("assets/site") }

func sub(dir string) fs.FS {
	files, err := fs.Sub(assets, dir)
	if err != nil {
		panic("web: " + err.Error()) // the path is a constant
	}
	return files
}

// file is one file with its compressed forms.
type file struct {
	kind   string // Content-Type
	hash   string // of the plain bytes
	plain  []byte
	br, gz []byte
}

// Files serves a file tree. It is read once; names ending in .br or .gz are
// compressed forms of the file they are named after.
type Files struct {
	files map[string]*file
	// Headers sets what every answer has.
	Headers func(h http.Header, name string)
}

// kinds that Go does not know everywhere.
var kinds = map[string]string{
	".wasm": "application/wasm", ".js": "text/javascript; charset=utf-8", ".cjs": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".md": "text/markdown; charset=utf-8",
	".ts": "text/plain; charset=utf-8", ".cts": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".ico": "image/x-icon",
}

// Load reads a tree.
func Load(tree fs.FS) (*Files, error) {
	f := &Files{files: map[string]*file{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if name == "." {
				return nil // built without this tree
			}
			return err
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		base, form := name, ""
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			base, form = strings.TrimSuffix(name, ext), ext
		}
		at := f.files[base]
		if at == nil {
			at = &file{kind: kindOf(base)}
			f.files[base] = at
		}
		switch form {
		case ".br":
			at.br = content
		case ".gz":
			at.gz = content
		default:
			sum := sha256.Sum256(content)
			at.plain, at.hash = content, hex.EncodeToString(sum[:16])
		}
		return nil
	})
	return f, err
}

func kindOf(name string) string {
	ext := path.Ext(name)
	if kind, ok := kinds[ext]; ok {
		return kind
	}
	if kind := mime.TypeByExtension(ext); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Has reports whether there is a file of this name.
func (f *Files) Has(name string) bool { at := f.files[name]; return at != nil && at.plain != nil }

// ServeHTTP serves the file that the path, without its leading slash, names; a
// folder is its index.html.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	at := f.files[name]
	if at == nil || at.plain == nil {
		http.Error(w, "There is no "+strconv.Quote("/"+name)+" here.", http.StatusNotFound)
		return
	}
	h := w.Header()
	if f.Headers != nil {
		f.Headers(h, name)
	}
	h.Set("Content-Type", at.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	// A request that names the content's hash gets what never changes.
	if version := r.URL.Query().Get("v"); version != "" && strings.HasPrefix(at.hash, version) && len(version) >= 8 {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body, tag, accepts := at.plain, at.hash, r.Header.Get("Accept-Encoding")
	switch {
	case at.br != nil && accepted(accepts, "br"):
		body, tag = at.br, at.hash+"-br"
		h.Set("Content-Encoding", "br")
	case at.gz != nil && accepted(accepts, "gzip"):
		body, tag = at.gz, at.hash+"-gz"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client hung up: nobody is left to tell
	}
}

// accepted reports whether an Accept-Encoding header names the coding, not
// with q=0.
func accepted(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			if !ok {
				return true
			}
			weight, err := strconv.ParseFloat(q, 64)
			return err == nil && weight > 0
		}
	}
	return false
}
