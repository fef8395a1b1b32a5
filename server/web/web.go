// Package web serves what pages need: the SDK's files and the demo, embedded
// in the binary, compressed beforehand, with the headers that let browsers run
// and cache them.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
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

// file is one file with its compressed forms. Its bytes stay where they are,
// in the binary: nothing is read before somebody asks.
type file struct {
	kind   string // Content-Type
	plain  string // name in the tree; empty while only a compressed form was seen
	br, gz string // names of the compressed forms

	once sync.Once
	hash string // of the plain bytes
	err  error
}

// Files serves a file tree. Names ending in .br or .gz are compressed forms of
// the file they are named after.
type Files struct {
	tree  fs.FS
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

// Load lists a tree.
func Load(tree fs.FS) (*Files, error) {
	f := &Files{tree: tree, files: map[string]*file{}}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if name == "." {
				return nil // built without this tree
			}
			return err
		}
		base, form := name, path.Ext(name)
		if form == ".br" || form == ".gz" {
			base = strings.TrimSuffix(name, form)
		}
		at := f.files[base]
		if at == nil {
			at = &file{kind: kindOf(base)}
			f.files[base] = at
		}
		switch form {
		case ".br":
			at.br = name
		case ".gz":
			at.gz = name
		default:
			at.plain = name
		}
		return nil
	})
	return f, err
}

// hashOf returns the hash of a file's plain bytes.
func (f *Files) hashOf(at *file) (string, error) {
	at.once.Do(func() {
		var content fs.File
		if content, at.err = f.tree.Open(at.plain); at.err != nil {
			return
		}
		defer func() { _ = content.Close() }() // it was only read
		sum := sha256.New()
		if _, at.err = io.Copy(sum, content); at.err == nil {
			at.hash = hex.EncodeToString(sum.Sum(nil)[:16])
		}
	})
	return at.hash, at.err
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
func (f *Files) Has(name string) bool { at := f.files[name]; return at != nil && at.plain != "" }

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
	if !f.Has(name) {
		http.Error(w, "There is no "+strconv.Quote("/"+name)+" here.", http.StatusNotFound)
		return
	}
	at := f.files[name]
	hash, err := f.hashOf(at)
	if err != nil {
		http.Error(w, "The file can't be read.", http.StatusInternalServerError)
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
	if version := r.URL.Query().Get("v"); len(version) >= 8 && strings.HasPrefix(hash, version) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body, tag, accepts := at.plain, hash, r.Header.Get("Accept-Encoding")
	switch {
	case at.br != "" && accepted(accepts, "br"):
		body, tag = at.br, hash+"-br"
		h.Set("Content-Encoding", "br")
	case at.gz != "" && accepted(accepts, "gzip"):
		body, tag = at.gz, hash+"-gz"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	if strings.Contains(r.Header.Get("If-None-Match"), h.Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	f.write(w, r, body)
}

// write sends one file of the tree.
func (f *Files) write(w http.ResponseWriter, r *http.Request, name string) {
	content, err := f.tree.Open(name)
	if err != nil {
		http.Error(w, "The file can't be read.", http.StatusInternalServerError)
		return
	}
	defer func() { _ = content.Close() }() // it was only read
	if info, err := content.Stat(); err == nil {
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, content) // the client hung up: nobody is left to tell
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
