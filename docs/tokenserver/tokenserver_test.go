// Package tokenserver_test runs the token servers that docs/tokens.md shows, and
// judges their tokens as the server does.
package tokenserver_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/token"
)

const (
	appID  = 1234567890
	secret = "Zq8rT2mW5xK9vB3nJ6yH1cF4dG7sL0pa"
)

// missing ends a test that lacks what it runs: skipped, but not where everything
// must run.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; make tools installs it", what)
	}
	t.Skipf("%s is missing; make tools installs it", what)
}

func goServer(t *testing.T) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tokens")
	if out, err := exec.Command("go", "build", "-o", program, "./go").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return exec.Command(program)
}

func nodeServer(t *testing.T) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node")
	}
	return exec.Command("node", "node/server.mjs")
}

// pythonServer takes the Python that has the one package needed: the first on the
// path, or Debian's own.
func pythonServer(t *testing.T) *exec.Cmd {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import cryptography").Run() == nil {
			return exec.Command(python, "python/server.py")
		}
	}
	missing(t, "python3 with the package cryptography")
	return nil
}

var announced = regexp.MustCompile(`http://127\.0\.0\.1:\d+/token`)

// serve starts a token server and returns the address of its tokens.
func serve(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Env = append(os.Environ(), "APP_ID=1234567890", "SERVER_SECRET="+secret, "PORT=0")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	found, said := make(chan string, 1), make(chan string, 1)
	go func() {
		var all strings.Builder
		lines := bufio.NewScanner(io.TeeReader(reader, &all))
		for lines.Scan() {
			if at := announced.FindString(lines.Text()); at != "" {
				found <- at
			}
		}
		said <- all.String()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		_ = reader.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	select {
	case at := <-found:
		return at
	case text := <-said:
		t.Fatalf("it ended: %s", text)
	case <-time.After(30 * time.Second):
		t.Fatal("it does not say where it listens")
	}
	return ""
}

func TestTokenServers(t *testing.T) {
	verifier, err := token.NewVerifier04(appID, []string{secret})
	if err != nil {
		t.Fatal(err)
	}
	for name, start := range map[string]func(*testing.T) *exec.Cmd{"go": goServer, "node": nodeServer, "python": pythonServer} {
		t.Run(name, func(t *testing.T) {
			at := serve(t, start(t))
			seen := map[string]bool{}
			for _, user := range []string{"alice", "müller & söhne/日本", "alice"} {
				begin := time.Now().Unix()
				answer, err := http.Get(at + "?user=" + url.QueryEscape(user))
				if err != nil {
					t.Fatal(err)
				}
				var got struct{ Token string }
				err = json.NewDecoder(answer.Body).Decode(&got)
				_ = answer.Body.Close()
				if err != nil || answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
					t.Fatalf("%s: %s %v %v", user, answer.Status, answer.Header, err)
				}
				claims, err := verifier.Verify(got.Token, user, time.Now())
				if err != nil {
					t.Fatalf("%s: %v", user, err)
				}
				if err := claims.AllowsLogin("any room"); err != nil || claims.Expires < begin+3600 || claims.Expires > time.Now().Unix()+3600 {
					t.Errorf("%s: %+v, %v; want an hour in any room", user, claims, err)
				}
				if seen[got.Token] {
					t.Error("the same token twice")
				}
				seen[got.Token] = true
			}
			for _, query := range []string{"", "?user=", "?user=" + strings.Repeat("x", 65)} {
				answer, err := http.Get(at + query)
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				if answer.StatusCode != 400 {
					t.Errorf("%.20q: %s, want 400", query, answer.Status)
				}
			}
		})
	}
}
