package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a dev server that runs.
type process struct {
	command *exec.Cmd
	addr    string // host:port
	args    []string
	ended   chan struct{} // closed when it has been waited for

	mu   sync.Mutex
	said bytes.Buffer
}

// startLimit bounds how long a server may take to say where it listens; it has
// a second.
const startLimit = 10 * time.Second

// announced is how `parley dev` and `parley serve` say where they listen.
var announced = regexp.MustCompile(`Demo\s+http://(\S+)/|msg=serving listen=(\S+)`)

// startProcess starts `parley dev` and waits until it listens.
func startProcess(listen string, args ...string) (*process, error) {
	p, err := startCommand(append([]string{"dev", "--listen", listen}, args...)...)
	if err == nil {
		p.args = args
	}
	return p, err
}

// startCommand starts a server and waits until it listens.
func startCommand(args ...string) (*process, error) {
	p := &process{ended: make(chan struct{})}
	p.command = exec.Command(program, args...)
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.command.Stderr = p.command.Stdout
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	addr := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			p.note(lines.Text())
			if at := announced.FindStringSubmatch(lines.Text()); at != nil {
				addr <- at[1] + at[2]
			}
		}
		_ = p.command.Wait() // its status says less than what it wrote
		close(p.ended)
	}()
	select {
	case p.addr = <-addr:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("the server ended at once: %s", p.output())
	case <-time.After(startLimit):
		p.kill()
		return nil, fmt.Errorf("the server did not listen within %s: %s", startLimit, p.output())
	}
}

// startServer starts a server for one test.
func startServer(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := startProcess("127.0.0.1:0", args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(t) })
	return p
}

// again starts another process at the same address with the same flags.
func (p *process) again(t *testing.T) *process {
	t.Helper()
	next, err := startProcess(p.addr, p.args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { next.end(t) })
	return next
}

func (p *process) end(t *testing.T) {
	t.Helper()
	p.kill()
	if t.Failed() {
		t.Logf("server at %s wrote:\n%s", p.addr, p.output())
	}
}

// note keeps what the server writes.
func (p *process) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said.WriteString(line + "\n")
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// die ends the process by SIGKILL, in the middle of what it does.
func (p *process) die(t *testing.T) {
	t.Helper()
	p.kill()
}

// kill ends the process without a chance to say goodbye.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// stop asks the process to end, and waits for it.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("the server did not stop on SIGTERM within 20 s; it wrote:\n%s", p.output())
	}
}

func (p *process) url(path string) string { return "http://" + p.addr + path }

// fault injects one fault and returns how many it hit.
func (p *process) fault(t *testing.T, body string) int {
	t.Helper()
	response, err := http.Post(p.url("/dev/faults"), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var done struct{ Affected int }
	if err := errors.Join(json.Unmarshal(answer, &done)); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("fault %s: HTTP %d: %s", body, response.StatusCode, answer)
	}
	return done.Affected
}

// metric returns a figure of /metrics.
func (p *process) metric(t *testing.T, name string) float64 {
	t.Helper()
	response, err := http.Get(p.url("/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			figure, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("metric %s is %q", name, value)
			}
			return figure
		}
	}
	t.Fatalf("/metrics has no %s (%v)", name, lines.Err())
	return 0
}

// eventually waits for what nothing tells: it asks until the answer is yes.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it did not come true within 5 s: %s", what)
}
