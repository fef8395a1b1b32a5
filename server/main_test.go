package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test's binary be the program itself, as a process of its
// own.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUNS_PARLEY") != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func command(args ...string) (status int, out, err string) {
	var o, e bytes.Buffer
	status = run(args, &o, &e)
	return status, o.String(), e.String()
}

func TestHelp(t *testing.T) {
	for _, args := range []string{
		"--help", "", "dev --help", "serve --help", "token --help", "token express --help", "token volc --help", "token inspect --help",
		"config --help", "config check --help", "config show --help", "config doc --help", "bench --help", "doctor --help", "--version",
	} {
		status, out, errs := command(strings.Fields(args)...)
		if status != 0 || out == "" || errs != "" {
			t.Errorf("parley %s: status %d, %d bytes, errors %q", args, status, len(out), errs)
		}
		if strings.Contains(out, "${") {
			t.Errorf("parley %s: a placeholder is not filled in:\n%s", args, out)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, args := range []string{
		"nope", "--nope", "dev --nope", "dev --listen", "dev --limits maybe", "serve extra", "token express", "token inspect",
		"dev --listen 0.0.0.0:0", "dev --listen :0", "serve --config nope.yaml", "config check nope.yaml",
		"token express alice --app-id 5", "token express alice --secret short", "token inspect nonsense",
		"doctor --server ftp://x", "doctor --from alice", "doctor --server http://127.0.0.1:1",
		"token volc", "token volc alice --app-id d00000000000000000000009", "token volc alice --app-id short --key k", "token volc alice --ttl -1s",
	} {
		status, _, errs := command(strings.Fields(args)...)
		if status == 0 || strings.TrimSpace(errs) == "" {
			t.Errorf("parley %s: status %d, errors %q; want a status and words", args, status, errs)
		}
	}
	if _, _, errs := command("dev", "--listen", "0.0.0.0:0"); !strings.Contains(errs, "--remote") {
		t.Errorf("off loopback: %q, want the flag that allows it named", errs)
	}
}

func TestTokens(t *testing.T) {
	for _, extra := range []string{"", "--room r1", "--gcm", "--app-id 1000000002"} {
		status, out, errs := command(append([]string{"token", "express", "alice"}, strings.Fields(extra)...)...)
		made := strings.TrimSpace(out)
		if status != 0 || !strings.HasPrefix(made, "04") {
			t.Fatalf("token express alice %s: %d %q %q", extra, status, out, errs)
		}
		status, report, errs := command("token", "inspect", made)
		if status != 0 || !strings.Contains(report, "alice") {
			t.Errorf("inspect %s: %d %q %q", extra, status, report, errs)
		}
		if strings.Contains(report, "secret001") {
			t.Errorf("inspect %s tells a secret", extra)
		}
	}
	for extra, want := range map[string]string{
		"": "for no room", "--room r1": `in room "r1" only`, "--room *": "in any room", "--ttl 0": "for ever",
		"--app-id d00000000000000000000002": "d00000000000000000000002",
	} {
		status, out, errs := command(append([]string{"token", "volc", "alice"}, strings.Fields(extra)...)...)
		made := strings.TrimSpace(out)
		if status != 0 || !strings.HasPrefix(made, "001") {
			t.Fatalf("token volc alice %s: %d %q %q", extra, status, out, errs)
		}
		status, report, errs := command("token", "inspect", made)
		if status != 0 || !strings.Contains(report, `user "alice"`) || !strings.Contains(report, want) || strings.Contains(report, "key0") {
			t.Errorf("inspect %s: %d %q %q", extra, status, report, errs)
		}
	}
	for _, dialect := range []string{"express", "volc"} {
		_, out, _ := command("token", dialect, "alice", "--ttl", "1ns")
		if status, _, errs := command("token", "inspect", strings.TrimSpace(out)); status == 0 || errs == "" {
			t.Errorf("a token of %s that has expired: %d %q", dialect, status, errs)
		}
	}

	_, out, _ := command("token", "express", "alice", "--room", "r1")
	made := strings.TrimSpace(out)
	for args, says := range map[string]string{
		"token express alice --ttl 1ns":                    "at least one second",
		"token express alice --app-id 5":                   "--secret",
		"token express alice --secret short":               "32 characters",
		"token inspect " + made + " --user bob":            "would be refused",
		"token inspect " + made + " --room r2":             "would be refused",
		"token inspect " + made + " --app-id 1000000002":   "would be refused",
		"token inspect " + made + " --secret " + newSecret: "see the fix above",
		"token inspect " + strange(t):                      "give the secret of its app with --secret",
		"token inspect " + made[:40]:                       "see the fix above",
	} {
		if status, _, errs := command(strings.Fields(args)...); status == 0 || !strings.Contains(errs, says) {
			t.Errorf("parley %s: %d %q, want %q", args, status, errs, says)
		}
	}
	if status, _, errs := command("token", "inspect", made, "--user", "alice", "--room", "r1", "--app-id", "1000000001"); status != 0 {
		t.Errorf("the whole login is good: %d %q", status, errs)
	}
}

// strange is a token of an app that nobody here knows.
func strange(t *testing.T) string {
	t.Helper()
	_, out, _ := command("token", "express", "alice", "--app-id", "5", "--secret", newSecret)
	return strings.TrimSpace(out)
}

func TestConfig(t *testing.T) {
	status, doc, _ := command("config", "doc")
	if status != 0 || !strings.Contains(doc, "listen") {
		t.Errorf("config doc: %d %q", status, doc)
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	content := "listen: 127.0.0.1:0\nlisten_typo: x\nlimits:\n  maxFrameBytes: -5\n"
	if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--config", bad}, {"config", "check", bad}} {
		status, _, errs := command(args...)
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		if status == 0 || len(lines) < 2 || !strings.Contains(errs, "listen_typo") || !regexp.MustCompile(`bad\.yaml:2\b`).MatchString(errs) {
			t.Errorf("parley %s: %d\n%s\nwant each mistake with its line", args[0], status, errs)
		}
	}
	good := filepath.Join(t.TempDir(), "good.yaml")
	content = "listen: 127.0.0.1:0\napps:\n  - name: shop\n    appID: 7\n    serverSecrets: [\"k3jd8s0f9a7s6d5f4g3h2j1k0l9z8x7c\"]\n"
	if err := os.WriteFile(good, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := command("config", "check", good); status != 0 || !strings.HasPrefix(out, "OK") || !strings.Contains(out, "shop, id 7, 1 server secret") || !strings.Contains(out, "4 settings") {
		t.Errorf("config check: %d %q %q", status, out, errs)
	}
	for setting, want := range map[string]string{"data=" + good: "is not a directory", "tls.cert=" + good: "without tls.key"} {
		if status, out, errs := command("config", "check", good, "--set", setting); status == 0 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("config check with %s: %d %q %q", setting, status, out, errs)
		}
	}
	if status, _, errs := command("config", "check", good, "--set", "tls.cert="+good, "--set", "tls.key="+good); status == 0 || !strings.Contains(errs, "can't be used") {
		t.Errorf("config check with a certificate that is none: %d %q", status, errs)
	}
	if status, out, _ := command("config", "show", good); status != 0 || !strings.Contains(out, "shop") || strings.Contains(out, "k3jd8s0f") {
		t.Errorf("config show: %d\n%s\nwant the app, and no secret", status, out)
	}
	p := process(t, "serve", "--config", good)
	if answer := p.get("/readyz"); answer != 200 {
		t.Errorf("serve: /readyz %d", answer)
	}
	p.stop()
}

func TestDoctor(t *testing.T) {
	p := process(t, "dev", "--listen", "127.0.0.1:0")
	_, out, _ := command("token", "express", "alice")
	args := []string{"doctor", "--server", p.address, "--app", "demo", "--user", "alice", "--token", strings.TrimSpace(out)}
	_, text, errs := command(args...)
	if !strings.Contains(text, "ok    websocket") || !strings.Contains(text, `user "alice" logs in`) || errs != "" && !strings.Contains(text, "FAIL  parley.js") {
		t.Errorf("a healthy server: %q\n%s", errs, text)
	}
	status, object, _ := command(append(args, "--origin", "https://bad.example", "--json")...)
	var report struct {
		OK     bool
		Checks []struct {
			Check, Status string
			Add           []string
		}
	}
	if err := json.Unmarshal([]byte(object), &report); err != nil || status != 1 || report.OK {
		t.Fatalf("--json: %d, %v\n%s", status, err, object)
	}
	found := false
	for _, c := range report.Checks {
		found = found || c.Check == "origin" && c.Status == "FAIL" && slices.Contains(c.Add, "  - https://bad.example")
	}
	if !found {
		t.Errorf("the origin's line is not there:\n%s", object)
	}
	p.stop()
}

// server is the program as a process.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	lines   chan string // as they come
	output  chan string // all of it, at the end
}

var listening = regexp.MustCompile(`(?:http://|listen=)(127\.0\.0\.1:\d+)`)

func process(t *testing.T, args ...string) *server {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "TEST_RUNS_PARLEY=1")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = reader.Close() })
	p := &server{t: t, cmd: cmd, lines: make(chan string, 1000), output: make(chan string, 1)}
	address := make(chan string, 1)
	go func() {
		var all strings.Builder
		lines := bufio.NewScanner(io.TeeReader(reader, &all))
		for lines.Scan() {
			select {
			case p.lines <- lines.Text():
			default: // nobody waits for lines here
			}
			if found := listening.FindStringSubmatch(lines.Text()); found != nil {
				select {
				case address <- found[1]:
				default:
				}
			}
		}
		p.output <- all.String()
	}()
	select {
	case p.address = <-address:
	case text := <-p.output:
		t.Fatalf("%s ended: %s", args[0], text)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not say where it listens", args[0])
	}
	return p
}

func (p *server) get(path string) int {
	p.t.Helper()
	answer, err := http.Get("http://" + p.address + path)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// await reads on in the log until a line has all these texts, and returns it.
func (p *server) await(texts ...string) string {
	p.t.Helper()
	end := time.After(20 * time.Second)
	for {
		select {
		case line := <-p.lines:
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
				return line
			}
		case text := <-p.output:
			p.t.Fatalf("the server ended:\n%s", text)
		case <-end:
			p.t.Fatalf("no line says %q", texts)
		}
	}
}

// stop ends the process with SIGTERM and wants it to end well.
func (p *server) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	text := <-p.output
	if err := p.cmd.Wait(); err != nil || !strings.Contains(text, "stopped") {
		p.t.Errorf("after SIGTERM: %v\n%s", err, text)
	}
	if strings.Contains(text, "secret0") {
		p.t.Errorf("a secret is in the log:\n%s", text)
	}
}

func TestDevServer(t *testing.T) {
	begin := time.Now()
	p := process(t, "dev", "--listen", "127.0.0.1:0")
	t.Logf("started within %v", time.Since(begin))
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/dev/credentials?user=a": 200, "/dev/credentials": 400, "/ws": 426, "/nope": 404} {
		if got := p.get(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	p.stop()
}
