package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ErrNoChromium says that there is no browser to measure in.
var ErrNoChromium = errors.New("chromium is not installed; install Debian's package chromium")

// Chromium returns the browser's program.
func Chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", ErrNoChromium
}

type chromium struct {
	command *exec.Cmd
	profile string
	ended   chan struct{}
	said    *tail
}

func launch(ctx context.Context, url string) (*chromium, error) {
	program, err := Chromium()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "parley-bench-profile-")
	if err != nil {
		return nil, fmt.Errorf("make profile: %w", err)
	}
	c := &chromium{profile: profile, ended: make(chan struct{}), said: &tail{}}
	c.command = exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+profile, url)
	c.command.Stdout, c.command.Stderr = c.said, c.said
	// A group of its own: closing takes its renderers along. And none outlives us.
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.command.Cancel = c.kill
	if err := c.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start chromium: %w", err), os.RemoveAll(profile))
	}
	go func() {
		_ = c.command.Wait()
		close(c.ended)
	}()
	return c, nil
}

func (c *chromium) kill() error { return syscall.Kill(-c.command.Process.Pid, syscall.SIGKILL) }

// close ends the browser with all its processes and removes the profile.
func (c *chromium) close() {
	_ = syscall.Kill(-c.command.Process.Pid, syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(3 * time.Second):
	}
	_ = c.kill() // what is left of the group
	<-c.ended
	// Renderers that were just killed may still hold files for a moment.
	for range 20 {
		if os.RemoveAll(c.profile) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *chromium) lastWords() string { return c.said.String() }

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2000

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
